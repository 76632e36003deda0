"""Places on the earth, held against the geodesic itself and against outlines walked in small steps."""

from __future__ import annotations

import math

import pytest
from geopy.distance import geodesic
from hypothesis import assume, given
from hypothesis import strategies as st

from alerts.geography import (
    POLE,
    Circle,
    Point,
    Polygon,
    check_shape,
    distance_m,
    prepare,
    roughly_m,
)
from alerts.rule_mistake import RuleMistake

LATITUDES = st.floats(-84, 84)
LONGITUDES = st.floats(-179.9, 179.9)
POINTS = st.builds(Point, LATITUDES, LONGITUDES)
CARES = st.floats(5, 500)


def towards(point: Point, bearing: float, metres: float) -> Point:
    """The place so far off in that direction."""
    there = geodesic(meters=metres).destination((point.latitude, point.longitude), bearing)
    return Point(there.latitude, there.longitude)


def star(middle: Point, corners: int, radius_m: float, *, dents: float = 0.5) -> Polygon:
    """An outline with dents: every other corner is nearer to the middle."""
    return Polygon(
        corners=tuple(
            towards(middle, 360 * k / corners, radius_m * (1 if k % 2 == 0 else dents)) for k in range(corners)
        )
    )


class TestDistances:
    """How far."""

    @given(POINTS, st.floats(0, 360), st.floats(1, 150_000))
    def test_roughly_is_off_by_half_a_percent(self, point: Point, bearing: float, metres: float) -> None:
        """In whatever direction, also near the poles and the date line."""
        there = towards(point, bearing, metres)
        assert roughly_m(point, there) == pytest.approx(metres, rel=0.006, abs=0.01)
        assert distance_m(point, there) == pytest.approx(metres, rel=1e-6, abs=1e-3)

    def test_from_flinders_peak_to_buninyong(self) -> None:
        """The worked example of Geoscience Australia for Vincenty's formulae: 54,972.271 m."""
        flinders = Point(-(37 + 57 / 60 + 3.72030 / 3600), 144 + 25 / 60 + 29.52440 / 3600)
        buninyong = Point(-(37 + 39 / 60 + 10.15610 / 3600), 143 + 55 / 60 + 35.38390 / 3600)
        assert distance_m(flinders, buninyong) == pytest.approx(54_972.271, abs=0.01)


class TestCircles:
    """Everything that is near enough."""

    @given(POINTS, st.floats(10, 100_000), st.floats(0, 360), st.floats(0, 2), CARES)
    def test_inside_by_what_is_missing_to_the_border(
        self, center: Point, radius: float, bearing: float, share: float, care: float
    ) -> None:
        """Exact as far as it is cared for; beyond, the side is right and the figure is not within it."""
        point = towards(center, bearing, radius * share)
        truth = radius - distance_m(center, point)
        found = prepare(Circle(center=center, radius_m=radius)).inside_by(point, care)
        if abs(truth) <= care:
            assert found == pytest.approx(truth, abs=1e-6)
        else:
            assert math.copysign(1, found) == math.copysign(1, truth)
            assert abs(found) > care * 0.99

    def test_beside_the_date_line(self) -> None:
        """Fiji: a step over the line is a step."""
        outline = prepare(Circle(center=Point(-16.8, 179.99), radius_m=500))
        assert outline.inside_by(Point(-16.8, -179.999), 100) == pytest.approx(500 - 1172, abs=30)
        assert outline.passes_through(Point(-16.8, -179.99), Point(-16.8, 179.95))
        assert not outline.passes_through(Point(-16.7, -179.99), Point(-16.7, 179.95))

    @given(POINTS, st.floats(50, 5000), st.floats(0, 360), st.floats(0.05, 3))
    def test_the_way_past_it_comes_in_or_does_not(
        self, center: Point, radius: float, bearing: float, share: float
    ) -> None:
        """A straight way at this distance from the center, long enough on both sides."""
        assume(abs(share - 1) > 0.02)
        abreast = towards(center, bearing, radius * share)
        begin, end = towards(abreast, bearing + 90, radius * 2), towards(abreast, bearing - 90, radius * 2)
        assume(abs(begin.longitude - end.longitude) < 1)
        passes = prepare(Circle(center=center, radius_m=radius)).passes_through(begin, end)
        samples = [
            Point(
                begin.latitude + k / 400 * (end.latitude - begin.latitude),
                begin.longitude + k / 400 * (end.longitude - begin.longitude),
            )
            for k in range(401)
        ]
        nearest = min(distance_m(center, sample) for sample in samples)
        assume(abs(nearest - radius) > radius * 0.01)
        assert passes is (nearest < radius)


class TestOutlines:
    """What is drawn by hand."""

    @given(
        st.builds(Point, st.floats(-75, 75), LONGITUDES),
        st.integers(2, 6),
        st.floats(100, 20_000),
        st.floats(0, 360),
        st.floats(0, 2.5),
    )
    def test_the_border_is_as_far_as_its_nearest_point(
        self, middle: Point, points: int, radius: float, bearing: float, share: float
    ) -> None:
        """Held against points close to one another all along the outline, and against turning round it once."""
        shape = star(middle, points * 2, radius)
        west, east = min(c.longitude for c in shape.corners), max(c.longitude for c in shape.corners)
        assume(east - west < 2)
        point = towards(middle, bearing, radius * share)
        assume(abs(point.longitude - middle.longitude) < 3)
        nearest = min(distance_m(point, sample) for sample in walked(shape, 60))
        found = prepare(shape).inside_by(point, radius * 4)
        assert abs(found) == pytest.approx(nearest, rel=0.02, abs=radius / 40)
        if nearest > radius / 40:
            assert (found > 0) is (abs(turns(shape, point)) > math.pi)

    @given(st.integers(0, 11), st.floats(0, 360), st.floats(0, 3))
    def test_it_begins_anywhere(self, first: int, bearing: float, share: float) -> None:
        """The same outline, told from another corner on or the other way round."""
        shape = star(Point(41.88, -87.63), 12, 800)
        turned = Polygon(corners=(*shape.corners[first:], *shape.corners[:first])[::-1])
        point = towards(Point(41.88, -87.63), bearing, 800 * share)
        assert prepare(turned).inside_by(point, 50) == pytest.approx(prepare(shape).inside_by(point, 50), abs=1e-6)

    @given(st.floats(0, 360), st.floats(0, 360), st.floats(0, 2.5), st.floats(0, 2.5))
    def test_the_way_through_it(self, one: float, other: float, near: float, far: float) -> None:
        """Held against walking it in small steps."""
        middle = Point(41.88, -87.63)
        outline = prepare(star(middle, 10, 800))
        begin, end = towards(middle, one, 800 * near), towards(middle, other, 800 * far)
        depths = [
            outline.inside_by(
                Point(
                    begin.latitude + k / 300 * (end.latitude - begin.latitude),
                    begin.longitude + k / 300 * (end.longitude - begin.longitude),
                ),
                2000,
            )
            for k in range(301)
        ]
        assume(abs(max(depths)) > 10)
        assert outline.passes_through(begin, end) is (max(depths) > 0)

    def test_beside_the_date_line(self) -> None:
        """Taveuni, from the other side."""
        outline = prepare(Polygon(corners=(Point(-16.9, 179.8), Point(-16.9, 179.99), Point(-16.7, 179.9))))
        assert outline.inside_by(Point(-16.85, 179.9), 10) > 0
        assert -outline.inside_by(Point(-16.9, -179.99), 5000) == pytest.approx(2130, abs=30)
        assert outline.passes_through(Point(-16.85, -179.95), Point(-16.85, 179.95))


def walked(shape: Polygon, steps: int) -> list[Point]:
    """Points all along the outline."""
    corners = shape.corners
    found = []
    for one, other in zip(corners, (*corners[1:], corners[0]), strict=True):
        found += [
            Point(
                one.latitude + k / steps * (other.latitude - one.latitude),
                one.longitude + k / steps * (other.longitude - one.longitude),
            )
            for k in range(steps)
        ]
    return found


def turns(shape: Polygon, point: Point) -> float:
    """How far one turns, in radians, who stands there and follows the outline with the eyes."""
    angles = [math.atan2(p.latitude - point.latitude, p.longitude - point.longitude) for p in walked(shape, 20)]
    steps = zip(angles, (*angles[1:], angles[0]), strict=True)
    return sum((later - earlier + math.pi) % (2 * math.pi) - math.pi for earlier, later in steps)


HOME = [(41.88, -87.64), (41.88, -87.62), (41.89, -87.62), (41.89, -87.64)]
MISTAKES: list[tuple[str, list[tuple[float, float]], str, str]] = [
    ("a bow tie", [HOME[0], HOME[2], HOME[1], HOME[3]], "polygon[2]", "crosses or touches itself"),
    ("two corners", HOME[:2], "polygon", "has 3 to 500 corners"),
    ("the same corner twice", [*HOME[:3], HOME[1], HOME[3]], "polygon[3]", "is the same as an earlier corner"),
    ("closed", [*HOME, HOME[0]], "polygon[4]", "is the first corner again: leave it out"),
    ("a line", [(41.88, -87.64), (41.88, -87.63), (41.88, -87.62)], "polygon[2]", "crosses or touches itself"),
    ("a spike", [*HOME[:2], (41.88, -87.63), *HOME[2:]], "polygon[1]", "crosses or touches itself"),
    ("a touch", [*HOME[:3], (41.88, -87.63), HOME[3]], "polygon[2]", "crosses or touches itself"),
    ("a crumb", [(41.88, -87.64), (41.88, -87.63999), (41.88001, -87.64)], "polygon", "has no area"),
    ("at the pole", [(89.9, 0), (89.9, 120), (89.9, -120)], "polygon[0]", "lies too near a pole"),
    ("across the date line", [(-16, 179.9), (-16, -179.9), (-17, 179.9)], "polygon[0]", "across the date line"),
    ("a country", [(40, -90), (40, -80), (45, -85)], "polygon", "more than 200 km wide"),
]


class TestMistakes:
    """What cannot be watched is refused, and why is said."""

    @pytest.mark.parametrize(("corners", "field", "text"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
    def test_outlines(self, corners: list[tuple[float, float]], field: str, text: str) -> None:
        """Each names its corner."""
        with pytest.raises(RuleMistake) as found:
            check_shape(Polygon(corners=tuple(Point(*corner) for corner in corners)))
        assert (found.value.field, text in found.value.message) == (field, True), found.value.message

    @pytest.mark.parametrize(
        ("center", "radius", "field"),
        [
            (Point(89.99, 0), 100, "center"),
            (Point(-84.99, 0), 50_000, "center"),
            (Point(-16.8, 179.9999), 500, "center"),
            (Point(-16.8, -179.9999), 500, "center"),
            (Point(41.88, -87.63), 5, "radius_m"),
            (Point(41.88, -87.63), 200_000, "radius_m"),
        ],
    )
    def test_circles(self, center: Point, radius: float, field: str) -> None:
        """At a pole, across the date line, too small, too large."""
        with pytest.raises(RuleMistake) as found:
            check_shape(Circle(center=center, radius_m=radius))
        assert found.value.field == field

    @given(st.builds(Point, st.floats(-75, 75), st.floats(-170, 170)), st.integers(2, 20), st.floats(50, 40_000))
    def test_what_can_be_watched_is_taken(self, middle: Point, points: int, radius: float) -> None:
        """Every star."""
        check_shape(star(middle, points * 2, radius, dents=0.7))
        check_shape(Circle(center=middle, radius_m=radius))

    def test_the_most_corners_are_no_burden(self) -> None:
        """Five hundred of them."""
        check_shape(star(Point(60, 10), 500, 20_000, dents=0.9))
        assert POLE == 85.0

"""Places on the earth: points, circles and outlines, and how far somebody is from a border.

Degrees are those of WGS 84, lengths are metres on its ellipsoid, by geopy's `geodesic` (Karney 2013). That takes tens
of microseconds, so it is asked only near a border: a box, and the distance on a sphere, settle almost everything else.
The straight side of an outline is straight on a map of degrees, as it was drawn.
"""

from __future__ import annotations

import math
from itertools import pairwise

import msgspec
from geopy.distance import geodesic

from alerts.rule_mistake import RuleMistake

SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_2 = 0.006_694_379_990_14
"""Of WGS 84: NIMA TR 8350.2, table 3.1 and 3.3."""
SPHERE_M = 6_371_008.8
SPHERE_IS_OFF = 0.006
"""So much of a length on the sphere may be off: 0.56 % at most."""
LEAST_M_PER_DEGREE = 110_574.0
"""Of latitude, at the equator."""
LEAST_RADIUS_M, MOST_RADIUS_M = 10.0, 100_000.0
MOST_CORNERS = 500
WIDEST_M = 200_000.0
LEAST_AREA_M2 = 100.0
POLE = 85.0
"""Beyond, an outline on a map of degrees is not the outline that was meant."""


class Point(msgspec.Struct, frozen=True):
    """Degrees."""

    latitude: float
    longitude: float


class Circle(msgspec.Struct, frozen=True, tag="circle"):
    """Everything that is not farther from its center."""

    center: Point
    radius_m: float


class Polygon(msgspec.Struct, frozen=True, tag="polygon"):
    """Everything within an outline: the last corner is joined to the first."""

    corners: tuple[Point, ...]


Shape = Circle | Polygon


def distance_m(one: Point, other: Point) -> float:
    """The way from one to the other on the ellipsoid."""
    return float(geodesic((one.latitude, one.longitude), (other.latitude, other.longitude)).meters)


def roughly_m(one: Point, other: Point) -> float:
    """The same on a sphere: off by half a percent, and a hundred times as fast."""
    north = math.radians(other.latitude - one.latitude) / 2
    east = math.radians(other.longitude - one.longitude) / 2
    cosines = math.cos(math.radians(one.latitude)) * math.cos(math.radians(other.latitude))
    chord = math.sin(north) ** 2 + cosines * math.sin(east) ** 2
    return 2 * SPHERE_M * math.asin(math.sqrt(min(1.0, chord)))


class CircleOutline:
    """A circle made ready for many questions."""

    def __init__(self, circle: Circle) -> None:
        self._center = circle.center
        self._radius = circle.radius_m

    def inside_by(self, point: Point, care_m: float) -> float:
        """Metres from `point` to the border: more than 0 inside, less outside.

        Exact where that is `care_m` or less; farther off only the side is sure, and that it is more than `care_m`.
        """
        north = abs(point.latitude - self._center.latitude) * LEAST_M_PER_DEGREE
        if north > self._radius + care_m:
            return self._radius - north
        rough = roughly_m(self._center, point)
        if abs(self._radius - rough) > care_m + SPHERE_IS_OFF * rough:
            return self._radius - rough
        return self._radius - distance_m(self._center, point)

    def passes_through(self, begin: Point, end: Point) -> bool:
        """Whether the straight way from one to the other comes into it."""
        x_scale, y_scale = scales(self._center.latitude)
        begin_x = around(begin.longitude - self._center.longitude) * x_scale
        begin_y = (begin.latitude - self._center.latitude) * y_scale
        end_x = begin_x + around(end.longitude - begin.longitude) * x_scale
        end_y = (end.latitude - self._center.latitude) * y_scale
        share = _nearest(begin_x, begin_y, end_x, end_y)
        nearest = Point(
            begin.latitude + share * (end.latitude - begin.latitude),
            begin.longitude + share * around(end.longitude - begin.longitude),
        )
        return self.inside_by(nearest, 0.0) >= 0


class PolygonOutline:
    """An outline made ready for many questions: its sides in degrees from its middle, and the box around them."""

    def __init__(self, polygon: Polygon) -> None:
        corners = polygon.corners
        self._middle = corners[0].longitude
        places = [(around(c.longitude - self._middle), c.latitude) for c in corners]
        self._sides = tuple(pairwise((*places, places[0])))
        self._west, self._east = min(x for x, _ in places), max(x for x, _ in places)
        self._south, self._north = min(y for _, y in places), max(y for _, y in places)

    def inside_by(self, point: Point, care_m: float) -> float:
        """Metres from `point` to the border, as for a circle."""
        x, y = around(point.longitude - self._middle), point.latitude
        north = max(self._south - y, y - self._north) * LEAST_M_PER_DEGREE
        if north > care_m:
            return -north
        x_scale, y_scale = scales(y)
        east = max(self._west - x, x - self._east) * x_scale
        # Farther from the equator a degree is shorter: at the edge of the box by a little, for boxes as small as these.
        if east * 0.9 > care_m:
            return -east * 0.9
        inside, best, nearest = False, math.inf, (0.0, 0.0)
        for (ax, ay), (bx, by) in self._sides:
            if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                inside = not inside
            share = _nearest((ax - x) * x_scale, (ay - y) * y_scale, (bx - x) * x_scale, (by - y) * y_scale)
            border = ax + share * (bx - ax), ay + share * (by - ay)
            away = ((border[0] - x) * x_scale) ** 2 + ((border[1] - y) * y_scale) ** 2
            if away < best:
                best, nearest = away, border
        metres = math.sqrt(best)
        if metres <= care_m * 1.01 + 1:
            metres = distance_m(point, Point(nearest[1], around(nearest[0] + self._middle)))
        return metres if inside else -metres

    def passes_through(self, begin: Point, end: Point) -> bool:
        """Whether the straight way from one to the other comes into it."""
        ax, ay = around(begin.longitude - self._middle), begin.latitude
        bx, by = ax + around(end.longitude - begin.longitude), end.latitude
        beside = max(ax, bx) < self._west or min(ax, bx) > self._east
        if beside or max(ay, by) < self._south or min(ay, by) > self._north:
            return False
        if any(_meet((ax, ay), (bx, by), one, other) for one, other in self._sides):
            return True
        return self.inside_by(begin, 0.0) > 0


Outline = CircleOutline | PolygonOutline


def prepare(shape: Shape) -> Outline:
    """The shape made ready."""
    return CircleOutline(shape) if isinstance(shape, Circle) else PolygonOutline(shape)


def check_shape(shape: Shape) -> None:
    """Refuses a shape that cannot be watched. Raises `RuleMistake`, naming the field."""
    if isinstance(shape, Circle):
        _check_circle(shape)
    else:
        _check_polygon(shape)


def around(degrees: float) -> float:
    """A difference of longitudes, the short way round."""
    return degrees if -180.0 <= degrees <= 180.0 else (degrees + 180.0) % 360.0 - 180.0


def scales(latitude: float) -> tuple[float, float]:
    """Metres per degree of longitude and of latitude there, on the ellipsoid (its radii of curvature)."""
    sine = math.sin(math.radians(latitude))
    bend = 1 - ECCENTRICITY_2 * sine * sine
    across = SEMI_MAJOR_M / math.sqrt(bend)
    along = across * (1 - ECCENTRICITY_2) / bend
    return math.radians(across * math.cos(math.radians(latitude))), math.radians(along)


def _check_circle(circle: Circle) -> None:
    center = circle.center
    if not LEAST_RADIUS_M <= circle.radius_m <= MOST_RADIUS_M:
        raise RuleMistake("radius_m", f"is {LEAST_RADIUS_M:.0f} to {MOST_RADIUS_M:.0f} metres")
    if abs(center.latitude) + circle.radius_m / LEAST_M_PER_DEGREE > POLE:
        raise RuleMistake("center", f"lies too near a pole: zones end at {POLE:.0f} degrees of latitude")
    if abs(center.longitude) + circle.radius_m / scales(center.latitude)[0] > 180:
        raise RuleMistake("center", "lies across the date line: make two zones, one on each side")


def _check_polygon(polygon: Polygon) -> None:
    corners = polygon.corners
    if not 3 <= len(corners) <= MOST_CORNERS:
        raise RuleMistake("polygon", f"has 3 to {MOST_CORNERS} corners")
    for number, corner in enumerate(corners):
        if corner in corners[:number]:
            again = number == len(corners) - 1 and corner == corners[0]
            text = "is the first corner again: leave it out" if again else "is the same as an earlier corner"
            raise RuleMistake(f"polygon[{number}]", text)
        if abs(corner.latitude) > POLE:
            raise RuleMistake(
                f"polygon[{number}]", f"lies too near a pole: zones end at {POLE:.0f} degrees of latitude"
            )
    sides = list(pairwise([(c.longitude, c.latitude) for c in (*corners, corners[0])]))
    for number, (one, other) in enumerate(sides):
        if abs(other[0] - one[0]) > 180:
            raise RuleMistake(f"polygon[{number}]", "the outline goes across the date line: make two zones")
    west, east = min(c.longitude for c in corners), max(c.longitude for c in corners)
    south, north = min(c.latitude for c in corners), max(c.latitude for c in corners)
    x_scale, y_scale = scales(min(abs(south), abs(north)) if south * north > 0 else 0.0)
    if max((east - west) * x_scale, (north - south) * y_scale) > WIDEST_M:
        raise RuleMistake("polygon", f"is more than {WIDEST_M / 1000:.0f} km wide")
    _check_crossings(sides)
    area = abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in _from_first(sides))) / 2 * x_scale * y_scale
    if area < LEAST_AREA_M2:
        raise RuleMistake("polygon", "has no area to speak of")


Side = tuple[tuple[float, float], tuple[float, float]]


def _from_first(sides: list[Side]) -> list[Side]:
    """The same in degrees from the first corner: differences of large numbers are worth little."""
    x, y = sides[0][0]
    return [((ax - x, ay - y), (bx - x, by - y)) for (ax, ay), (bx, by) in sides]


def _check_crossings(sides: list[Side]) -> None:
    """No side meets another one but where they are joined."""
    count = len(sides)
    for number, (one, other) in enumerate(sides):
        west, east = min(one[0], other[0]), max(one[0], other[0])
        for later in range(number + 1, count):
            a, b = sides[later]
            if max(a[0], b[0]) < west or min(a[0], b[0]) > east:
                continue
            joined = later == number + 1 or (number == 0 and later == count - 1)
            if _folds(one, other, a, b) if joined else _meet(one, other, a, b):
                raise RuleMistake(
                    f"polygon[{later}]", f"the outline crosses or touches itself here and at corner {number}"
                )


def _folds(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]) -> bool:
    """Whether two sides that share a corner lie on one another."""
    corner, one, other = (b, a, d) if b == c else (a, b, c)
    turn = _turn(corner, one, other)
    return (
        turn == 0 and (one[0] - corner[0]) * (other[0] - corner[0]) + (one[1] - corner[1]) * (other[1] - corner[1]) > 0
    )


def _meet(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]) -> bool:
    """Whether the line from `a` to `b` meets the one from `c` to `d`."""
    one, other = _turn(a, b, c), _turn(a, b, d)
    if one * other > 0:
        return False
    third, fourth = _turn(c, d, a), _turn(c, d, b)
    if third * fourth > 0:
        return False
    if one == other == third == fourth == 0:
        return _overlap(a[0], b[0], c[0], d[0]) and _overlap(a[1], b[1], c[1], d[1])
    return True


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _overlap(a: float, b: float, c: float, d: float) -> bool:
    return max(min(a, b), min(c, d)) <= min(max(a, b), max(c, d))


def _nearest(ax: float, ay: float, bx: float, by: float) -> float:
    """How far along the line from `a` to `b`, from 0 to 1, it comes nearest to the origin."""
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    return 0.0 if length == 0 else min(1.0, max(0.0, -(ax * dx + ay * dy) / length))

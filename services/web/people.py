"""People at risk: what is known of them, and their erasure."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from alerts.care_plan import RINGS
from alerts.policy import DEFAULT_POLICY
from alerts.policy_text import PolicyMistakes, changed_policy, read_policy_document
from services.web.call import Call, Reply
from services.web.directory import (
    Body,
    ChannelName,
    Latitude,
    Long,
    Longitude,
    Text,
    audit,
    changes_of,
    page,
    staff_route,
    visible_person,
)
from services.web.hours_bodies import AllHours, checked_hours
from services.web.panic import PIN
from services.web.problems import Problem, field_problem
from services.web.service import new_id
from streams.journeys_over import forget_journeys
from streams.records import (
    Person,
    Safety,
)
from streams.store import Transaction

PRINTABLE = r"\A(?=.*\S)[^\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]+\Z"
"""Something to see in one line, and nothing that hides or turns what stands round it."""


class Communication(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How somebody talks."""

    mode: Literal["text", "speech", "sign", "relay"]
    language: Text


class Reach(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A way to reach the person herself, and whether it is safe."""

    channel: ChannelName
    address: Text
    safety: Safety
    hours: AllHours = []
    """On her clock; outside of them nothing is sent there. None: always."""
    although_reads: bool = False
    """A call all the same, though she reads: said by whoever knows why."""


class EmergencyAt(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The numbers of the emergency centre of a place."""

    voice: str | None = None
    text: str | None = None


class Place(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A place that matters."""

    label: Text
    latitude: Latitude
    longitude: Longitude
    address: Long | None = None
    entry: Long | None = None
    emergency: EmergencyAt | None = None
    home: bool = False
    """Where responders look for her who know no position."""


class ContactRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What responders have to know before they make contact."""

    contact: Literal["text_only", "code_question", "call", "never"] | None = None
    code_question: Long | None = None
    code_answer: Long | None = None
    children: Long | None = None
    animals: Long | None = None
    weapons: Long | None = None
    other_person: Long | None = None
    care: Long | None = None
    arrival_word: Text | None = None
    """What whoever comes to the door says, so that she knows that they were sent."""
    phrase: Annotated[str, msgspec.Meta(max_length=40, pattern=PRINTABLE)] | None = None
    """What she agreed with her contacts, so that they know that a message is truly about her."""


Unsafe = Annotated[list[Text], msgspec.Meta(max_length=100)]


class PersonFields(Body, kw_only=True):
    """What may be said about a person."""

    known_as: Text | None = None
    language: Text = "en"
    time_zone: Text = "UTC"
    policy: Text | None = None
    policy_changes: dict[str, Any] | None = None
    """What is different for her: part of a policy, laid over the one that is named."""
    cancel_window: Annotated[float, msgspec.Meta(ge=0, le=120)] | None = None
    hidden_from: list[str] = []
    communication: list[Communication] = []
    reach: list[Reach] = []
    places: list[Place] = []
    brief: ContactRule | None = None
    unsafe: Unsafe = []
    """Numbers and mailboxes that are never told anything, whoever they belong to."""


class PersonBody(PersonFields, kw_only=True):
    """`POST /v1/people`."""

    name: Text
    pin: str | None = None
    duress_pin: str | None = None


class PersonChanges(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`PATCH /v1/people/{id}`; what is not named stays. Her PINs are hers alone to change."""

    name: Text | UnsetType = UNSET
    known_as: Text | UnsetType | None = UNSET
    language: Text | UnsetType = UNSET
    time_zone: Text | UnsetType = UNSET
    policy: Text | UnsetType | None = UNSET
    policy_changes: dict[str, Any] | UnsetType | None = UNSET
    cancel_window: Annotated[float, msgspec.Meta(ge=0, le=120)] | UnsetType | None = UNSET
    hidden_from: list[str] | UnsetType = UNSET
    communication: list[Communication] | UnsetType = UNSET
    reach: list[Reach] | UnsetType = UNSET
    places: list[Place] | UnsetType = UNSET
    brief: ContactRule | UnsetType = UNSET
    unsafe: Unsafe | UnsetType = UNSET
    id: str | None = None


def check_pins(pin: str | None, twin: str | None) -> None:
    """4 to 12 digits, both together, more apart than one digit or one swap."""
    if (pin is None) != (twin is None):
        raise field_problem("duress_pin" if twin is None else "pin", "PIN and duress PIN come together")
    if pin is None or twin is None:
        return
    for name, value in (("pin", pin), ("duress_pin", twin)):
        if not PIN.fullmatch(value):
            raise field_problem(name, "is 4 to 12 digits")
    if len(pin) == len(twin):
        different = [i for i, (a, b) in enumerate(zip(pin, twin, strict=True)) if a != b]
        swapped = len(different) == 2 and [pin[i] for i in different] == [twin[i] for i in reversed(different)]
        close = len(different) <= 1 or swapped
    else:
        longer, shorter = sorted((pin, twin), key=len, reverse=True)
        close = any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer)))
    if close:
        raise field_problem("duress_pin", "must differ from the PIN by more than one digit and more than one swap")


def check_reach(reach: list[Reach]) -> None:
    """Hours that name no day twice."""
    for number, way in enumerate(reach):
        checked_hours(way.hours, f"reach[{number}].hours")


def check_places(places: list[Place]) -> None:
    """At most one is her home."""
    homes = [number for number, place in enumerate(places) if place.home]
    if len(homes) > 1:
        raise field_problem(f"places[{homes[1]}].home", "is said of another place too: one alone is home")


def check_reads(details: Mapping[str, Any]) -> None:
    """Nobody who reads is rung, unless it is said of that way that she is."""
    modes = {spoken["mode"] for spoken in details.get("communication") or ()}
    reads = (modes and modes.isdisjoint({"speech", "relay"})) or (details.get("brief") or {}).get(
        "contact"
    ) == "text_only"
    for number, way in enumerate(details.get("reach") or ()):
        if reads and way["channel"] in RINGS and not way.get("although_reads"):
            raise field_problem(
                f"reach[{number}].channel",
                "rings, and they read: choose another way, or say although_reads",
            )


def check_zone_name(zone: str) -> None:
    """An IANA name."""
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise field_problem("time_zone", "is not a known IANA time zone, such as America/Chicago") from error


async def check_policy(tx: Transaction, person: Person) -> None:
    """Her policy is there, and what is different for her makes one."""
    policy = DEFAULT_POLICY
    if person.policy is not None:
        named = await tx.policy_named(person.organization, person.policy)
        if named is None:
            raise field_problem("policy", "there is no policy of this name")
        policy = read_policy_document(dict(named.document))
    try:
        changed_policy(policy, dict(person.policy_changes or {}))
    except PolicyMistakes as mistakes:
        found = [{"field": f"policy_changes.{m.path}", "message": m.text} for m in mistakes.mistakes]
        raise Problem("invalid", f"{len(found)} mistakes in `policy_changes`", mistakes=found) from mistakes


async def post_person(call: Call) -> Reply:
    """A new person; her PINs are never shown again."""
    body: PersonBody = call.body
    check_pins(body.pin, body.duress_pin)
    check_zone_name(body.time_zone)
    check_reach(body.reach)
    check_places(body.places)
    pin_hash = await call.service.pins.hash(body.pin) if body.pin else None
    duress_hash = await call.service.pins.hash(body.duress_pin) if body.duress_pin else None
    details = msgspec.to_builtins(
        {
            "communication": body.communication,
            "reach": body.reach,
            "places": body.places,
            "brief": body.brief or {},
            "unsafe": body.unsafe,
        }
    )
    check_reads(details)
    person = Person(
        id=new_id(),
        organization=call.organization,
        name=body.name,
        known_as=body.known_as,
        language=body.language,
        time_zone=body.time_zone,
        pin_hash=pin_hash,
        duress_hash=duress_hash,
        policy=body.policy,
        policy_changes=body.policy_changes,
        cancel_window_s=body.cancel_window,
        hidden_from=tuple(body.hidden_from),
        details=details,
    )

    async def work(tx: Transaction) -> Reply:
        await check_policy(tx, person)
        await tx.put(person)
        return Reply(body=person_view(person), status=201)

    return await call.commit(work)


def person_view(person: Person) -> dict[str, Any]:
    """A person as staff may see her; never the PINs."""
    return {
        "id": person.id,
        "name": person.name,
        "known_as": person.known_as,
        "language": person.language,
        "time_zone": person.time_zone,
        "has_pin": person.pin_hash is not None,
        "policy": person.policy,
        "policy_changes": person.policy_changes,
        "cancel_window": person.cancel_window_s,
        "hidden_from": person.hidden_from,
        **person.details,
    }


async def get_person(call: Call) -> Reply:
    """One person; the look is recorded."""
    person = await visible_person(call, call.path("id"))
    await audit(call, person.id, "person.read", person.id)
    return Reply(body=person_view(person))


async def list_people(call: Call) -> Reply:
    """All people of the agency whom the caller may see."""
    limit, after = page(call)
    found = await call.service.store.read(lambda tx: tx.listed(Person, call.organization, after=after, limit=limit))
    people = [person_view(p) for _, p in found if call.token.subject not in p.hidden_from]
    return Reply(body={"people": people, "next": str(found[-1][0]) if len(found) == limit else None})


DETAILS = ("communication", "reach", "places", "brief", "unsafe")


async def patch_person(call: Call) -> Reply:
    """Changes what is named."""
    await visible_person(call, call.path("id"))
    changes = changes_of(call.body)
    check_reach(changes.get("reach", []))
    check_places(changes.get("places", []))
    details = msgspec.to_builtins({name: changes.pop(name) for name in DETAILS if name in changes})
    if "time_zone" in changes:
        check_zone_name(changes["time_zone"])
    if "hidden_from" in changes:
        changes["hidden_from"] = tuple(changes["hidden_from"])
    if "cancel_window" in changes:
        changes["cancel_window_s"] = changes.pop("cancel_window")

    async def work(tx: Transaction) -> Reply:
        person = await tx.get(Person, call.organization, call.path("id"))
        if person is None:
            raise Problem("not-found")
        person = msgspec.structs.replace(person, **changes, details={**person.details, **details})
        if not details.keys().isdisjoint({"communication", "reach", "brief"}):
            check_reads(person.details)
        if "policy" in changes or "policy_changes" in changes:
            await check_policy(tx, person)
        await tx.put(person)
        return Reply(body=person_view(person))

    reply = await call.commit(work)
    await audit(call, call.path("id"), "person.changed", call.path("id"))
    return reply


async def delete_person(call: Call) -> Reply:
    """Erases a person: her key is destroyed, so log and backups cannot tell of her any more."""
    person = await visible_person(call, call.path("id"))
    situation = await call.service.store.read(lambda tx: tx.situation(person.id))
    if situation.live_incident is not None:
        raise Problem("live-incident", "Close the incident first.")

    async def work(tx: Transaction) -> Reply:
        await tx.remove(Person, call.organization, person.id, call.now)
        await tx.person_tokens_gone(person.id)
        return Reply(status=204)

    reply = await call.service.store.write(work)
    journeys = await call.service.store.read(lambda tx: tx.journeys_of(person.id))
    await forget_journeys(call.service.store, [journey.id for journey, _ in journeys], call.now)
    await call.service.store.destroy_key(person.id, call.now)
    return reply


ROUTES = (
    staff_route("POST", "/v1/people", post_person, "Add a person", PersonBody, 201),
    staff_route("GET", "/v1/people", list_people, "List people"),
    staff_route("GET", "/v1/people/{id}", get_person, "One person"),
    staff_route("PATCH", "/v1/people/{id}", patch_person, "Change a person", PersonChanges),
    staff_route("DELETE", "/v1/people/{id}", delete_person, "Erase a person", status=204),
)

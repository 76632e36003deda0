"""Staff: the agency, its people, their contacts, phones, zones and policies."""

from __future__ import annotations

import base64
import secrets
import zoneinfo
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from alerts.audience import contact_key
from alerts.care_plan import MethodRef, Sees
from alerts.effects import Notify
from alerts.policy_text import PolicyMistakes, read_policy, write_policy
from services.links import Link
from services.web.call import Call, Reply, Route
from services.web.panic import PIN
from services.web.problems import Problem, field_problem
from services.web.service import new_id, new_token
from streams.channel import Channel
from streams.processor import deliveries_of
from streams.records import (
    Contact,
    Delivery,
    Device,
    EmergencyNumber,
    Method,
    Organization,
    Person,
    PolicyText,
    Role,
    Staff,
    Token,
    Zone,
)
from streams.sealing import token_hash
from streams.store import Transaction

ChannelName = Literal["email", "sms", "voice", "webhook", "web_push", "apprise"]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=4000)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
CODE_LIVES = timedelta(days=7)


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every body may carry."""

    id: str | None = None


class MethodBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One way to reach somebody."""

    channel: ChannelName
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class OrganizationBody(Body, kw_only=True):
    """`PUT /v1/organization`."""

    name: Text
    dispatch: list[MethodBody] = []
    last_resort: list[MethodBody] = []
    call_back: Text | None = None
    emergency: list[EmergencyNumber] = []


class StaffBody(Body, kw_only=True):
    """`POST /v1/staff`."""

    name: Text
    roles: Annotated[list[Role], msgspec.Meta(min_length=1)]
    language: Text = "en"


class Communication(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How somebody talks."""

    mode: Literal["text", "speech", "sign", "relay"]
    language: Text


class Reach(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A way to reach the person herself, and whether it is safe."""

    channel: ChannelName
    address: Text
    safety: Literal["safe", "shared", "monitored", "unknown"]
    hours: str | None = None


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


class PersonFields(Body, kw_only=True):
    """What may be said about a person."""

    known_as: Text | None = None
    language: Text = "en"
    time_zone: Text = "UTC"
    policy: Text | None = None
    cancel_window: Annotated[float, msgspec.Meta(ge=0, le=120)] | None = None
    hidden_from: list[str] = []
    communication: list[Communication] = []
    reach: list[Reach] = []
    places: list[Place] = []
    brief: ContactRule | None = None


class PersonBody(PersonFields, kw_only=True):
    """`POST /v1/people`."""

    name: Text
    pin: str | None = None
    duress_pin: str | None = None


class Consent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Consent that was given to staff."""

    how: Text


class ContactBody(Body, kw_only=True):
    """`POST /v1/people/{id}/contacts`."""

    name: Text
    methods: Annotated[list[MethodBody], msgspec.Meta(min_length=1, max_length=10)]
    language: Text = "en"
    order: Annotated[int, msgspec.Meta(ge=1, le=99)] | None = None
    sees: Sees = "message"
    consent: Consent | None = None


class DeviceBody(Body, kw_only=True):
    """`POST /v1/people/{id}/devices`."""

    name: Text


class Point(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Degrees, WGS 84."""

    latitude: Latitude
    longitude: Longitude


class ZoneBody(Body, kw_only=True, omit_defaults=True):
    """`POST /v1/people/{id}/zones`: a circle or a polygon."""

    name: Text
    kind: Literal["safe", "exclusion"]
    center: Point | None = None
    radius_m: Annotated[float, msgspec.Meta(ge=10, le=100_000)] | None = None
    polygon: Annotated[list[Point], msgspec.Meta(min_length=3, max_length=500)] | None = None


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


def check_zone_name(zone: str) -> None:
    """An IANA name."""
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise field_problem("time_zone", "is not a known IANA time zone, such as America/Chicago") from error


def new_methods(call: Call, given: list[MethodBody], field: str) -> tuple[tuple[Method, ...], list[dict[str, Any]]]:
    """The methods as they are kept, and as they are answered (a webhook's secret is shown once)."""
    methods, shown = [], []
    for index, entry in enumerate(given):
        channel = call.service.channels.get(entry.channel)
        objection = channel.objection(entry.address) if channel is not None else None
        if objection:
            raise field_problem(f"{field}[{index}].address", objection)
        secret = _webhook_secret() if entry.channel == "webhook" else None
        method = Method(id=new_id(), channel=entry.channel, address=entry.address, secret=secret)
        methods.append(method)
        view: dict[str, Any] = {"id": method.id, "channel": entry.channel, "deliverable": channel is not None}
        if secret:
            view["secret"] = secret
        shown.append(view)
    return tuple(methods), shown


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


async def put_organization(call: Call) -> Reply:
    """Changes the agency; its methods are replaced as a whole."""
    body: OrganizationBody = call.body
    dispatch, shown = new_methods(call, body.dispatch, "dispatch")
    last_resort, shown_last = new_methods(call, body.last_resort, "last_resort")
    organization = Organization(
        id=call.organization,
        organization=call.organization,
        name=body.name,
        dispatch=dispatch,
        last_resort=last_resort,
        call_back=body.call_back,
        emergency=tuple(body.emergency),
    )

    async def work(tx: Transaction) -> Reply:
        await tx.put(organization)
        answer = {"id": call.organization, "name": body.name, "dispatch": shown, "last_resort": shown_last}
        return Reply(body={**answer, "call_back": body.call_back, "emergency": body.emergency})

    return await call.commit(work)


async def post_staff(call: Call) -> Reply:
    """A new member of staff, with a token and a link to sign in once."""
    body: StaffBody = call.body
    staff = Staff(
        id=new_id(), organization=call.organization, name=body.name, roles=tuple(body.roles), language=body.language
    )
    token, code = new_token(), new_token()

    async def work(tx: Transaction) -> Reply:
        await tx.put(staff)
        kept = Token(
            kind="staff", organization=staff.organization, subject=staff.id, roles=staff.roles, name=staff.name
        )
        await tx.put_token(token_hash(token), kept)
        once = msgspec.structs.replace(kept, kind="sign_in", expires_at=call.now + CODE_LIVES)
        await tx.put_token(token_hash(code), once)
        url = f"{call.service.public_url}/desk#{code}"
        return Reply(body={"id": staff.id, "name": staff.name, "token": token, "sign_in_url": url}, status=201)

    return await call.commit(work)


async def delete_staff(call: Call) -> Reply:
    """Their tokens are dead at once."""
    return await _delete(call, Staff, call.path("id"))


async def post_person(call: Call) -> Reply:
    """A new person; her PINs are never shown again."""
    body: PersonBody = call.body
    check_pins(body.pin, body.duress_pin)
    check_zone_name(body.time_zone)
    pin_hash = await call.service.pins.hash(body.pin) if body.pin else None
    duress_hash = await call.service.pins.hash(body.duress_pin) if body.duress_pin else None
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
        cancel_window_s=body.cancel_window,
        hidden_from=tuple(body.hidden_from),
        details=msgspec.to_builtins(
            {
                "communication": body.communication,
                "reach": body.reach,
                "places": body.places,
                "brief": body.brief or {},
            }
        ),
    )

    async def work(tx: Transaction) -> Reply:
        if body.policy is not None and await tx.policy_named(call.organization, body.policy) is None:
            raise field_problem("policy", "there is no policy of this name")
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
        "cancel_window": person.cancel_window_s,
        "hidden_from": person.hidden_from,
        **person.details,
    }


async def visible_person(call: Call, person: str) -> Person:
    """The person, unless she is hidden from whoever asks."""
    found = await call.get(Person, person)
    if call.token.subject in found.hidden_from:
        raise Problem("not-found")
    return found


async def get_person(call: Call) -> Reply:
    """One person; the look is recorded."""
    person = await visible_person(call, call.path("id"))
    await audit(call, person.id, "person.read", person.id)
    return Reply(body=person_view(person))


async def audit(call: Call, person: str, what: str, subject: str) -> None:
    """One row per staff member, subject and session."""
    session = call.caller.hashed.hex()[:16]

    async def work(tx: Transaction) -> None:
        await tx.audit(call.organization, person, what, call.token.subject, session, subject, call.now)

    await call.service.store.write(work)


async def list_people(call: Call) -> Reply:
    """All people of the agency whom the caller may see."""
    limit, after = page(call)
    found = await call.service.store.read(lambda tx: tx.listed(Person, call.organization, after=after, limit=limit))
    people = [person_view(p) for _, p in found if call.token.subject not in p.hidden_from]
    return Reply(body={"people": people, "next": str(found[-1][0]) if len(found) == limit else None})


def page(call: Call) -> tuple[int, int]:
    """`limit` up to 200 and `after`, which takes the answer's `next`."""
    query = call.request.query
    try:
        limit, after = int(query.get("limit", "100")), int(query.get("after", "0"))
    except ValueError as error:
        raise field_problem("limit" if not query.get("limit", "1").isdigit() else "after", "is a number") from error
    if not 1 <= limit <= 200:
        raise field_problem("limit", "is 1 to 200")
    return limit, after


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
    await call.service.store.destroy_key(person.id, call.now)
    return reply


async def post_contact(call: Call) -> Reply:
    """A trusted contact: told nothing but the invitation before they agree."""
    body: ContactBody = call.body
    person = await visible_person(call, call.path("id"))
    methods, shown = new_methods(call, body.methods, "methods")

    async def work(tx: Transaction) -> Reply:
        others = await tx.list_contacts(call.organization, person.id)
        contact = Contact(
            id=new_id(),
            organization=call.organization,
            person=person.id,
            name=body.name,
            order=body.order or len(others) + 1,
            methods=methods,
            language=body.language,
            sees=body.sees,
            consent="confirmed" if body.consent else "pending",
            consent_how=body.consent.how if body.consent else None,
        )
        await tx.put(contact)
        answer: dict[str, Any] = {"id": contact.id, "consent": contact.consent, "methods": shown}
        if contact.consent == "pending":
            link = Link(kind="contact", organization=call.organization, person=person.id, contact=contact.id)
            answer["confirm_url"] = f"{call.service.public_url}/contact#{call.service.links.code(link)}"
            await tx.put_deliveries(invitation_to(contact, call.service.channels, call.now))
        return Reply(body=answer, status=201)

    reply = await call.commit(work)
    call.service.engine.sender.look()
    return reply


def invitation_to(contact: Contact, channels: Mapping[str, Channel], now: datetime) -> list[Delivery]:
    """The first invitation of a contact, by the methods that can be used."""
    methods = tuple(MethodRef(m.id, m.channel) for m in contact.methods if m.channel in channels)
    notify = Notify(
        subject=contact.id,
        incident=None,
        recipient=contact_key(contact.id),
        purpose="invitation",
        epoch=0,
        step=0,
        round=0,
        methods=methods,
        urgency="rest",
    )
    return deliveries_of(contact.organization, contact.person or "", notify, now)


async def list_contacts(call: Call) -> Reply:
    """The contacts of a person, in order."""
    person = await visible_person(call, call.path("id"))
    found = await call.service.store.read(lambda tx: tx.list_contacts(call.organization, person.id))
    return Reply(body={"contacts": [contact_view(call, c) for _, c in found], "next": None})


def contact_view(call: Call, contact: Contact) -> dict[str, Any]:
    """A contact as staff may see them; no secrets."""
    methods = [
        {"id": m.id, "channel": m.channel, "address": m.address, "deliverable": m.channel in call.service.channels}
        for m in contact.methods
    ]
    return {
        "id": contact.id,
        "name": contact.name,
        "order": contact.order,
        "language": contact.language,
        "sees": contact.sees,
        "consent": contact.consent,
        "methods": methods,
    }


async def delete_contact(call: Call) -> Reply:
    """Gone, and told nothing more from the next send on."""
    return await _delete(call, Contact, call.path("id"))


async def _delete(call: Call, kind: type[Any], record: str) -> Reply:
    await call.get(kind, record)

    async def work(tx: Transaction) -> Reply:
        await tx.remove(kind, call.organization, record, call.now)
        return Reply(status=204)

    return await call.service.store.write(work)


async def post_device(call: Call) -> Reply:
    """A phone: its tokens are shown once."""
    person = await visible_person(call, call.path("id"))
    device = Device(id=new_id(), organization=call.organization, person=person.id, name=call.body.name)
    token, panic, code = new_token(), new_token(), new_token()

    async def work(tx: Transaction) -> Reply:
        await tx.put(device)
        kept = Token(kind="device", organization=call.organization, subject=device.id, person=person.id)
        await tx.put_token(token_hash(token), kept)
        await tx.put_token(token_hash(panic), msgspec.structs.replace(kept, kind="panic"))
        once = msgspec.structs.replace(kept, kind="enrol", expires_at=call.now + CODE_LIVES)
        await tx.put_token(token_hash(code), once)
        url = f"{call.service.public_url}/phone#{code}"
        body = {"id": device.id, "token": token, "panic_token": panic, "enrol_url": url}
        return Reply(body=body, status=201)

    return await call.commit(work)


async def list_devices(call: Call) -> Reply:
    """The phones of a person."""
    person = await visible_person(call, call.path("id"))
    found = await call.service.store.read(lambda tx: tx.listed(Device, call.organization, person=person.id))
    return Reply(body={"devices": [{"id": d.id, "name": d.name} for _, d in found], "next": None})


async def delete_device(call: Call) -> Reply:
    """Its tokens are dead at once."""
    return await _delete(call, Device, call.path("id"))


async def post_zone(call: Call) -> Reply:
    """A place to be in, or to keep out of."""
    body: ZoneBody = call.body
    if (body.center is None) == (body.polygon is None):
        raise field_problem("center", "give either center and radius_m, or polygon")
    if body.center is not None and body.radius_m is None:
        raise field_problem("radius_m", "is missing")
    person = await visible_person(call, call.path("id"))
    shape = msgspec.to_builtins({"center": body.center, "radius_m": body.radius_m, "polygon": body.polygon})
    zone = Zone(
        id=new_id(), organization=call.organization, person=person.id, name=body.name, kind=body.kind, shape=shape
    )

    async def work(tx: Transaction) -> Reply:
        await tx.put(zone)
        return Reply(body={"id": zone.id, "name": zone.name, "kind": zone.kind, **shape}, status=201)

    return await call.commit(work)


async def list_zones(call: Call) -> Reply:
    """The zones of a person."""
    person = await visible_person(call, call.path("id"))
    found = await call.service.store.read(lambda tx: tx.listed(Zone, call.organization, person=person.id))
    zones = [{"id": z.id, "name": z.name, "kind": z.kind, **z.shape} for _, z in found]
    return Reply(body={"zones": zones, "next": None})


async def delete_zone(call: Call) -> Reply:
    """Gone."""
    return await _delete(call, Zone, call.path("id"))


async def put_policy(call: Call) -> Reply:
    """A policy as JSON or YAML; every mistake comes with its position."""
    name = call.request.match_info["name"]
    try:
        policy = read_policy(call.raw.decode(errors="replace"), name=name)
    except PolicyMistakes as mistakes:
        found = [{"line": m.line, "column": m.column, "field": m.path, "message": m.text} for m in mistakes.mistakes]
        raise Problem("invalid", f"{len(found)} mistakes", mistakes=found) from mistakes

    async def work(tx: Transaction) -> Reply:
        known = await tx.policy_named(call.organization, name)
        record = PolicyText(
            id=known.id if known else new_id(),
            organization=call.organization,
            name=name,
            document=write_policy(policy),
        )
        await tx.put(record)
        return Reply(body=record.document)

    return await call.service.store.write(work)


async def get_policy(call: Call) -> Reply:
    """A policy by its name."""
    name = call.request.match_info["name"]
    found = await call.service.store.read(lambda tx: tx.policy_named(call.organization, name))
    if found is None:
        raise Problem("not-found")
    return Reply(body=found.document)


def _staff(method: str, path: str, handler: Any, summary: str, body: Any = None, status: int = 200) -> Route:
    return Route(
        method=method,
        path=path,
        handler=handler,
        who=("staff",),
        roles=("admin", "advocate"),
        summary=summary,
        body=body,
        status=status,
    )


ROUTES = (
    _staff("PUT", "/v1/organization", put_organization, "Change the agency", OrganizationBody),
    _staff("POST", "/v1/staff", post_staff, "Add a member of staff", StaffBody, 201),
    _staff("DELETE", "/v1/staff/{id}", delete_staff, "Remove a member of staff", status=204),
    _staff("POST", "/v1/people", post_person, "Add a person", PersonBody, 201),
    _staff("GET", "/v1/people", list_people, "List people"),
    _staff("GET", "/v1/people/{id}", get_person, "One person"),
    _staff("DELETE", "/v1/people/{id}", delete_person, "Erase a person", status=204),
    _staff("POST", "/v1/people/{id}/contacts", post_contact, "Add a trusted contact", ContactBody, 201),
    _staff("GET", "/v1/people/{id}/contacts", list_contacts, "List contacts"),
    _staff("DELETE", "/v1/contacts/{id}", delete_contact, "Remove a contact", status=204),
    _staff("POST", "/v1/people/{id}/devices", post_device, "Add a phone", DeviceBody, 201),
    _staff("GET", "/v1/people/{id}/devices", list_devices, "List phones"),
    _staff("DELETE", "/v1/devices/{id}", delete_device, "Remove a phone", status=204),
    _staff("POST", "/v1/people/{id}/zones", post_zone, "Add a zone", ZoneBody, 201),
    _staff("GET", "/v1/people/{id}/zones", list_zones, "List zones"),
    _staff("DELETE", "/v1/zones/{id}", delete_zone, "Remove a zone", status=204),
    _staff("PUT", "/v1/policies/{name}", put_policy, "Change a policy"),
    _staff("GET", "/v1/policies/{name}", get_policy, "One policy"),
)

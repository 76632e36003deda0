"""What the demo starts with: an agency, two people with phones and contacts, a policy, and somebody at the desk."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from alerts.hours import Hours
from alerts.on_call import Rota, Rotation
from alerts.policy_text import read_policy
from alerts.policy_writing import write_policy
from services.process import Assembly
from services.web.service import new_id, new_token
from streams.records import (
    Contact,
    Device,
    EmergencyNumber,
    Method,
    Organization,
    Person,
    PolicyText,
    Staff,
    Team,
    Token,
)
from streams.sealing import token_hash
from streams.store import Transaction

POLICY = """\
name: demo
cancel_window: 10s
acknowledgement: {lease: 5m}
steps:
  - after: 0s
    notify: [dispatch, "contact:1", "contact:2"]
    repeat: {every: 2m, times: 3}
  - after: 3m
    notify: [contacts]
  - after: 6m
    notify: [last_resort, "team:evenings"]
check_in: {grace: 1m, remind: [2m, 0s], extend_at_most: 1h, after_outage: {ask_again: 2m}}
"""
PIN, TWIN = "2580", "7913"


def _method(channel: str, address: str) -> Method:
    return Method(id=new_id(), channel=channel, address=address)


async def furnish(assembly: Assembly) -> str:
    """Makes the demo's agency unless it is there. Returns its id."""
    store, pins = assembly.store, assembly.service.pins
    known = await store.read(lambda tx: tx.organizations())
    if known:
        return str(known[0])
    pin, twin = await pins.hash(PIN), await pins.hash(TWIN)

    async def work(tx: Transaction) -> str:
        agency = new_id()
        await tx.put(
            Organization(
                id=agency,
                organization=agency,
                name="Harbour House",
                dispatch=(_method("email", "desk@harbour.example"),),
                last_resort=(_method("sms", "+1 555 0199"),),
                call_back="555-0100",
                emergency=(EmergencyNumber(label="Emergency services", call="911", text="911"),),
                has_teams=True,
            )
        )
        members = []
        for name, language, number in (("Sam Rivera", "en", "+1 555 0131"), ("Lucía Ortega", "es", "+1 555 0132")):
            staff = Staff(
                id=new_id(),
                organization=agency,
                name=name,
                roles=("dispatcher", "advocate"),
                language=language,
                methods=(_method("sms", number),),
            )
            members.append(staff.id)
            await tx.put(staff)
        await tx.put(_evenings(agency, tuple(members)))
        policy = write_policy(read_policy(POLICY, name="demo"))
        await tx.put(PolicyText(id=new_id(), organization=agency, name="demo", document=policy))
        await _mia(tx, agency, pin, twin)
        await _elena(tx, agency, pin, twin)
        return agency

    return await store.write(work)


def _evenings(agency: str, members: tuple[str, ...]) -> Team:
    """A week each, from Monday to Friday, six to eleven in the evening."""
    hours = Hours(days=("mon", "tue", "wed", "thu", "fri"), start=time(18), end=time(23))
    rotation = Rotation(members=members, begins=date(2026, 1, 5), hand_over=time(12), hours=(hours,))
    rota = Rota(time_zone="America/Chicago", rotations=(rotation,))
    return Team(id=new_id(), organization=agency, name="evenings", members=members, rota=rota)


async def _mia(tx: Transaction, agency: str, pin: str, twin: str) -> None:
    mia = Person(
        id=new_id(),
        organization=agency,
        name="Mia Larsen",
        known_as="Mia",
        time_zone="America/Chicago",
        pin_hash=pin,
        duress_hash=twin,
        policy="demo",
        details={
            "communication": [{"mode": "text", "language": "en"}],
            "reach": [{"channel": "sms", "address": "+1 555 0111", "safety": "shared"}],
            "places": [
                {
                    "label": "home",
                    "address": "18 Elm Street, flat 3",
                    "latitude": 41.8837,
                    "longitude": -87.6289,
                    "home": True,
                },
                {"label": "the library", "latitude": 41.8763, "longitude": -87.6281},
            ],
            "brief": {
                "contact": "code_question",
                "code_question": "Did you find the blue scarf?",
                "code_answer": "It was behind the sofa.",
                "children": "Two children, 4 and 7; in school until three.",
                "weapons": "A hunting rifle in the flat.",
                "other_person": "Has a key. Drives a grey van.",
            },
        },
    )
    await tx.put(mia)
    ana = {"name": "Ana Ruiz", "language": "es", "reads": "nobody_else", "sees": "place"}
    ben = {"name": "Ben Larsen", "language": "en", "reads": "unknown", "sees": "message"}
    await _contact(tx, mia, 1, ana, _method("email", "ana@example.org"), _method("sms", "+1 555 0121"))
    await _contact(tx, mia, 2, ben, _method("sms", "+1 555 0122"))
    await tx.put(Device(id=new_id(), organization=agency, person=mia.id, name="Mia's phone"))


async def _elena(tx: Transaction, agency: str, pin: str, twin: str) -> None:
    elena = Person(
        id=new_id(),
        organization=agency,
        name="Elena Soto",
        known_as="Elena",
        language="es",
        time_zone="America/Chicago",
        pin_hash=pin,
        duress_hash=twin,
        policy="demo",
        details={
            "communication": [{"mode": "speech", "language": "es"}],
            "reach": [
                {
                    "channel": "voice",
                    "address": "+1 555 0131",
                    "safety": "safe",
                    "hours": [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}],
                },
                {"channel": "email", "address": "soto.family@example.org", "safety": "monitored"},
            ],
            "places": [{"label": "casa", "latitude": 41.8902, "longitude": -87.6350, "home": True}],
            "brief": {"contact": "call"},
        },
    )
    await tx.put(elena)
    carla = {"name": "Carla Soto", "language": "es", "reads": "nobody_else", "sees": "live"}
    await _contact(tx, elena, 1, carla, _method("email", "carla@example.org"))
    await tx.put(Device(id=new_id(), organization=agency, person=elena.id, name="Elena's phone"))


async def _contact(tx: Transaction, person: Person, order: int, fields: dict[str, Any], *methods: Method) -> None:
    contact = Contact(
        id=new_id(),
        organization=person.organization,
        person=person.id,
        order=order,
        methods=methods,
        consent="confirmed",
        consent_how="demo",
        **fields,
    )
    await tx.put(contact)


async def desk_code(assembly: Assembly, agency: str) -> str:
    """A one-time code to sign in at the desk."""
    code = new_token()

    async def work(tx: Transaction) -> None:
        for _, staff in await tx.listed(Staff, agency):
            token = Token(kind="sign_in", organization=agency, subject=staff.id, roles=staff.roles, name=staff.name)
            await tx.put_token(token_hash(code), token)
            return

    await assembly.store.write(work)
    return code


def greeting(url: str, code: str) -> str:
    """What the demo prints."""
    return f"""
Porchlight, the demo. Everything stays on this machine; nothing here reaches a real person.

  Start here           {url}/
  The phone            open it from there: hold the button. The PIN is {PIN}, its duress twin {TWIN}.
  The dispatcher's desk {url}/desk#{code}
  What would be sent   {url}/outbox

Ctrl-C stops it; the next start finds everything as it was.
"""

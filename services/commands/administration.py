"""`init` and `admin-token`: the first administrator, and a new token for one."""

from __future__ import annotations

import msgspec

from services.assembly import open_store
from services.bad_setting import BadSetting
from services.clock import SystemClock
from services.settings import Settings
from services.web.service import new_id, new_token
from streams.records import Organization, Role, Staff, Token
from streams.sealing import token_hash
from streams.store import Transaction

MAY: tuple[Role, ...] = ("admin", "dispatcher", "advocate")


class Admin(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed: the agency, and the administrator's token, which is not kept."""

    organization: dict[str, str]
    admin: dict[str, str]


async def init(settings: Settings, name: str) -> Admin:
    """Makes the store and the first administrator. Raises `BadSetting` when there is an agency already."""
    if not name.strip() or len(name) > 200:
        raise BadSetting("--organization is the agency's name, 1 to 200 characters")
    store = open_store(settings)
    token = new_token()
    try:
        await store.start()

        async def work(tx: Transaction) -> str:
            if await tx.organizations():
                raise BadSetting(
                    f"{settings.place} holds an agency already; `porchlight admin-token` makes a new token"
                )
            agency = new_id()
            await tx.put(Organization(id=agency, organization=agency, name=name.strip()))
            await _administrator(tx, agency, token)
            return agency

        agency = await store.write(work)
    finally:
        await store.close()
    return Admin(organization={"id": agency, "name": name.strip()}, admin={"token": token})


async def admin_token(settings: Settings) -> Admin:
    """A new administrator's token, also while the service runs. Raises `BadSetting` when there is no agency yet."""
    check_store(settings)
    store = open_store(settings)
    token = new_token()
    try:
        await store.start()

        async def work(tx: Transaction) -> Organization:
            agencies = await tx.organizations()
            agency = await tx.get(Organization, agencies[0], agencies[0]) if agencies else None
            if agency is None:
                raise BadSetting(f"{settings.place} holds no agency; `porchlight init --organization NAME` makes one")
            await _administrator(tx, agency.id, token)
            return agency

        agency = await store.write(work)
    finally:
        await store.close()
    return Admin(organization={"id": agency.id, "name": agency.name}, admin={"token": token})


def check_store(settings: Settings) -> None:
    """Raises `BadSetting` where the store should be a folder and is none."""
    if settings.store is None and not (settings.data / "porchlight.db").exists():
        raise BadSetting(f"{settings.data} holds no store; `porchlight init --organization NAME` makes one")


async def _administrator(tx: Transaction, agency: str, token: str) -> None:
    made = SystemClock().now().date().isoformat()
    staff = Staff(id=new_id(), organization=agency, name=f"Administrator ({made})", roles=MAY)
    await tx.put(staff)
    kept = Token(kind="staff", organization=agency, subject=staff.id, roles=MAY, name=staff.name)
    await tx.put_token(token_hash(token), kept)

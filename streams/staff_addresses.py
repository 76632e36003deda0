"""Numbers and mailboxes of the staff by which an answer is known to be theirs, for those who were there before.

Who was saved by a release that knew no answers of staff has none; the index is keyed, so that no migration can make it.
"""

from __future__ import annotations

from functools import partial

from streams.records import Staff
from streams.store import Store, Transaction

AT_A_TIME = 200


async def index_staff_addresses(store: Store) -> int:
    """Makes what is missing; for how many of the staff."""
    made = 0
    for organization in await store.read(lambda tx: tx.organizations()):
        after: int | None = 0
        while after is not None:

            async def page(
                tx: Transaction, organization: str = organization, after: int = after
            ) -> tuple[list[str], int | None]:
                listed = await tx.listed(Staff, organization, after=after, limit=AT_A_TIME)
                missing = [staff.id for _, staff in listed if await _is_missing(tx, staff)]
                return missing, listed[-1][0] if len(listed) == AT_A_TIME else None

            missing, after = await store.read(page)
            for one in missing:
                made += await store.write(partial(_index, organization=organization, known=one))
    return made


async def _index(tx: Transaction, *, organization: str, known: str) -> bool:
    staff = await tx.get(Staff, organization, known)
    if staff is None:
        return False
    await tx.put(staff)
    return True


async def _is_missing(tx: Transaction, staff: Staff) -> bool:
    mine = (staff.organization, staff.id)
    return any([mine not in await tx.owners_at(method.address) for method in staff.methods])

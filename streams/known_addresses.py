"""Numbers and mailboxes of staff and agencies by which an answer is known to be theirs, for those who were there.

Who was saved by a release that knew no answers of theirs has none. The index is keyed: no migration can make it.
"""

from __future__ import annotations

from functools import partial

from streams.records import Organization, Staff
from streams.store import Store, Transaction

AT_A_TIME = 200


async def index_addresses(store: Store) -> int:
    """Makes what is missing; for how many of them."""
    made = 0
    for organization in await store.read(lambda tx: tx.organizations()):
        made += await store.write(partial(_index, organization=organization, kind=Organization, known=organization))
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
                made += await store.write(partial(_index, organization=organization, kind=Staff, known=one))
    return made


async def _index(tx: Transaction, *, organization: str, kind: type[Organization | Staff], known: str) -> bool:
    record = await tx.get(kind, organization, known)
    if record is None or not await _is_missing(tx, record):
        return False
    await tx.know_addresses(record)
    return True


async def _is_missing(tx: Transaction, record: Organization | Staff) -> bool:
    mine = (record.organization, record.id)
    methods = record.methods if isinstance(record, Staff) else (*record.dispatch, *record.last_resort)
    return any([mine not in await tx.owners_at(method.address) for method in methods])

"""Keys that lie in an address, for what can call nothing but an address: never logged, never answered again.

They are tokens like all others: 256 random bits of which only the hash is kept. An unknown one, one of another kind and
one that was made dead get the same answer.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from services.web.call import Call
from services.web.problems import Problem
from services.web.service import Caller, new_token
from streams.records import Device, Token
from streams.sealing import token_hash
from streams.store import Transaction

Kind = Literal["tracker", "ping"]
LONGEST = 100


async def admit(call: Call, key: str, kind: Kind) -> Token:
    """Lets whoever holds this key make this call. Raises the problem of one who does not."""
    # Anything else is none of ours, and may not even have bytes.
    if not 0 < len(key) <= LONGEST or not key.isascii():
        raise Problem("no-token")
    hashed = token_hash(key)
    token = await call.service.intake.token(hashed)
    if token is None or token.kind != kind:
        raise Problem("no-token")
    call.admit(Caller(token=token, hashed=hashed))
    return token


async def make_keys(tx: Transaction, device: Device, public_url: str) -> dict[str, Any]:
    """New keys for a device, as they are shown once, and the addresses to enter; those from before are dead at once."""
    await tx.drop_tokens(device.id, "tracker")
    await tx.drop_tokens(device.id, "ping")
    tracker, ping = new_token(), new_token()
    kept = Token(kind="tracker", organization=device.organization, subject=device.id, person=device.person)
    await tx.put_token(token_hash(tracker), kept)
    await tx.put_token(token_hash(ping), msgspec.structs.replace(kept, kind="ping"))
    return {
        "tracker_key": tracker,
        "ping_key": ping,
        "owntracks_url": f"{public_url}/owntracks/{tracker}",
        "osmand_url": f"{public_url}/osmand?id={tracker}",
        "ping_url": f"{public_url}/ping/{ping}",
    }

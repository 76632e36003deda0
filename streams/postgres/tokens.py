"""Looking tokens up: those that are asked for at the same moment share one exchange with the server."""

from __future__ import annotations

import asyncio
from typing import Any

from streams.records import Token
from streams.sql.rows import decoder


class TokenLookup:
    """Never remembers anything: another process may have made a token dead a moment ago."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._wanted: dict[bytes, asyncio.Future[bytes | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def find(self, hashed: bytes) -> Token | None:
        """What this token may do, expired or not; None when unknown."""
        answer = self._wanted.get(hashed)
        if answer is None:
            answer = self._wanted[hashed] = asyncio.get_running_loop().create_future()
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._look(), name="TokenLookup")
        document = await asyncio.shield(answer)
        token: Token | None = decoder(Token).decode(document) if document is not None else None
        return token

    async def _look(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            try:
                async with self._pool.acquire(timeout=2) as connection:
                    # As text: a list of bytes costs each connection a look through the server's types.
                    rows = await connection.fetch(
                        "SELECT hash, document FROM tokens "
                        "WHERE hash = ANY(ARRAY(SELECT decode(h, 'hex') FROM unnest($1::text[]) AS h))",
                        [hashed.hex() for hashed in wanted],
                    )
            except Exception as error:  # noqa: BLE001 - it is whoever asked who has to hear of it
                for answer in wanted.values():
                    answer.set_exception(error)
                    # Whoever asked may have gone.
                    answer.exception()
                continue
            found = {row[0]: row[1] for row in rows}
            for hashed, answer in wanted.items():
                answer.set_result(found.get(hashed))

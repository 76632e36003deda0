"""Connections to PostgreSQL: how they are made, what counts as out of reach, and migrations that run once.

A migration only adds, so that the version before goes on working beside the one that brought it; a store that is newer
than this code is therefore none of this code's business.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

import asyncpg
import structlog

log = structlog.get_logger()

SCHEMA = "streams.postgres.schema"
CONNECT_WITHIN = 3.0
CALL_WITHIN = 8.0
MIGRATE_WITHIN = 300.0
MIGRATION_LOCK = 0x706F7263
"""One process migrates; whoever comes meanwhile waits for it."""
LIMITS = {
    "application_name": "porchlight",
    # A statement that takes longer is a fault; the session of a process that hangs must not hold locks for ever.
    "statement_timeout": "5000",
    "lock_timeout": "4000",
    "idle_in_transaction_session_timeout": "10000",
    "jit": "off",
    "tcp_user_timeout": "5000",
}
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.LockNotAvailableError,
    asyncpg.InternalClientError,
)
"""What a call raises where the server is away, stopping, full, failing over, or does not answer in time."""


def pool_of(url: str, *, size: int, **options: Any) -> Any:
    """A pool that is not connected yet; every session gets `LIMITS`."""
    return asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        timeout=CONNECT_WITHIN,
        command_timeout=CALL_WITHIN,
        max_inactive_connection_lifetime=300,
        statement_cache_size=256,
        server_settings=LIMITS,
        # What the library would tidy up after each use (locks, cursors, settings of the session) we never leave behind.
        reset=_leave_as_it_is,
        **options,
    )


async def _leave_as_it_is(_connection: Any) -> None:
    pass


async def migrate(url: str) -> int:
    """Brings the schema up to date, each step in a transaction of its own. Returns the version. Raises `AWAY`."""
    connection = await asyncpg.connect(url, timeout=CONNECT_WITHIN, command_timeout=MIGRATE_WITHIN)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, "
            "at TIMESTAMPTZ NOT NULL DEFAULT now())"
        )
        version = int(await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_versions"))
        for name in sorted(f.name for f in resources.files(SCHEMA).iterdir() if f.name.endswith(".sql")):
            number = int(name.split("_", maxsplit=1)[0])
            if number <= version:
                continue
            async with connection.transaction():
                await connection.execute(resources.files(SCHEMA).joinpath(name).read_text(encoding="utf-8"))
                await connection.execute("INSERT INTO schema_versions (version) VALUES ($1)", number)
            log.info("migrated", action="migrated", version=number)
            version = number
        # A dump that was loaded into another cluster brings positions that lie ahead of this one's transactions.
        await connection.execute(
            "UPDATE journal SET event = NULL WHERE event IS NOT NULL "
            "AND position > ((pg_current_xact_id()::text::bigint + 1) << 16)"
        )
    finally:
        # Closing the session lets go of the lock.
        await connection.close(timeout=CONNECT_WITHIN)
    return version

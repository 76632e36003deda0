"""The PostgreSQL that the tests run on is a real one, and behaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.cluster.component import running
from tests.postgres.server import PostgresServer


@pytest.fixture
async def server() -> AsyncIterator[PostgresServer]:
    """A server that this test may stop."""
    async with running(PostgresServer) as made:
        yield made


def user_of(pid: int) -> int:
    """The number of the user that a process runs as."""
    return Path(f"/proc/{pid}").stat().st_uid


async def test_a_database_is_empty_and_its_owner_is_nobody_special(database: str) -> None:
    """The service needs no more than an ordinary role."""
    connection = await asyncpg.connect(database)
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
        assert await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        await connection.execute("CREATE TABLE t (n int)")
    finally:
        await connection.close()


async def test_what_was_committed_outlives_a_restart_and_a_crash(server: PostgresServer) -> None:
    """Under the same address."""
    url = await server.create_database("kept")
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE t (n int)")
    await connection.execute("INSERT INTO t VALUES (1)")
    await server.restart()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.execute("INSERT INTO t VALUES (2)")
    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO t VALUES (3)")
    await server.kill()
    await server.start()
    connection = await asyncpg.connect(url)
    assert [row["n"] for row in await connection.fetch("SELECT n FROM t ORDER BY n")] == [1, 3]
    await connection.close()


async def test_it_runs_as_an_ordinary_user_and_leaves_nothing(server: PostgresServer) -> None:
    """Also where the tests run as root."""
    assert user_of(server.pid) != 0
    await server.close()
    assert not server.program.running
    assert not server.folder.exists()

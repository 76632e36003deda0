"""A minute after somebody was told and nobody has answered: what the phone says then."""

from __future__ import annotations

import pytest
from playwright.async_api import Route, expect

from tests.browser.visitor import Visitors, enter_pin, examine, hold

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
LINES = [{"label": "Harbour House", "call": "555-0100"}, {"label": "Emergency services", "call": "911", "text": "911"}]


async def a_minute_later(route: Route) -> None:
    """The same answer as it is when a minute has gone by (tests/services/test_who_is_told.py)."""
    answer = await route.fetch()
    body = await answer.json()
    if route.request.method == "GET" and body.get("state") == "open":
        body["advice"] = {"kind": "waiting", "call": LINES}
    await route.fulfill(response=answer, json=body)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "It was sent. Nobody has answered yet."), ("es", "Se envió. Nadie ha respondido todavía.")],
)
async def test_she_reads_that_nobody_has_answered_yet(visitors: Visitors, language: str, said: str) -> None:
    """And whom else to ring; once she has called it off, her phone says nothing of it any more."""
    phone = await visitors.phone("Mia" if language == "en" else "Elena", language=language)
    await phone.route("**/v1/panic/*", a_minute_later)
    await hold(phone)
    numbers = phone.get_by_test_id("fallback")
    await expect(numbers).to_contain_text(said, timeout=20_000)
    await expect(numbers.locator("a[href='tel:5550100']")).to_be_visible()
    await expect(numbers.locator("a[href='sms:911']")).to_be_visible()
    await examine(phone, f"phone-no-answer-{language}")
    await phone.get_by_test_id("cancel-open").click()
    await enter_pin(phone, "2580")
    await expect(phone.get_by_test_id("under-way")).to_be_hidden()
    await expect(numbers).to_be_hidden()

"""Calls that are made with the telephone on the desk: noted by whom and with whom, one after the other."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.visitor import Visitors, examine, hold

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_sam_rings_the_neighbour_and_then_carla(visitors: Visitors) -> None:
    """Nothing on the page was tapped to ring: Sam says with whom. Once it is closed, nothing of a call is left."""
    phone, desk = await visitors.phone("Elena"), await visitors.desk()
    await hold(phone)
    await desk.get_by_test_id("incident-open").click()
    await desk.get_by_test_id("acknowledge").click()
    log, newest = desk.get_by_test_id("call-log"), desk.get_by_test_id("timeline-entry").first
    await log.get_by_test_id("call-open").click()
    await expect(log.get_by_test_id("call-whom")).to_be_focused()
    await examine(desk, "desk-call-whom")
    await log.get_by_test_id("call-whom").fill("the neighbour")
    await desk.keyboard.press("Enter")
    await expect(log).to_contain_text("On a call with the neighbour 0:0")
    await expect(newest).to_contain_text("call begun")
    await expect(newest).to_contain_text("the neighbour")
    await examine(desk, "desk-call")
    await desk.set_viewport_size({"width": 420, "height": 800})
    await examine(desk, "desk-call-narrow")
    await desk.set_viewport_size({"width": 1280, "height": 800})

    # Sam forgot to end it, and rings by the link that the page offers.
    rings = desk.get_by_test_id("reach").locator("a[href^='tel:']")
    await rings.evaluate("link => link.addEventListener('click', (event) => event.preventDefault())")
    await rings.click()
    await expect(log).to_contain_text("On a call with Elena")
    await expect(desk.get_by_test_id("timeline")).to_contain_text("call ended")
    await expect(newest).to_contain_text("call begun")

    await desk.get_by_test_id("resolve").click()
    await desk.get_by_test_id("disposition-safe").check()
    await desk.get_by_test_id("resolve-confirm").click()
    await expect(log).to_be_hidden()

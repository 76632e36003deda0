"""Whom a person trusts is written down on the page: by which ways they are told, who else reads these, what they do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.browser.visitor import Visitors, examine

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
NARROW: ViewportSize = {"width": 390, "height": 844}


async def contacts(visitors: Visitors, **look: str | bool) -> Page:
    """The page of plans, with Mia's contacts."""
    page = await visitors.desk(**look)
    if look.get("language") == "es":
        await page.get_by_test_id("language").select_option("es")
    await page.get_by_test_id("to-plans").click()
    await page.get_by_test_id("contacts-who").select_option(label="Mia Larsen")
    await expect(page.get_by_test_id("contact")).to_have_count(2)
    return page


def where_it_is_night() -> str:
    """A time zone whose clocks show one in the morning."""
    east = (1 - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}"


def card(page: Page, name: str) -> Locator:
    """The card of a contact."""
    return page.get_by_test_id("contact").filter(has=page.get_by_role("heading", name=name))


async def test_a_contact_is_added_ordered_changed_and_taken_out(visitors: Visitors) -> None:
    """Who has not agreed yet is asked, and a mistake is told at its field; what was typed is there again."""
    page = await contacts(visitors)
    await page.get_by_test_id("new-contact").click()
    dialog = page.get_by_test_id("contact-dialog")
    await dialog.get_by_test_id("contact-confirm").click()
    await expect(dialog.get_by_test_id("fault-name")).to_have_text("Give a name.")
    await dialog.get_by_test_id("contact-name").fill("Noor Haddad")
    await dialog.get_by_test_id("contact-language").select_option("ar")
    await dialog.get_by_test_id("contact-job").select_option("fetches_children")
    way = dialog.get_by_test_id("way").first
    await way.get_by_test_id("way-address").fill("+13125550177")
    await way.get_by_test_id("way-safety").select_option("safe")
    await way.get_by_test_id("add-hours").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("new-contact")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_test_id("taken-up")).to_be_visible()
    await dialog.get_by_test_id("add-way").click()
    await dialog.get_by_test_id("way").nth(1).get_by_test_id("way-channel").select_option("email")
    await dialog.get_by_test_id("way").nth(1).get_by_test_id("way-address").fill("box@example.org")
    await dialog.get_by_test_id("way").nth(1).get_by_test_id("way-safety").select_option("monitored")
    await examine(page, "plans-contact-dialog")
    await dialog.get_by_test_id("contact-confirm").click()
    await expect(dialog).to_have_count(0)
    noor = card(page, "Noor Haddad")
    await expect(noor.get_by_test_id("consent")).to_have_attribute("data-consent", "pending")
    await expect(noor).to_contain_text("every day 09:00–17:00")
    await expect(noor.locator("s")).to_have_text("box@example.org")
    await expect(page.get_by_test_id("confirm-url")).to_contain_text("/contact#")
    await expect(page.get_by_test_id("new-contact")).to_be_focused()
    await examine(page, "plans-contacts")

    await noor.get_by_test_id("contact-up").click()
    await expect(page.get_by_test_id("contact").nth(1)).to_contain_text("2. Noor Haddad")
    await expect(noor.get_by_test_id("contact-up")).to_be_focused()
    await noor.get_by_test_id("contact-edit").click()
    await dialog.get_by_test_id("drop-way").nth(1).click()
    await dialog.get_by_test_id("contact-how").fill("in the office")
    await dialog.get_by_test_id("contact-confirm").click()
    await expect(noor.get_by_test_id("consent")).to_have_attribute("data-consent", "confirmed")
    await expect(noor.locator("s")).to_have_count(0)
    await noor.get_by_test_id("contact-delete").click()
    await expect(page.get_by_test_id("dialog-back")).to_be_focused()
    await page.get_by_test_id("contact-delete-confirm").click()
    await expect(page.get_by_test_id("contact")).to_have_count(2)


async def test_what_the_service_refuses_is_told_at_its_way(visitors: Visitors) -> None:
    """And nothing that was typed is lost; a webhook's secret is shown once."""
    page = await contacts(visitors)
    await card(page, "Ana Ruiz").get_by_test_id("contact-edit").click()
    dialog = page.get_by_test_id("contact-dialog")
    await expect(dialog.get_by_test_id("way-address").first).to_have_value("ana@example.org")
    await dialog.get_by_test_id("add-way").click()
    third = dialog.get_by_test_id("way").nth(2)
    await third.get_by_test_id("way-channel").select_option("webhook")
    await third.get_by_test_id("way-address").fill("ftp://127.0.0.1/ana")
    await dialog.get_by_test_id("contact-confirm").click()
    await expect(third.get_by_test_id("fault-address")).to_contain_text("begins with https://")
    await expect(third.get_by_test_id("way-address")).to_be_focused()
    await third.get_by_test_id("way-address").fill("https://example.org/ana")
    await dialog.get_by_test_id("contact-confirm").click()
    await expect(page.get_by_test_id("contact-made")).to_contain_text("whsec_")
    await expect(card(page, "Ana Ruiz").get_by_test_id("contact-edit")).to_be_focused()


async def test_an_invitation_waits_in_the_night_and_is_sent_at_once(visitors: Visitors) -> None:
    """The card says when it goes, and how far it has come; of many people one is found by a part of the name."""
    await visitors.demo.looks_after(*(f"Person {number}" for number in range(12)))
    [zoe] = await visitors.demo.looks_after("Zoë Núñez", time_zone=where_it_is_night())
    page = await contacts(visitors)
    await page.get_by_test_id("contacts-who-find").fill("nunez")
    await expect(page.get_by_test_id("contact")).to_have_count(0)
    await expect(page.get_by_test_id("contacts-who")).to_have_value(zoe)
    await page.get_by_test_id("new-contact").click()
    dialog = page.get_by_test_id("contact-dialog")
    await dialog.get_by_test_id("contact-name").fill("Ana Ruiz")
    await dialog.get_by_test_id("way-channel").select_option("email")
    await dialog.get_by_test_id("way-address").fill("ana@example.org")
    await dialog.get_by_test_id("contact-confirm").click()
    await expect(page.get_by_test_id("invited")).to_have_attribute("data-state", "queued")
    await examine(page, "plans-contact-invited")
    await page.get_by_test_id("contact-invite").click()
    await expect(page.get_by_test_id("invited")).not_to_have_attribute("data-state", "queued")
    await expect(page.get_by_test_id("contact-invite")).to_be_focused()


@pytest.mark.parametrize(("language", "dark"), [("en", True), ("es", False)])
async def test_axe_finds_nothing_on_a_narrow_screen(visitors: Visitors, language: str, dark: bool) -> None:
    """Nothing is cut off at 390 pixels."""
    look = f"{language}-{'dark' if dark else 'light'}"
    page = await contacts(visitors, language=language, dark=dark)
    await page.set_viewport_size(NARROW)
    await page.get_by_test_id("contacts").scroll_into_view_if_needed()
    await examine(page, f"plans-contacts-narrow-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    await page.get_by_test_id("contact").first.get_by_test_id("contact-edit").click()
    dialog = page.get_by_test_id("contact-dialog")
    await examine(page, f"plans-contact-dialog-narrow-{look}")
    assert await dialog.evaluate("node => node.scrollWidth <= node.clientWidth")

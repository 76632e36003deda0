"""Teams and plans are set up on the page, as staff do it, by hand and by keyboard."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.browser.visitor import Visitors, examine

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
LOOKS = pytest.mark.parametrize(("language", "dark"), [("en", False), ("en", True), ("es", False), ("es", True)])
NARROW: ViewportSize = {"width": 390, "height": 844}
WIDE: ViewportSize = {"width": 1280, "height": 900}
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:{at}
DTSTART:{at}
DTEND:{end}
SUMMARY:{who}
END:VEVENT
END:VCALENDAR
"""


async def plans(visitors: Visitors) -> Page:
    """The page of plans and turns, signed in."""
    page = await visitors.desk()
    await page.get_by_test_id("to-plans").click()
    await expect(page.get_by_test_id("team")).to_be_visible()
    return page


def team(page: Page, name: str) -> Locator:
    """The card of a team."""
    return page.get_by_test_id("team").filter(has=page.get_by_role("heading", name=name, exact=True))


async def make_team(page: Page, name: str) -> None:
    """A team of Sam and Lucía, a day each."""
    await page.get_by_test_id("new-team").click()
    await page.get_by_test_id("team-name").fill(name)
    await page.get_by_test_id("add-member").select_option(label="Sam Rivera")
    await page.get_by_test_id("add-member").select_option(label="Lucía Ortega")
    await page.get_by_test_id("length").select_option("days")
    await page.get_by_test_id("begins").fill("2026-01-05")
    await page.get_by_test_id("hand-over").fill("09:00")
    await expect(page.get_by_test_id("no-gaps")).to_be_visible()
    await page.get_by_test_id("team-confirm").click()
    await expect(page.get_by_test_id("team-dialog")).to_have_count(0)


async def test_a_team_is_made_covered_swapped_renamed_and_deleted(visitors: Visitors) -> None:
    """Who is on shows at once; what depends on a team is named before it is gone."""
    page = await plans(visitors)
    await make_team(page, "nights")
    card = team(page, "nights")
    await expect(page.get_by_test_id("new-team")).to_be_focused()
    on = await card.get_by_test_id("on-call").inner_text()
    other = "Lucía Ortega" if "Sam" in on else "Sam Rivera"

    await card.get_by_test_id("cover").click()
    await page.get_by_test_id("cover-confirm").click()
    await expect(page.get_by_test_id("fault-until")).to_have_text("Give a time.")
    await expect(page.get_by_test_id("cover-until")).to_be_focused()
    later = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    await page.get_by_test_id("cover-until").fill(later)
    await page.get_by_test_id("cover-who").select_option(label=other)
    await examine(page, "plans-cover")
    await page.get_by_test_id("cover-confirm").click()
    await expect(card.get_by_test_id("on-call")).to_contain_text(other)
    await expect(card.get_by_test_id("cover")).to_be_focused()
    await card.get_by_test_id("take-back").click()
    await expect(card.get_by_test_id("on-call")).not_to_contain_text(other)

    await card.get_by_test_id("swap").click()
    for testid, index in (("swap-mine", 1), ("swap-theirs", 2)):
        await page.get_by_test_id(testid).select_option(index=index)
    await examine(page, "plans-swap")
    await page.get_by_test_id("swap-confirm").click()
    await expect(card.get_by_test_id("take-back")).to_have_count(2)

    evenings = team(page, "evenings")
    await evenings.get_by_test_id("rename").click()
    await page.get_by_test_id("rename-name").fill("nights")
    await page.get_by_test_id("rename-confirm").click()
    await expect(page.get_by_test_id("rename-dialog").get_by_test_id("fault-name")).to_have_text("is another team's")
    await page.get_by_test_id("rename-name").fill("late shift")
    await page.get_by_test_id("rename-confirm").click()
    late = team(page, "late shift")
    await late.get_by_test_id("delete").click()
    await expect(page.get_by_test_id("depends")).to_contain_text("demo")
    await expect(page.get_by_test_id("dialog-back")).to_be_focused()
    await examine(page, "plans-delete")
    await page.get_by_test_id("delete-confirm").click()
    await expect(page.get_by_test_id("team")).to_have_count(1)


async def test_a_rotation_is_set_by_keyboard_and_its_gaps_show_before_it_is_saved(visitors: Visitors) -> None:
    """Order by buttons; what was not saved is there again; a mistake is told next to its field."""
    page = await plans(visitors)
    card = team(page, "evenings")
    await card.get_by_test_id("edit").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_test_id("team-dialog")
    await expect(dialog.get_by_test_id("draft").get_by_test_id("gaps")).to_be_visible()
    order = dialog.get_by_test_id("order").locator("li")
    await expect(order.first).to_contain_text("Sam Rivera")
    await dialog.get_by_role("button", name="Move Lucía Ortega up").focus()
    await page.keyboard.press("Enter")
    await expect(order.first).to_contain_text("Lucía Ortega")
    await expect(dialog.get_by_role("button", name="Move Lucía Ortega down")).to_be_focused()
    await dialog.get_by_test_id("hand-over-day").select_option(label="Wednesday")
    await expect(dialog.get_by_test_id("begins")).to_have_value("2026-01-07")
    await page.keyboard.press("Escape")
    await expect(card.get_by_test_id("edit")).to_be_focused()

    await page.keyboard.press("Enter")
    await expect(dialog.get_by_test_id("taken-up")).to_be_visible()
    await expect(order.first).to_contain_text("Lucía Ortega")
    await dialog.get_by_test_id("add-shift").click()
    await dialog.get_by_test_id("shift-who").select_option(label="Sam Rivera")
    await dialog.get_by_test_id("shift-since").fill("2030-01-02T10:00")
    await dialog.get_by_test_id("shift-until").fill("2030-01-02T09:00")
    await dialog.get_by_test_id("team-confirm").click()
    await expect(dialog.get_by_test_id("fault-until")).to_have_text("This is not later than the beginning.")
    await expect(dialog.get_by_test_id("shift-until")).to_be_focused()
    await dialog.get_by_test_id("shift-until").fill("2030-01-02T18:00")
    await dialog.get_by_role("button", name="Take these hours out").click()
    await expect(dialog.get_by_test_id("no-gaps")).to_be_visible()
    await dialog.get_by_test_id("team-confirm").click()
    await expect(dialog).to_have_count(0)
    await expect(card.get_by_test_id("gaps")).to_have_count(0)


async def test_shifts_come_from_a_calendar_file(visitors: Visitors) -> None:
    """A wrong file says why; the right one puts Lucía on call."""
    page = await plans(visitors)
    card = team(page, "evenings")
    now = datetime.now(UTC)
    span = {"at": f"{now:%Y%m%dT%H%M%SZ}", "end": f"{now + timedelta(hours=8):%Y%m%dT%H%M%SZ}"}
    await card.get_by_test_id("calendar").click()
    chooser = page.get_by_test_id("calendar-file")

    async def give(who: str) -> None:
        text = CALENDAR.format(who=who, **span).replace("\n", "\r\n").encode()
        await chooser.set_input_files({"name": "turns.ics", "mimeType": "text/calendar", "buffer": text})
        await page.get_by_test_id("calendar-confirm").click()

    await give("Somebody Else")
    await expect(page.get_by_test_id("fault-file")).to_contain_text("Somebody Else")
    await examine(page, "plans-calendar")
    await give("Lucía Ortega")
    await expect(page.get_by_test_id("calendar-dialog")).to_have_count(0)
    await expect(card.get_by_test_id("on-call")).to_contain_text("Lucía Ortega")
    await card.get_by_test_id("calendar").click()
    async with page.expect_download() as found:
        await page.get_by_test_id("calendar-export").click()
    assert "BEGIN:VCALENDAR" in (await (await found.value).path()).read_text()


async def test_a_mistake_in_a_plan_shows_its_place_and_the_text_stays(visitors: Visitors) -> None:
    """Then it is checked, tried for Mia without being saved, and saved as a plan of its own."""
    page = await plans(visitors)
    text = page.get_by_test_id("policy-text")
    await expect(text).to_have_value(re.compile("name: demo"))
    wrong = "cancel_window: 0s\nsteps:\n  - after: 0s\n    tell: [dispatch]\n"
    await text.fill(wrong)
    await page.get_by_test_id("policy-name").fill("quick")
    await page.get_by_test_id("policy-save").click()
    mistake = page.get_by_test_id("mistake").filter(has_text="Line 4, column 5")
    await expect(mistake).to_be_visible()
    await expect(text).to_have_value(wrong)
    await examine(page, "plans-mistakes")
    await mistake.click()
    await expect(text).to_be_focused()
    await expect(page.get_by_test_id("place")).to_have_text("Line 4, column 5")

    right = wrong.replace("tell:", "# ours\n    notify:")
    await text.fill(right)
    # Another language draws the page anew; the text is still there.
    await page.get_by_test_id("language").select_option("es")
    await expect(page.get_by_test_id("unsaved")).to_be_visible()
    await page.get_by_test_id("language").select_option("en")
    await expect(text).to_have_value(right)
    await expect(page.get_by_test_id("policy-name")).to_have_value("quick")
    await page.get_by_test_id("policy-who").select_option(label="Mia Larsen")
    await page.get_by_test_id("policy-check").click()
    await expect(page.get_by_test_id("policy-holes")).to_contain_text("Dispatch")
    await page.get_by_test_id("policy-try").click()
    await expect(page.get_by_test_id("trial-draft")).to_be_visible()
    await expect(page.get_by_test_id("told").first).to_contain_text("Dispatch")
    await expect(page.get_by_test_id("told").first).to_contain_text("0:00")
    await page.get_by_test_id("policy-save").click()
    await expect(page.get_by_test_id("policy-saved")).to_contain_text("quick")
    await page.get_by_test_id("policy-which").select_option("demo")
    await expect(text).to_have_value(re.compile("name: demo"))
    await page.get_by_test_id("policy-which").select_option("quick")
    await expect(text).to_have_value(right)


async def test_whoever_is_only_on_duty_takes_turns_and_sets_nothing_up(visitors: Visitors) -> None:
    """No forms, no contacts of anybody: turns, what is open, and trying it."""
    token = await visitors.demo.employs("Robin Ames", "dispatcher")
    page = await visitors.open("/desk", {"width": WIDE["width"], "height": WIDE["height"]})
    await page.get_by_test_id("sign-in-token").fill(token)
    await page.get_by_test_id("sign-in").click()
    await page.get_by_test_id("to-plans").click()
    card = team(page, "evenings")
    await expect(card.get_by_test_id("take")).to_be_visible()
    for testid in ("new-team", "edit", "rename", "delete", "new-contact", "policy-save"):
        assert await page.get_by_test_id(testid).count() == 0, testid
    await card.get_by_test_id("take").click()
    await expect(card.get_by_test_id("on-call")).to_contain_text("Robin Ames")
    await examine(page, "plans-dispatcher")


async def test_turns_of_any_length_are_set(visitors: Visitors) -> None:
    """Twelve hours each, day and night."""
    page = await plans(visitors)
    await team(page, "evenings").get_by_test_id("edit").click()
    dialog = page.get_by_test_id("team-dialog")
    await dialog.get_by_test_id("length").select_option("other")
    await dialog.get_by_test_id("every").fill("0")
    await dialog.get_by_test_id("unit").select_option("hours")
    await dialog.get_by_test_id("team-confirm").click()
    await expect(dialog.get_by_test_id("fault-every")).to_have_text("A whole number from 1 on.")
    await dialog.get_by_test_id("every").fill("12")
    await dialog.get_by_role("button", name="Take these hours out").click()
    await dialog.get_by_test_id("team-confirm").click()
    await expect(dialog).to_have_count(0)
    await team(page, "evenings").get_by_test_id("edit").click()
    await expect(dialog.get_by_test_id("length")).to_have_value("other")
    await expect(dialog.get_by_test_id("every")).to_have_value("12")


async def test_a_plan_that_somebody_else_has_saved_meanwhile_is_not_put_aside_unasked(visitors: Visitors) -> None:
    """The first press says so; whoever presses again means it."""
    page = await plans(visitors)
    text = page.get_by_test_id("policy-text")
    await expect(text).to_have_value(re.compile("name: demo"))
    theirs = "name: demo\nsteps: [{after: 0s, notify: [dispatch]}]\n"
    origin = {"Origin": visitors.demo.url, "Content-Type": "text/plain"}
    answer = await page.request.put(f"{visitors.demo.url}/v1/policies/demo", data=theirs, headers=origin)
    assert answer.status == 200
    ours = "name: demo\nsteps: [{after: 0s, notify: [dispatch, contacts]}]\n"
    await text.fill(ours)
    await page.get_by_test_id("policy-save").click()
    await expect(page.get_by_test_id("policy-problem")).to_contain_text("Somebody else has saved this plan")
    await expect(text).to_have_value(ours)
    await page.get_by_test_id("policy-save").click()
    await expect(page.get_by_test_id("policy-saved")).to_be_visible()


@LOOKS
async def test_axe_finds_nothing_on_the_forms(visitors: Visitors, language: str, dark: bool) -> None:
    """A team with a mistake, on a wide and on a narrow screen; nothing is cut off at 390 pixels."""
    look = f"{language}-{'dark' if dark else 'light'}"
    page = await visitors.desk(language=language, dark=dark)
    if language == "es":
        await page.get_by_test_id("language").select_option("es")
    await page.get_by_test_id("to-plans").click()
    await page.get_by_test_id("policy-check").click()
    await expect(page.get_by_test_id("policy-result").locator("li, p").first).to_be_visible()
    await page.get_by_test_id("policy-text").scroll_into_view_if_needed()
    await examine(page, f"plans-text-{look}")
    await page.set_viewport_size(NARROW)
    await examine(page, f"plans-text-narrow-{look}")
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    for size, name in ((WIDE, "wide"), (NARROW, "narrow")):
        await page.set_viewport_size(size)
        await page.get_by_test_id("team").get_by_test_id("edit").click()
        dialog = page.get_by_test_id("team-dialog")
        if size == NARROW:
            await dialog.get_by_test_id("throw-away").click()
        await expect(dialog.get_by_test_id("draft").get_by_test_id("on-call")).to_be_visible()
        await examine(page, f"plans-team-{name}-{look}")
        await dialog.get_by_test_id("hand-over").fill("")
        await dialog.get_by_test_id("team-confirm").click()
        await expect(dialog.get_by_test_id("fault-hand_over")).not_to_be_empty()
        await examine(page, f"plans-team-fault-{name}-{look}")
        assert await dialog.evaluate("node => node.scrollWidth <= node.clientWidth")
        await dialog.get_by_test_id("dialog-back").click()

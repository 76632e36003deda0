"""The pages in Chromium: used as people use them, in both languages, light and dark, without one complaint of axe."""

from __future__ import annotations

import re
from typing import get_args
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from alerts.question_cards import Card
from tests.browser.visitor import DESK, PHONE, Visitors, enter_pin, examine, hold

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
LOOKS = pytest.mark.parametrize(("language", "dark"), [("en", False), ("en", True), ("es", False), ("es", True)])
PIN, TWIN = "2580", "7913"


async def told(page: Page) -> None:
    """The window is over and people are told."""
    await expect(page.get_by_test_id("mark-delivered")).to_have_attribute("data-reached", "yes", timeout=20_000)


async def test_from_the_button_to_the_desk_and_back(visitors: Visitors) -> None:
    """Hold the button, see it at the desk, acknowledge there, see it on the phone; the message lies in the outbox."""
    phone, desk = await visitors.phone(), await visitors.desk()
    await hold(phone)
    row = desk.get_by_test_id("incident-row")
    await expect(row).to_have_attribute("data-state", "pending", timeout=2_000)
    await expect(row.get_by_test_id("may-call")).to_contain_text("Code question first")
    await told(phone)
    await expect(row).to_have_attribute("data-state", "open")
    await expect(row.get_by_test_id("where")).to_contain_text("home is 18 Elm Street, flat 3")
    await expect(row.get_by_test_id("next")).to_have_text(re.compile(r"^In \d:\d\d: \w+"))
    await row.get_by_test_id("incident-open").click()
    await expect(desk.get_by_test_id("detail-title")).to_contain_text("Mia")
    await desk.get_by_test_id("acknowledge").click()
    await expect(row).to_have_attribute("data-state", "acknowledged")
    await expect(row.get_by_test_id("next")).to_have_text(re.compile(r"^Theirs for \d:\d\d more$"))
    await expect(phone.get_by_test_id("mark-seen")).to_have_attribute("data-reached", "yes", timeout=10_000)
    await desk.get_by_test_id("on-the-way").click()
    await expect(phone.get_by_test_id("mark-on-the-way")).to_have_attribute("data-reached", "yes", timeout=10_000)

    outbox = await visitors.open("/outbox", DESK)
    letters = outbox.get_by_test_id("outbox-message")
    await expect(letters.first).to_be_visible()
    assert await letters.count() >= 3
    await examine(desk, "desk-incident")
    await desk.get_by_test_id("script").click()
    await expect(desk.get_by_test_id("script-dialog")).to_contain_text("I am calling for")
    await examine(desk, "desk-script")
    await desk.keyboard.press("Escape")

    await desk.get_by_test_id("note-text").fill("Rang the neighbour.")
    await desk.get_by_test_id("note-send").click()
    await expect(desk.get_by_test_id("timeline")).to_contain_text("Rang the neighbour.")
    await desk.get_by_test_id("resolve").click()
    await desk.get_by_test_id("disposition-safe").check()
    await desk.get_by_test_id("resolve-confirm").click()
    await expect(desk.get_by_test_id("queue").get_by_test_id("incident-row")).to_have_count(0)
    await expect(outbox.get_by_test_id("outbox")).to_contain_text("closed", timeout=5_000)


@pytest.mark.parametrize("pin", [PIN, TWIN])
async def test_undo_looks_the_same_for_the_pin_and_its_twin(visitors: Visitors, pin: str) -> None:
    """And at the desk it does not."""
    phone, desk = await visitors.phone(), await visitors.desk()
    await hold(phone)
    await phone.get_by_test_id("cancel-open").click()
    await enter_pin(phone, "1111")
    await expect(phone.get_by_test_id("pin-said")).to_have_text("Not accepted. Try again.")
    await enter_pin(phone, pin)
    await expect(phone.get_by_test_id("under-way")).to_be_hidden(timeout=10_000)
    live = desk.get_by_test_id("queue").get_by_test_id("incident-row")
    if pin == PIN:
        await expect(live).to_have_count(0)
    else:
        await expect(live).to_have_attribute("data-state", "open")
        await expect(live).to_contain_text(re.compile("duress", re.IGNORECASE))


async def test_a_plan_is_started_and_marked_done(visitors: Visitors) -> None:
    """With the PIN."""
    phone = await visitors.phone()
    await phone.get_by_test_id("check-in-new").click()
    await phone.get_by_test_id("check-in-note").fill("Walk home")
    await examine(phone, "phone-plan")
    await phone.get_by_test_id("check-in-start").click()
    plan = phone.get_by_test_id("check-in")
    await expect(plan).to_contain_text("Walk home")
    await plan.get_by_test_id("check-in-complete").click()
    await enter_pin(phone, PIN)
    await expect(phone.get_by_test_id("check-in")).to_have_count(0)


async def test_she_is_on_her_way_and_arrives(visitors: Visitors) -> None:
    """Where to is asked behind the PIN and shown nowhere afterwards; being there ends it."""
    here = {"latitude": 41.8837, "longitude": -87.6289, "accuracy": 10}
    phone = await visitors.phone(geolocation=here, permissions=["geolocation"])
    await phone.get_by_test_id("way-open").click()
    await enter_pin(phone, PIN)
    await phone.get_by_text("the library").click()
    await examine(phone, "phone-way")
    await phone.get_by_test_id("way-start").click()
    plan = phone.get_by_test_id("check-in")
    await expect(plan).to_contain_text("On my way")
    assert "library" not in await phone.content()
    await phone.context.set_geolocation({"latitude": 41.8763, "longitude": -87.6281, "accuracy": 10})
    await expect(phone.get_by_test_id("check-in")).to_have_count(0, timeout=30_000)


async def test_the_desk_stays_near(visitors: Visitors) -> None:
    """One tap; the desk sees it without a sound, and where she is; she ends it with her PIN."""
    here = {"latitude": 41.8790, "longitude": -87.6289, "accuracy": 10}
    phone = await visitors.phone(geolocation=here, permissions=["geolocation"])
    desk = await visitors.desk()
    await phone.get_by_test_id("near-open").click()
    await examine(phone, "phone-near-choices")
    await phone.get_by_test_id("near-60").click()
    await expect(phone.get_by_test_id("near")).to_be_visible()
    row = desk.get_by_test_id("stay-near-row")
    await expect(row).to_contain_text("Mia Larsen")
    await expect(row).to_contain_text("north of the library", timeout=30_000)
    await examine(phone, "phone-near")
    await examine(desk, "desk-near")
    await phone.get_by_test_id("near-end").click()
    await enter_pin(phone, PIN)
    await expect(phone.get_by_test_id("near")).to_be_hidden()
    await expect(row).to_have_count(0)


async def test_what_she_is_asked_and_what_comes_again(visitors: Visitors) -> None:
    """A question with its answer, and a schedule in plain words that she pauses."""
    await visitors.demo.expects_mia_at_home()
    phone = await visitors.phone()
    await expect(phone.get_by_test_id("question")).to_contain_text("All well?")
    await expect(phone.get_by_test_id("schedule")).to_contain_text("every day at 21:00")
    await examine(phone, "phone-question")
    await phone.set_viewport_size({"width": 1280, "height": 800})
    await examine(phone, "phone-question-wide")
    await phone.get_by_test_id("question-well").click()
    await enter_pin(phone, PIN)
    await expect(phone.get_by_test_id("question")).to_have_count(0)
    await phone.get_by_test_id("schedule-pause").click()
    await enter_pin(phone, PIN)
    await expect(phone.get_by_test_id("schedule-resume")).to_be_visible()


async def test_after_an_outage_the_desk_reads_one_line(visitors: Visitors) -> None:
    """And it does not come back once it was understood."""
    await visitors.demo.was_away(people=12)
    desk = await visitors.desk()
    await expect(desk.get_by_test_id("outage")).to_contain_text("12 check-ins came due")
    await examine(desk, "desk-outage")
    await desk.get_by_test_id("outage-dismiss").click()
    await expect(desk.get_by_test_id("outage")).to_be_hidden()
    await desk.reload()
    await expect(desk.get_by_test_id("workspace")).to_be_visible()
    await expect(desk.get_by_test_id("outage")).to_be_hidden()


async def test_the_ping_page(visitors: Visitors) -> None:
    """What a bookmark opens: a page with one button."""
    page = await visitors.open(await visitors.demo.ping_path(), PHONE)
    await expect(page.locator("button")).to_be_visible()
    await examine(page, "ping")
    await page.set_viewport_size({"width": 1280, "height": 800})
    await examine(page, "ping-wide")
    await page.locator("button").click()
    await expect(page.locator("main")).to_contain_text("Saved")
    await examine(page, "ping-done")


async def test_messages_and_names_come_after_the_pin(visitors: Visitors) -> None:
    """Text to and from the responders."""
    phone, desk = await visitors.phone(), await visitors.desk()
    await hold(phone)
    await told(phone)
    await desk.get_by_test_id("incident-open").click()
    await desk.get_by_test_id("message-text").fill("Can you talk?")
    await desk.get_by_test_id("message-send").click()
    assert "Ana" not in await phone.content()
    await phone.get_by_test_id("messages-open").click()
    await enter_pin(phone, PIN)
    await expect(phone.get_by_test_id("names")).to_contain_text("Ana")
    await expect(phone.get_by_test_id("thread")).to_contain_text("Can you talk?")
    await phone.get_by_test_id("message-text").fill("No. Please come.")
    await phone.get_by_test_id("message-send").click()
    await expect(desk.get_by_test_id("timeline")).to_contain_text("No. Please come.", timeout=10_000)
    await examine(phone, "phone-messages")


async def test_a_contact_answers_by_link(visitors: Visitors) -> None:
    """On the page that the message opens."""
    phone, desk = await visitors.phone("Elena"), await visitors.desk()
    await hold(phone)
    await told(phone)
    outbox = await visitors.open("/outbox", DESK)
    link = await outbox.locator("a[href*='/m#']").first.get_attribute("href")
    assert link is not None
    parts = urlsplit(link)
    page = await visitors.open(f"{parts.path}#{parts.fragment}", PHONE)
    await expect(page.get_by_test_id("alert-title")).to_contain_text("Elena")
    assert parts.fragment not in page.url
    await page.get_by_test_id("answer-on_my_way").click()
    await expect(page.get_by_test_id("answered")).not_to_be_empty()
    await expect(desk.get_by_test_id("incident-row")).to_contain_text("Carla")
    await page.get_by_test_id("answer-call_me").click()
    await expect(page.get_by_test_id("answer-call_me")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_test_id("answer-on_my_way")).to_have_attribute("aria-pressed", "true")
    await desk.get_by_test_id("incident-open").click()
    await expect(desk.get_by_test_id("to-ring")).to_contain_text("Carla")
    reach = desk.get_by_test_id("reach")
    await expect(reach).to_contain_text("Mon, Tue, Wed, Thu, Fri 09:00–17:00")
    assert await reach.locator("a[href^='mailto:']").count() == 0
    # Nothing here rings: a browser without a telephone would wait for one.
    rings = reach.locator("a[href^='tel:']")
    await rings.evaluate("link => link.addEventListener('click', (event) => event.preventDefault())")
    await rings.click()
    await expect(desk.get_by_test_id("call-log")).to_contain_text("On a call with Elena")
    await expect(desk.get_by_test_id("timeline-entry").first).to_contain_text("call begun")
    await examine(desk, "desk-to-ring")
    await desk.get_by_test_id("call-end").click()
    await expect(desk.get_by_test_id("call-end")).to_be_hidden()
    await expect(desk.get_by_test_id("timeline-entry").first).to_contain_text("call ended")
    await examine(page, "contact-alert")


async def test_a_page_without_a_link_says_what_to_do(visitors: Visitors) -> None:
    """Not a blank screen."""
    phone = await visitors.open("/phone", PHONE)
    await expect(phone.get_by_test_id("setup")).to_be_visible()
    contact = await visitors.open("/m", PHONE)
    await expect(contact.get_by_test_id("problem")).to_be_visible()
    desk = await visitors.open("/desk", DESK)
    await expect(desk.get_by_test_id("sign-in-page")).to_be_visible()
    await examine(desk, "desk-sign-in")
    await desk.get_by_test_id("sign-in-token").fill("wrong")
    await desk.get_by_test_id("sign-in").click()
    await expect(desk.get_by_test_id("sign-in-problem")).not_to_be_empty()


async def test_a_phone_that_loses_its_network_presses_when_it_is_back(visitors: Visitors) -> None:
    """Nothing that was held is lost."""
    phone, desk = await visitors.phone(), await visitors.desk()
    await phone.context.set_offline(True)
    await hold(phone)
    await expect(phone.get_by_test_id("fallback")).to_be_visible(timeout=10_000)
    assert await desk.get_by_test_id("incident-row").count() == 0
    await phone.context.set_offline(False)
    await expect(desk.get_by_test_id("incident-row")).to_be_visible(timeout=15_000)
    visitors.complaints.clear()


async def test_the_desk_says_at_once_that_it_is_no_longer_live(visitors: Visitors) -> None:
    """Unmistakably, after five seconds without a sign of life."""
    desk = await visitors.desk()
    await visitors.demo.stop()
    await expect(desk.get_by_test_id("feed-lost")).to_be_visible(timeout=12_000)
    await visitors.demo.start()
    await expect(desk.get_by_test_id("feed-lost")).to_be_hidden(timeout=15_000)
    visitors.complaints.clear()


@LOOKS
async def test_axe_finds_nothing_on_the_phone(visitors: Visitors, language: str, dark: bool) -> None:
    """At 360 pixels: at rest, with an alarm under way, at the PIN pad."""
    look = f"{language}-{'dark' if dark else 'light'}"
    name = "Mia" if language == "en" else "Elena"
    phone = await visitors.phone(name, language=language, dark=dark)
    await examine(phone, f"phone-{look}")
    width = await phone.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    await hold(phone)
    await examine(phone, f"phone-pressed-{look}")
    await phone.get_by_test_id("cancel-open").click()
    await examine(phone, f"phone-pin-{look}")


@LOOKS
async def test_axe_finds_nothing_at_the_desk(visitors: Visitors, language: str, dark: bool) -> None:
    """Empty, with an incident, on a wide and on a narrow screen."""
    look = f"{language}-{'dark' if dark else 'light'}"
    desk = await visitors.desk(language=language, dark=dark)
    if language == "es":
        await desk.get_by_test_id("language").select_option("es")
    await examine(desk, f"desk-empty-{look}")
    phone = await visitors.phone(geolocation={"latitude": 41.8818, "longitude": -87.6231}, permissions=["geolocation"])
    await hold(phone)
    await desk.get_by_test_id("incident-open").first.click()
    await expect(desk.get_by_test_id("detail")).to_be_visible()
    await examine(desk, f"desk-{look}")
    await desk.set_viewport_size({"width": 420, "height": 800})
    await examine(desk, f"desk-narrow-{look}")


@LOOKS
async def test_axe_finds_nothing_on_the_other_pages(visitors: Visitors, language: str, dark: bool) -> None:
    """The start of the demo, its outbox, and what a contact sees."""
    look = f"{language}-{'dark' if dark else 'light'}"
    for path in ("/", "/outbox", "/contact"):
        page = await visitors.open(path, PHONE, language=language, dark=dark)
        await expect(page.locator("h1").first).to_be_visible()
        await examine(page, f"{path.strip('/') or 'start'}-{look}")


async def test_a_question_is_asked_and_answered_by_a_touch(visitors: Visitors) -> None:
    """Sam taps it, Mia's phone shows it, and her answer stands at the desk."""
    desk = await visitors.desk()
    phone = await visitors.phone()
    await hold(phone)
    await desk.get_by_test_id("incident-open").first.click()
    await desk.get_by_test_id("escalate").click()
    await desk.get_by_test_id("escalate-confirm").click()
    offered = await desk.locator("button[data-testid^=ask-]").evaluate_all("all => all.map(one => one.dataset.testid)")
    assert offered == [f"ask-{card}" for card in get_args(Card)], "each card that there is can be asked"
    await desk.get_by_test_id("ask-somebody_with_you").click()
    await expect(phone.get_by_test_id("card-text")).to_have_text("Is somebody with you now?")
    await examine(phone, "phone-asked")
    await phone.get_by_test_id("card-cannot-say").click()
    await expect(phone.get_by_test_id("card-said")).to_have_text("Answered: I can't say")
    await expect(desk.get_by_test_id("card-state")).to_have_text("Is somebody with you now? I can't say")
    await desk.get_by_test_id("card-state").scroll_into_view_if_needed()
    await examine(desk, "desk-asked")


async def test_a_plan_is_tried_before_it_is_needed(visitors: Visitors) -> None:
    """Sam looks who is on call, takes it, and sees who would be told if the mail server were down at three at night."""
    page = await visitors.desk()
    await page.get_by_test_id("to-plans").click()
    team = page.get_by_test_id("team")
    await expect(team.get_by_role("heading")).to_have_text("evenings")
    await page.get_by_test_id("trial-who").select_option(label="Mia Larsen")
    await page.get_by_test_id("trial-at").fill("2026-11-29T03:10")
    dead = page.get_by_test_id("trial-dead").get_by_label("E-mail")
    await dead.check()
    await page.get_by_test_id("trial-asleep").get_by_label("Ben Larsen").check()
    # The plan is read anew when a turn has changed: what is ticked stays ticked.
    async with page.expect_response("**/plan"):
        await team.get_by_test_id("take").click()
    await expect(team.get_by_test_id("on-call")).to_contain_text("Sam Rivera")
    await expect(dead).to_be_checked()

    await page.get_by_test_id("trial-go").click()
    await expect(page.get_by_test_id("verdict")).to_contain_text("0:10")
    first = page.get_by_test_id("told").first
    await expect(first).to_have_attribute("data-outcome", "failed")
    await expect(page.get_by_test_id("told").filter(has_text="Ben Larsen").first).to_contain_text("does not notice")
    await examine(page, "plans-tried")

    await page.get_by_test_id("check").click()
    await expect(page.get_by_test_id("open-plan").first).to_be_visible()
    await page.get_by_test_id("to-desk").click()
    await expect(page.get_by_test_id("open-count")).to_have_text("2 open")
    await page.get_by_test_id("to-plans").click()
    await page.get_by_test_id("open-plan").first.get_by_test_id("try").click()
    await expect(page.get_by_test_id("holes").locator("li").first).to_be_visible()


@LOOKS
async def test_axe_finds_nothing_on_the_page_of_plans(visitors: Visitors, language: str, dark: bool) -> None:
    """On a wide and on a narrow screen."""
    look = f"{language}-{'dark' if dark else 'light'}"
    page = await visitors.desk(language=language, dark=dark)
    if language == "es":
        await page.get_by_test_id("language").select_option("es")
    await page.get_by_test_id("to-plans").click()
    await expect(page.get_by_test_id("team")).to_be_visible()
    await page.get_by_test_id("trial-go").click()
    await expect(page.get_by_test_id("verdict")).to_be_visible(timeout=15_000)
    await examine(page, f"plans-{look}")
    await page.set_viewport_size({"width": 390, "height": 800})
    await examine(page, f"plans-narrow-{look}")

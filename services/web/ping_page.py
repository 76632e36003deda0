"""The page behind a ping's address: one button and no script, in words that tell nobody what it is for."""

from __future__ import annotations

import html
from typing import Literal

from aiohttp import web

from services.web.pages import HEADERS, POLICY
from services.wording.catalogue import known_language, say

Showing = Literal["open", "done", "nothing", "app_only", "over", "later", "unknown"]
# It posts to its own address, and loads nothing but a style sheet.
OWN_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": POLICY.replace("form-action 'none'", "form-action 'self'").replace(
        "script-src 'self'", "script-src 'none'"
    ),
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Cache-Control": "no-store",
}
FORM = """
      <form method="post" class="answers">
        <input type="hidden" name="check_in" value="{check_in}">
        <button type="submit" class="primary">{button}</button>
      </form>"""
PAGE = """<!doctype html>
<html lang="{language}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
    <meta name="referrer" content="no-referrer">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>{title}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/pages/shared/base.css">
    <link rel="stylesheet" href="/pages/contact/contact.css">
  </head>
  <body>
    <main class="letter-page">
      <h1>{title}</h1>
      <p role="status">{text}</p>{form}
    </main>
  </body>
</html>
"""


def ping_page(language: str, showing: Showing, *, check_in: str = "", status: int = 200) -> web.Response:
    """The page in one of its states."""
    form = ""
    if showing in {"open", "later"}:
        # With the check-in that the page was about: a second tap does not complete the next one.
        button = say(language, "ping", f"{showing}.button")
        form = FORM.format(check_in=html.escape(check_in), button=html.escape(button))
    text = PAGE.format(
        language=known_language(language),
        title=html.escape(say(language, "ping", "page.title")),
        text=html.escape(say(language, "ping", f"{showing}.text")),
        form=form,
    )
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=OWN_HEADERS)

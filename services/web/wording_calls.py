"""The catalogue for the pages."""

from __future__ import annotations

from services.web.call import Call, Reply, Route
from services.web.problems import Problem
from services.wording.catalogue import languages, raw_part
from services.wording.neutral_words import neutral_languages


async def listed(_call: Call) -> Reply:
    """The languages there are: those of the pages, and those in which there are neutral words for contacts alone."""
    return Reply(body={"languages": languages(), "neutral": sorted(neutral_languages())})


async def part(call: Call) -> Reply:
    """One part of the catalogue in one language."""
    raw = raw_part(call.path("language"), call.path("part"))
    if raw is None:
        raise Problem("not-found")
    return Reply(body=raw, headers={"Cache-Control": "no-cache"})


ROUTES = (
    Route(method="GET", path="/v1/wording", handler=listed, who=("anybody",), summary="The languages"),
    Route(
        method="GET",
        path="/v1/wording/{language}/{part}",
        handler=part,
        who=("anybody",),
        summary="The words of a page",
    ),
)

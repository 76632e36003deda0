"""What machines ask: is it alive, is it ready, how is it doing, what can be called."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import generate_latest

from services.web.call import Call, Reply, Route
from services.web.openapi import document
from streams.ending import in_time

READY_WITHIN = 2.0


async def healthz(_call: Call) -> Reply:
    """The process turns over."""
    return Reply(body={"status": "ok"})


async def readyz(call: Call) -> Reply:
    """A process that is called can take a press durably; any other one has lately gone through a full engine cycle."""
    service = call.service
    problems = service.vitals.problems()
    if service.role in {"all", "api"}:
        try:
            await in_time(service.intake.write(lambda tx: tx.beat("readyz", call.now), 0), READY_WITHIN)
            ready = True
        except Exception:  # noqa: BLE001 - whatever it is, nothing can be kept
            ready = False
            problems.append("intake")
    else:
        ready = service.vitals.cycled()
        problems += [] if ready else ["cycle"]
    body = {"status": "ready" if ready else "not ready", "degraded": bool(problems), "problems": problems}
    return Reply(body=body, status=200 if ready else 503)


async def metrics(call: Call) -> web.Response:
    """Prometheus' text format 0.0.4; numbers only, of nobody in particular."""
    figures = call.service.metrics
    figures.consoles.set(call.service.feed.readers)
    await call.service.vitals.fill(figures)
    await call.service.vitals.waiting(figures)
    raw = generate_latest(figures.registry)
    return web.Response(body=raw, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def openapi(call: Call) -> Reply:
    """The contract, made from the same types that validate."""
    return Reply(body=document(call.service.routes))


ROUTES = (
    Route(method="GET", path="/healthz", handler=healthz, who=("anybody",), summary="The process turns over"),
    Route(method="GET", path="/readyz", handler=readyz, who=("anybody",), summary="It can take a press durably"),
    Route(method="GET", path="/metrics", handler=metrics, who=("anybody",), summary="Figures for Prometheus"),
    Route(method="GET", path="/openapi.json", handler=openapi, who=("anybody",), summary="This document"),
)

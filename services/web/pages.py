"""The pages: files that lie in `services/pages`, served as they are, under a policy that lets nothing else in."""

from __future__ import annotations

import hashlib
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec
from aiohttp import web

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cache-Control": "no-cache",
}
ADDRESSES = {"/desk": "desk", "/plans": "plans", "/phone": "phone", "/contact": "contact", "/m": "contact"}
FORMER_ADDRESSES = {"/alert": "contact"}
"""Links of a former release that are under way lead to where they did."""
DEMO_ADDRESSES = {"/": "start", "/outbox": "outbox"}


class Page(msgspec.Struct, frozen=True):
    """A file, ready to be sent."""

    body: bytes
    kind: str
    tag: str


def read_pages() -> dict[str, Page]:
    """Every file by its path below `pages/`."""
    found: dict[str, Page] = {}

    def walk(folder: Traversable, path: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                walk(entry, f"{path}{entry.name}/")
                continue
            kind = KINDS.get("." + entry.name.rpartition(".")[2])
            if kind is not None:
                body = entry.read_bytes()
                found[path + entry.name] = Page(body, kind, f'"{hashlib.sha256(body).hexdigest()[:20]}"')

    walk(resources.files("services").joinpath("pages"), "")
    return found


def add_pages(app: web.Application, *, demo: bool) -> None:
    """Serves the pages, and the demo's own where it is one."""
    pages = read_pages()

    def answer(request: web.Request, page: Page | None) -> web.Response:
        if page is None:
            return web.Response(status=404, text="There is no such page.", headers=HEADERS)
        headers = {**HEADERS, "ETag": page.tag}
        if request.headers.get("If-None-Match") == page.tag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=page.body, headers={**headers, "Content-Type": page.kind})

    def handler(folder: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - what aiohttp calls a handler
        async def handle(request: web.Request) -> web.Response:
            return answer(request, pages.get(f"{folder}/index.html"))

        return handle

    async def asset(request: web.Request) -> web.Response:
        path = request.match_info["path"]
        return answer(request, None if path.endswith(".html") else pages.get(path))

    for address, folder in (ADDRESSES | FORMER_ADDRESSES | (DEMO_ADDRESSES if demo else {})).items():
        app.router.add_get(address, handler(folder))
    app.router.add_get("/pages/{path:.+}", asset)

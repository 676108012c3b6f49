"""The web page at `/`: four files of the package, coloured by `recordings.palette`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files

from fastapi import FastAPI, Request
from fastapi.responses import Response

from recordings import palette

_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
}
_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "sessions.js": "text/javascript; charset=utf-8",
}


def add_page(app: FastAPI) -> None:
    """Serve the page."""
    for name, kind in _TYPES.items():
        content = _content(name)
        path = "/" if name == "index.html" else f"/{name}"
        # A route for each, so that no path of a client ever names a file.
        app.add_route(path, _answer(content, kind), include_in_schema=False)


def _answer(content: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return Response(content, media_type=kind, headers=_HEADERS)

    return answer


def _content(name: str) -> str:
    text = (files("acquire.server.api") / "web" / name).read_text(encoding="utf-8")
    if name == "page.css":
        text = text.replace("LIGHT", palette.css_variables(palette.LIGHT), 1)
        text = text.replace("DARK", palette.css_variables(palette.DARK), 1)
        text = text.replace("FONT", palette.FONT, 1)
    return text

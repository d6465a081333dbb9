"""The ASGI application and the server around it."""

import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from solidarity_spectrum.resources import ONTOLOGY
from solidarity_spectrum.service.catalogue import Catalogue
from solidarity_spectrum.service.negotiation import best_type
from solidarity_spectrum.service.pages import Pages
from solidarity_spectrum.service.pool import Pool
from solidarity_spectrum.service.publication import Publication
from solidarity_spectrum.service.search import Search
from solidarity_spectrum.service.settings import Settings
from solidarity_spectrum.service.sparql import GRAPHS, HTML, Problem, answer, problem_response, read_operation
from solidarity_spectrum.service.sparql import service_description as describe

logger = logging.getLogger("solidarity_spectrum.service")

_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


_OUR_FAULT = Problem(500, "Internal error", "Something went wrong here. This is our fault, not yours.")


class _Envelope:
    """Puts the security headers on every response and writes one log line for it, with nothing about the visitor."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status, size = 0, 0

        async def send_on(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception:
            logger.exception(json.dumps({"event": "failure", "path": scope["path"]}, ensure_ascii=False))
            if status:
                raise  # the response has begun: only breaking it off tells the client
            await problem_response(Request(scope), _OUR_FAULT)(scope, receive, send_on)
        finally:
            line = {
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "bytes": size,
                "ms": round((time.perf_counter() - begun) * 1000, 1),
            }
            logger.info(json.dumps(line, ensure_ascii=False))


def create_app(store_dir: Path, *, settings: Settings) -> Starlette:
    """The service over the built store in `store_dir`. Starting it raises Unavailable or OSError without a store."""
    pool = Pool(store_dir, settings)
    pages = Pages(pool, settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await pool.start()
        try:
            yield
        finally:
            await pool.close()

    async def sparql(request: Request) -> Response:
        operation = await read_operation(request, settings)
        if operation.query is None:
            media_type = best_type(request.headers.get("accept"), [*GRAPHS.values(), HTML])
            if media_type is None:
                raise Problem(406, "Not acceptable", "The service description is offered in RDF, the form in HTML.")
            if media_type == HTML:
                return await pages.query_form(request, operation)
            body = describe(str(request.url.replace(query="")), media_type)
            return Response(body, media_type=media_type, headers={"Vary": "Accept", "Cache-Control": "no-cache"})
        response = await answer(request, pool, settings, operation)
        return response or await pages.query_form(request, operation)

    async def context(_: Request) -> Response:
        return FileResponse(ONTOLOGY / "context.jsonld", media_type="application/ld+json")

    async def rules(_: Request) -> Response:
        return RedirectResponse("/page/shapes", 303)  # the browser keeps the fragment, which names the rule

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        return PlainTextResponse("ready\n" if pool.ready else "loading\n", 200 if pool.ready else 503)

    async def on_problem(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            error = Problem(error.status_code, error.detail, headers=dict(error.headers or {}))
        assert isinstance(error, Problem)
        return pages.error(request, error) or problem_response(request, error)

    middleware = [Middleware(_Envelope)]
    if settings.cors:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=["GET", "HEAD", "POST"],
                allow_headers=["Accept", "Accept-Language", "Content-Type", "If-None-Match", "Range"],
                expose_headers=[
                    "Content-Encoding",
                    "Content-Location",
                    "Content-Range",
                    "ETag",
                    "Link",
                    "Location",
                    "Retry-After",
                ],
            )
        )
    return Starlette(
        routes=[
            Route("/sparql", sparql, methods=["GET", "POST"]),
            Route("/context.jsonld", context),
            Route("/docs/rules", rules),
            Route("/health", health),
            Route("/ready", ready),
            Mount("/static", StaticFiles(packages=[("solidarity_spectrum.service", "static")])),
            *Catalogue(pages, pool).routes(),
            *Publication(pages, pool).routes(),
            *Search(pages).routes(),
            *pages.routes(),
        ],
        middleware=middleware,
        exception_handlers={Problem: on_problem, HTTPException: on_problem},
        lifespan=lifespan,
    )


def serve(store_dir: Path, host: str, port: int, *, settings: Settings | None = None) -> None:
    """Serve the built store in `store_dir` until a signal ends it; exit with status 3 if it cannot start."""
    settings = settings or Settings()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    uvicorn.run(
        create_app(store_dir, settings=settings),
        host=host,
        port=port,
        access_log=False,  # it would hold the addresses of visitors and, in query texts, what they look for
        log_level="warning",
        server_header=False,
        limit_concurrency=8 * (settings.queue + settings.workers),
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=3 * settings.max_query_bytes + 32_768,
    )

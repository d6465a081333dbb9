"""The ASGI application and the server around it."""

import asyncio
import contextlib
import logging
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from solidarity_spectrum.resources import ONTOLOGY
from solidarity_spectrum.service import graphstore
from solidarity_spectrum.service.catalogue import Catalogue
from solidarity_spectrum.service.graphstore import GraphStore
from solidarity_spectrum.service.http import UNIX, Envelope, NamedPeer, protocol
from solidarity_spectrum.service.judging import Judging
from solidarity_spectrum.service.limits import LOCAL, client
from solidarity_spectrum.service.metrics import CONTENT_TYPE, Metrics
from solidarity_spectrum.service.negotiation import best_type
from solidarity_spectrum.service.pages import Pages
from solidarity_spectrum.service.pool import Pool
from solidarity_spectrum.service.publication import Publication
from solidarity_spectrum.service.quarantine import Quarantine
from solidarity_spectrum.service.remote import Remote
from solidarity_spectrum.service.search import Search
from solidarity_spectrum.service.settings import Settings
from solidarity_spectrum.service.sparql import (
    GRAPHS,
    HTML,
    Problem,
    answer,
    problem_response,
    read_operation,
    update,
)
from solidarity_spectrum.service.sparql import service_description as describe

logger = logging.getLogger("solidarity_spectrum.service")


def create_app(store_dir: Path, *, settings: Settings) -> Starlette:
    """The service over the built store in `store_dir`. Starting it raises Unavailable or OSError without a store."""
    metrics = Metrics()
    pool = Pool(store_dir, settings, metrics)
    pages = Pages(pool, settings)
    remote = Remote(settings)
    store = GraphStore(pool, settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await pool.start()
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):  # not in the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, pool.reload)
        try:
            yield
        finally:
            await pool.close()

    async def sparql(request: Request) -> Response:
        operation = await read_operation(request, settings)
        if operation.update is not None:
            return await update(pool, settings, operation, remote)
        if operation.query is None:
            media_type = best_type(request.headers.get("accept"), [*GRAPHS.values(), HTML])
            if media_type is None:
                raise Problem(406, "Not acceptable", "The service description is offered in RDF, the form in HTML.")
            if media_type == HTML:
                return await pages.query_form(request, operation, remote)
            body = describe(str(request.url.replace(query="")), media_type, settings)
            return Response(body, media_type=media_type, headers={"Vary": "Accept", "Cache-Control": "no-cache"})
        response = await answer(request, pool, settings, operation, remote)
        return response or await pages.query_form(request, operation, remote)

    async def context(_: Request) -> Response:
        return FileResponse(ONTOLOGY / "context.jsonld", media_type="application/ld+json")

    async def record_schema(_: Request) -> Response:
        return FileResponse(ONTOLOGY / "records.schema.json", media_type="application/schema+json")

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        return PlainTextResponse("ready\n" if pool.ready else "loading\n", 200 if pool.ready else 503)

    async def count(request: Request) -> Response:
        forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
        if not settings.public_metrics and (client.get() != LOCAL or forwarded):
            raise HTTPException(404)
        return Response(metrics.text(pool.gauges(), pool.build), media_type=CONTENT_TYPE)

    async def on_problem(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            error = Problem(error.status_code, error.detail, headers=dict(error.headers or {}))
        assert isinstance(error, Problem)
        return pages.error(request, error) or problem_response(request, error)

    middleware = [
        Middleware(NamedPeer),
        Middleware(ProxyHeadersMiddleware, trusted_hosts=[*settings.trusted_proxies, UNIX]),
        Middleware(Envelope, settings=settings, metrics=metrics),
    ]
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
    application = Starlette(
        routes=[
            Route("/sparql", sparql, methods=["GET", "POST"]),
            Route(graphstore.PATH, store.handle, methods=["GET", "PUT", "POST", "DELETE"]),
            Route(graphstore.PATH + "/{name:path}", store.handle, methods=["GET", "PUT", "POST", "DELETE"]),
            Route("/metrics", count),
            Route("/context.jsonld", context),
            Route("/records.schema.json", record_schema),
            Route("/health", health),
            Route("/ready", ready),
            Mount("/static", StaticFiles(packages=[("solidarity_spectrum.service", "static")])),
            *Catalogue(pages, pool, settings.quarantine is not None).routes(),
            *Publication(pages, pool).routes(),
            *Search(pages).routes(),
            *Judging(pages, pool, settings).routes(),
            *(Quarantine(pool, settings).routes() if settings.quarantine else []),
            *pages.routes(),
        ],
        middleware=middleware,
        exception_handlers={Problem: on_problem, HTTPException: on_problem},
        lifespan=lifespan,
    )
    application.state.metrics = metrics
    return application


def serve(
    store_dir: Path, host: str, port: int, *, settings: Settings | None = None, unix_socket: Path | None = None
) -> None:
    """Serve the built store in `store_dir` until a signal ends it; exit with status 3 if it cannot start.

    With `unix_socket`, that is listened on instead of host and port.
    """
    settings = settings or Settings()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    _allow_files(settings.connections + 256)
    application = create_app(store_dir, settings=settings)
    if unix_socket:
        unix_socket.unlink(missing_ok=True)
    uvicorn.run(
        application,
        host=host,
        port=port,
        uds=str(unix_socket) if unix_socket else None,
        http=protocol(settings, application.state.metrics),
        ws="none",
        proxy_headers=False,  # the application sees to it
        access_log=False,  # it would hold the addresses of visitors and, in query texts, what they look for
        log_level="warning",
        server_header=False,
        backlog=1024,
        timeout_graceful_shutdown=int(settings.query_timeout) + 2,
        h11_max_incomplete_event_size=3 * settings.max_query_bytes + 32_768,
    )


def _allow_files(wanted: int) -> None:
    """Let this process hold so many connections open, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

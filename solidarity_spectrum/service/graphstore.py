"""The SPARQL 1.1 Graph Store HTTP Protocol, at /store.

A graph is named by `?graph=IRI`, the default graph by `?default`; a graph whose IRI begins with the address of the
store is named by its own address. To read without a name is to read all graphs. Everybody may read; who holds the token
of the service may write.
Source of the rules: https://www.w3.org/TR/sparql11-http-rdf-update/
"""

import uuid
from typing import Any

import pyoxigraph as ox
from starlette.requests import Request
from starlette.responses import Response

from solidarity_spectrum.service import multipart
from solidarity_spectrum.service.multipart import MULTIPART
from solidarity_spectrum.service.negotiation import best_type
from solidarity_spectrum.service.pool import Absent, Pool
from solidarity_spectrum.service.settings import Settings
from solidarity_spectrum.service.sparql import (
    GRAPHS,
    QUERY_ERRORS,
    Problem,
    as_problem,
    authorise,
    entity_tag,
    not_modified,
    parse_parameters,
    read_body,
    while_connected,
)

PATH = "/store"
_TAKEN = ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json")
_DATASETS = (GRAPHS["nq"], GRAPHS["trig"])


class GraphStore:
    """The handlers of the graph store, over one pool."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._settings = settings

    async def handle(self, request: Request) -> Response:
        """Any operation. Raises Problem."""
        if request.method in ("GET", "HEAD"):
            return await self.read(request, _graph(request))
        if self._settings.token is None:
            raise Problem(405, "Read-only", "This service takes no writes.", {"Allow": "GET, HEAD"})
        authorise(request, self._settings)
        try:
            return await self.write(request)
        except Absent:
            raise _absent() from None
        except QUERY_ERRORS as error:
            raise as_problem(error) from error

    async def read(self, request: Request, graph: str | None) -> Response:
        """The graph, in the format that the client likes best. Raises Problem."""
        offered = _DATASETS if graph == "" else tuple(GRAPHS.values())
        media_type = best_type(request.headers.get("accept"), offered)
        if media_type is None:
            raise Problem(406, "Not acceptable", f"This can be had as: {', '.join(offered)}.")
        headers = {"Cache-Control": "no-cache", "Vary": "Accept"}
        try:
            body, build = await while_connected(
                request, self._pool.dump(media_type) if graph == "" else self._pool.graph(graph, media_type)
            )
        except Absent:
            raise _absent() from None
        except QUERY_ERRORS as error:
            raise as_problem(error) from error
        headers["ETag"] = entity_tag(build, graph, media_type)
        if not_modified(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        content_type = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
        return Response(body, headers={**headers, "Content-Type": content_type})

    async def write(self, request: Request) -> Response:
        """PUT, POST or DELETE of a client who may write. Raises Problem, Absent and what the pool raises."""
        graph, made = _graph(request), None
        if graph == "":
            if request.method != "POST":
                raise Problem(400, "No graph", "Name the graph: ?graph=IRI or ?default.")
            graph = made = f"{_address(request).rstrip('/')}/{uuid.uuid4()}"
        operation: dict[str, Any] = {"op": request.method.lower(), "graph": graph, "replayable": True}
        body = b""
        if request.method != "DELETE":
            body = await read_body(request, self._settings.max_graph_bytes, self._settings)
            parts = _parts(request.headers.get("content-type", ""), body)
            operation["base"] = graph or _address(request)
            operation["parts"] = [(media_type, len(part)) for media_type, part in parts]
            body = b"".join(part for _, part in parts)
        new = await self._pool.write(operation, body)
        headers = {"Cache-Control": "no-store"}
        if made:
            headers["Location"] = made
        return Response(status_code=201 if new else 204, headers=headers)


def _absent() -> Problem:
    return Problem(404, "No such graph", "The store holds no graph of this name.")


def _address(request: Request) -> str:
    return str(request.url.replace(query="", fragment=""))


def _graph(request: Request) -> str | None:
    """The IRI of the graph that a request names: None for the default graph, empty for none. Raises Problem 400."""
    parameters = parse_parameters(request.scope["query_string"])
    named = [value for name, value in parameters if name == "graph"]
    default = any(name == "default" for name, _ in parameters)
    if request.scope["path"] != PATH:  # named directly, and decoded by nobody on the way
        if parameters:
            raise Problem(400, "Two names", "The address names the graph: there is nothing to ask besides.")
        raw = request.scope.get("raw_path", b"").decode("latin-1")
        named = [str(request.url.replace(path=raw, query=""))]
    if len(named) + default > 1:
        raise Problem(400, "Two names", "Name one graph: ?graph=IRI or ?default.")
    if default:
        return None
    if not named:
        return ""
    try:
        ox.NamedNode(named[0])
    except ValueError as error:
        raise Problem(400, "Not an IRI", "The name of a graph is an absolute IRI.") from error
    return named[0]


def _parts(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    """The documents of a body, each with its media type. Raises Problem."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == MULTIPART:
        pieces = multipart.parts(content_type, body)
        return [part for piece in pieces for part in _parts(piece.content_type, piece.content)]
    if media_type not in _TAKEN:
        raise Problem(415, "Unsupported media type", f"Send a graph as {', '.join(_TAKEN)}.")
    if "charset=" in content_type.lower() and "utf-8" not in content_type.lower():
        raise Problem(415, "Unsupported media type", "Send a graph in UTF-8.")
    return [(media_type, body)]

"""The SPARQL 1.1 Protocol's query and update operations, and what lies around them: errors, formats, tokens, service
description.

Source of the rules: https://www.w3.org/TR/sparql11-protocol/ and https://www.w3.org/TR/sparql11-service-description/
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urljoin

import pyoxigraph as ox
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from solidarity_spectrum.guard import Refused, Scan, UpdateScan, scan, scan_update
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service import writes
from solidarity_spectrum.service.negotiation import best_type
from solidarity_spectrum.service.pool import PREFIXES, BadQuery, Crashed, Dataset, Extra, Pool, Unavailable, WrongFormat
from solidarity_spectrum.service.remote import Remote, RemoteFailed
from solidarity_spectrum.service.settings import Settings
from solidarity_spectrum.void import DATASET, VOID

T = TypeVar("T")

TABLES = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}
GRAPHS = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
    "trig": "application/trig",
    "nq": "application/n-quads",
}
_ALIASES = {"application/json": TABLES["json"], "application/xml": TABLES["xml"], "text/xml": TABLES["xml"]}
HTML = "text/html"
_PROBLEM_TYPES = ("application/problem+json", "text/plain", "application/json")
_FORM_TYPE = "application/x-www-form-urlencoded"
_QUERY_TYPE = "application/sparql-query"
_UPDATE_TYPE = "application/sparql-update"
_SCAN_ASIDE = 10_000  # bytes from which reading the tokens would hold up other requests
_GONE_SECONDS = 0.25
_SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
_FORMAT_NAMES = (
    *("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV"),
    *("Turtle", "N-Triples", "JSON-LD", "RDF_XML", "TriG", "N-Quads"),
)


class Problem(Exception):
    """An answer other than the one asked for: an HTTP status and why, in words for the reader."""

    def __init__(self, status: int, title: str, detail: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = headers or {}


def problem_response(request: Request, problem: Problem) -> Response:
    """The problem as problem details (RFC 9457) or plain text, whichever the client prefers."""
    media_type = best_type(request.headers.get("accept"), _PROBLEM_TYPES) or _PROBLEM_TYPES[0]
    headers = {"Cache-Control": "no-store", "Vary": "Accept", **problem.headers}
    if media_type == "text/plain":
        return Response(f"{problem.title}\n{problem.detail}\n", problem.status, headers, media_type)
    document = {"type": "about:blank", "title": problem.title, "status": problem.status, "detail": problem.detail}
    return Response(json.dumps(document, ensure_ascii=False), problem.status, headers, _PROBLEM_TYPES[0])


async def read_body(request: Request, limit: int, settings: Settings) -> bytes:
    """The body of a request.

    Raises Problem 413 as soon as it says or turns out to be longer than `limit` bytes, 408 if it comes more slowly
    than it may, 499 if the client goes away, and 415 if it is compressed: a few bytes could become very many.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "Compressed", "Send the body as it is, without a content encoding.")
    too_large = Problem(413, "Too large", f"The body is longer than {limit} bytes, the limit here.")
    claimed = request.headers.get("content-length", "")
    if claimed.isdigit() and int(claimed[:20]) > limit:
        raise too_large
    body = bytearray()
    begun = time.monotonic()
    chunks = request.stream()
    too_slow = Problem(408, "Too slow", f"The body must come at {settings.min_rate} bytes a second or faster.")
    while True:
        left = begun + settings.head_seconds + len(body) / settings.min_rate - time.monotonic()
        try:
            async with asyncio.timeout(max(0, left)):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise too_slow from None
        except ClientDisconnect:
            raise Problem(499, "Gone", "The client has closed the connection.") from None
        if chunk is None:
            return bytes(body)
        body += chunk
        if len(body) > limit:
            raise too_large


def authorise(request: Request, settings: Settings) -> None:
    """Let pass who may write. Raises Problem 403 where nobody may, 401 without the right token."""
    if settings.token is None:
        raise Problem(403, "Read-only", "This service takes no updates: it was not started for them.")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    # Bytes, because text with other letters than ASCII cannot be compared in constant time.
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), settings.token.encode()):
        headers = {"WWW-Authenticate": 'Bearer realm="updates"'}
        raise Problem(401, "Token needed", "Send the token of this service: Authorization: Bearer TOKEN.", headers)


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives; it is cancelled when the client goes away, which is then told by Problem 499."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=_GONE_SECONDS))[0]:
            if await request.is_disconnected():
                raise Problem(499, "Gone", "The client has closed the connection.")
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def parse_parameters(text: bytes) -> list[tuple[str, str]]:
    """Names and values of a form. Raises Problem 400 if they are not UTF-8."""
    try:
        return parse_qsl(text.decode(), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except UnicodeDecodeError as error:
        raise Problem(400, "Not UTF-8", "The parameters are not encoded in UTF-8.") from error
    except ValueError as error:
        raise Problem(400, "Bad parameters", "There are too many parameters.") from error


@dataclass(frozen=True, slots=True)
class Operation:
    """A query or an update operation as the protocol carries it. `query` is None when there is none."""

    query: str | None
    dataset: Dataset
    chosen: str | None
    """The key of a format chosen by the parameter `format`, which browsers need: their Accept header is not theirs."""
    update: str | None = None


async def read_operation(request: Request, settings: Settings) -> Operation:
    """Read an operation by GET, form or direct POST; for an update the client must hold the token. Raises Problem."""
    # Percent-encoding triples a byte at worst; the scan then judges the query itself.
    limit = 3 * settings.max_query_bytes + 10_000
    raw = request.scope["query_string"]
    if len(raw) > limit:
        raise Problem(414, "Too long", f"The query is longer than {settings.max_query_bytes} bytes, the limit here.")
    parameters = parse_parameters(raw)
    direct = None
    if request.method == "POST":
        content_type, *options = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
        charset = next((option[8:].strip('"') for option in options if option.startswith("charset=")), "utf-8")
        if content_type == _UPDATE_TYPE:
            authorise(request, settings)
        if content_type not in (_FORM_TYPE, _QUERY_TYPE, _UPDATE_TYPE) or charset != "utf-8":
            offered = f"{_QUERY_TYPE}, {_UPDATE_TYPE} or {_FORM_TYPE}"
            raise Problem(415, "Unsupported media type", f"Send {offered}, in UTF-8.")
        if content_type != _QUERY_TYPE and settings.token is not None:
            limit = max(limit, 3 * settings.max_update_bytes + 10_000)
        body = await read_body(request, limit, settings)
        if content_type == _FORM_TYPE:
            parameters += parse_parameters(body)
        else:
            direct = "query" if content_type == _QUERY_TYPE else "update"
            try:
                parameters.append((direct, body.decode()))
            except UnicodeDecodeError as error:
                raise Problem(400, "Not UTF-8", f"The {direct} is not encoded in UTF-8.") from error
    values: dict[str, list[str]] = {}
    for name, value in parameters:
        values.setdefault(name, []).append(value)
    queries, updates = values.get("query", []), values.get("update", [])
    chosen = values.get("format", [None])[-1] or None
    if updates:
        return Operation(None, _update_dataset(values), chosen, _update(request, queries, updates, settings))
    if len(queries) > 1:
        raise Problem(400, "Two queries", "There must be exactly one query; this request has several.")
    dataset = Dataset(tuple(values.get("default-graph-uri", ())), tuple(values.get("named-graph-uri", ())))
    if not queries and (dataset or request.method == "POST"):
        raise Problem(400, "No query", "The parameter «query» is missing.")
    if chosen not in (None, "html", *TABLES, *GRAPHS):
        raise Problem(400, "Unknown format", f"The format must be one of: html, {', '.join((*TABLES, *GRAPHS))}.")
    return Operation(queries[0] if queries else None, dataset, chosen)


def _update(request: Request, queries: list[str], updates: list[str], settings: Settings) -> str:
    """The one update of a request. Raises Problem."""
    if request.method != "POST":
        raise Problem(405, "By POST only", "Send an update by POST.", {"Allow": "POST"})
    authorise(request, settings)
    if queries or len(updates) > 1:
        raise Problem(400, "Two operations", "There must be exactly one query or update; this request has several.")
    return updates[0]


def _update_dataset(values: dict[str, list[str]]) -> Dataset:
    return Dataset(tuple(values.get("using-graph-uri", ())), tuple(values.get("using-named-graph-uri", ())))


def negotiate(accept: str | None, form: str | None, chosen: str | None) -> tuple[str, str]:
    """The media type to answer with: as the engine names it, and as the client does.

    Raises Problem 406 if nothing offered for this form of query will do.
    """
    offered = GRAPHS if form in ("CONSTRUCT", "DESCRIBE") else TABLES
    if chosen:
        media_type = HTML if chosen == "html" else offered.get(chosen)
        if media_type is None:
            raise Problem(406, "Not acceptable", f"For this query the format must be one of: {', '.join(offered)}.")
        return media_type, media_type
    names = [*offered.values(), HTML]
    if offered is TABLES:
        names += _ALIASES
    named = best_type(accept, names)
    if named is None:
        raise Problem(406, "Not acceptable", f"This query can be answered as: {', '.join(names)}.")
    return _ALIASES.get(named, named), named


def entity_tag(*parts: object) -> str:
    """A validator made from all that an answer depends on. A weak one: SPARQL leaves open in which order GROUP_CONCAT
    puts values together, and rows come that are ordered alike; the engine takes another order in each process."""
    return 'W/"' + hashlib.sha256(repr(parts).encode()).hexdigest()[:32] + '"'


def not_modified(request: Request, tag: str) -> bool:
    """Whether the client already holds this version (RFC 9110, section 13.1.2)."""
    held = {value.strip().removeprefix("W/") for value in request.headers.get("if-none-match", "").split(",")}
    return tag.removeprefix("W/") in held or "*" in held


def as_problem(error: Exception) -> Problem:
    """What a failed query means to a client."""
    if isinstance(error, Refused):
        return Problem(error.status, "Query refused", error.reason)
    if isinstance(error, BadQuery):
        return Problem(400, "Bad query", str(error))
    if isinstance(error, WrongFormat):
        return Problem(406, "Not acceptable", "The format asked for does not fit this kind of query.")
    if isinstance(error, Unavailable):
        headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
        return Problem(503, "Limit reached", error.reason, headers)
    if isinstance(error, RemoteFailed):
        return Problem(502, "No answer from elsewhere", str(error))
    return Problem(500, "Internal error", "The query made the evaluator fail. This is our fault, not yours.")


QUERY_ERRORS = (Refused, BadQuery, WrongFormat, Unavailable, Crashed, RemoteFailed)


async def answer(
    request: Request, pool: Pool, settings: Settings, operation: Operation, remote: Remote
) -> Response | None:
    """Run a query operation; None if the client wants to see the answer on a page. Raises Problem."""
    text, dataset = operation.query or "", operation.dataset
    try:
        seen = await read_query(text, settings)
        media_type, named = negotiate(request.headers.get("accept"), seen.form, operation.chosen)
        if media_type == HTML:
            return None
        query, extra = await with_others(request, settings, remote, text, seen, dataset)
        cached = not (seen.volatile or seen.services or extra)
        headers = {"Cache-Control": "no-cache", "Vary": "Accept"}
        if cached and pool.ready:
            tag = entity_tag(pool.build, text, dataset, named)
            if request.method != "POST" and not_modified(request, tag):
                return Response(status_code=304, headers={**headers, "ETag": tag})
        work = pool.query(
            query, media_type, dataset=dataset, names_dataset=seen.has_dataset, cached=cached, extra=extra
        )
        body, build = await while_connected(request, work)
    except QUERY_ERRORS as error:
        raise as_problem(error) from error
    if cached:
        headers["ETag"] = entity_tag(build, text, dataset, named)
    content_type = f"{named}; charset=utf-8" if named.startswith("text/") else named
    return Response(body, headers={**headers, "Content-Type": content_type})


async def read_query(text: str, settings: Settings) -> Scan:
    """What a query is, as far as it must be known before it runs. Raises Refused; long ones are read aside."""

    def look() -> Scan:
        return scan(text, max_bytes=settings.max_query_bytes, allow_service=bool(settings.allow_remote))

    return await asyncio.to_thread(look) if len(text) > _SCAN_ASIDE else look()


async def with_others(
    request: Request, settings: Settings, remote: Remote, text: str, seen: Scan, dataset: Dataset
) -> tuple[str, tuple[Extra, ...]]:
    """The query and the documents that go with it, once other servers were asked, where they may be at all.

    Raises Refused, RemoteFailed, or Problem if the client goes away meanwhile.
    """
    if not settings.allow_remote:
        return text, ()
    query = await while_connected(request, remote.services(text, seen))
    return query, await while_connected(request, remote.graphs(seen, dataset))


async def update(pool: Pool, settings: Settings, operation: Operation, remote: Remote) -> Response:
    """Run an update operation whose client may write. Raises Problem."""
    text = operation.update or ""
    try:
        seen = await asyncio.to_thread(lambda: scan_update(text, max_bytes=settings.max_update_bytes))
        text = using(text, seen, operation.dataset)
        seen = scan_update(text, max_bytes=len(text.encode()))  # the places are other ones now
        text, extra = await remote.loads(text, seen)
        work = {
            "op": writes.UPDATE,
            "base": BASE,
            "replayable": seen.replayable,
            "extra": [(item.graph, item.media_type, len(item.body)) for item in extra],
        }
        await pool.write(work, b"".join(item.body for item in extra) + text.encode())
    except QUERY_ERRORS as error:
        raise as_problem(error) from error
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


def using(text: str, seen: UpdateScan, dataset: Dataset) -> str:
    """The update with the dataset of the request in each operation that has a WHERE (protocol, section 2.2.3).

    Raises Problem 400 if the update names a dataset itself or an IRI is none.
    """
    if not dataset:
        return text
    if seen.has_dataset:
        raise Problem(400, "Two datasets", "The update has USING or WITH: the request may not name graphs as well.")
    clauses = ""
    for word, names in (("USING", dataset.default), ("USING NAMED", dataset.named)):
        for name in names:
            try:
                clauses += f"{word} {ox.NamedNode(name)} "
            except ValueError as error:
                raise Problem(400, "Not an IRI", f"«{name}» is no absolute IRI.") from error
    for place in reversed(seen.wheres):
        # DELETE WHERE { ... } takes no USING: it means DELETE { ... } WHERE { ... } (update, section 3.1.3.3)
        text = text[: place.start] + f"{place.rest} {clauses}" + text[place.start :]
    return text


def service_description(endpoint: str, media_type: str, settings: Settings) -> bytes:
    """What the endpoint can do, in RDF, and where its dataset is described (https://www.w3.org/TR/void/#discovery)."""
    service, dataset, graph = ox.NamedNode(endpoint), ox.NamedNode(DATASET), ox.BlankNode()
    described = ox.NamedNode(urljoin(endpoint, "/.well-known/void"))
    rdf_type = ox.NamedNode(PREFIXES["rdf"] + "type")

    def sd(name: str) -> ox.NamedNode:
        return ox.NamedNode(_SD + name)

    triples = [
        ox.Triple(service, rdf_type, sd("Service")),
        ox.Triple(service, sd("endpoint"), service),
        ox.Triple(service, sd("supportedLanguage"), sd("SPARQL11Query")),
        ox.Triple(service, sd("feature"), sd("UnionDefaultGraph")),
        *([ox.Triple(service, sd("supportedLanguage"), sd("SPARQL11Update"))] if settings.token else []),
        *([ox.Triple(service, sd("feature"), sd("BasicFederatedQuery"))] if settings.allow_remote else []),
        ox.Triple(service, sd("defaultDataset"), dataset),
        ox.Triple(dataset, rdf_type, sd("Dataset")),
        ox.Triple(dataset, rdf_type, ox.NamedNode(VOID + "Dataset")),
        ox.Triple(described, rdf_type, ox.NamedNode(VOID + "DatasetDescription")),
        ox.Triple(described, ox.NamedNode(PREFIXES["foaf"] + "primaryTopic"), dataset),
        ox.Triple(service, ox.NamedNode(PREFIXES["rdfs"] + "seeAlso"), described),
        ox.Triple(dataset, sd("defaultGraph"), graph),
        ox.Triple(graph, rdf_type, sd("Graph")),
        *(ox.Triple(service, sd("resultFormat"), ox.NamedNode(_FORMATS + name)) for name in _FORMAT_NAMES),
    ]
    graph_format = ox.RdfFormat.from_media_type(media_type)
    return ox.serialize(triples, format=graph_format, prefixes={"sd": _SD, "formats": _FORMATS, "void": VOID}) or b""

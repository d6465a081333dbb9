"""The SPARQL 1.1 Protocol's query operation, and what lies around it: errors, formats, service description.

Source of the rules: https://www.w3.org/TR/sparql11-protocol/ and https://www.w3.org/TR/sparql11-service-description/
"""

import hashlib
import json
from dataclasses import dataclass
from urllib.parse import parse_qsl

import pyoxigraph as ox
from starlette.requests import Request
from starlette.responses import Response

from solidarity_spectrum.guard import Refused, scan
from solidarity_spectrum.service.negotiation import best_type
from solidarity_spectrum.service.pool import PREFIXES, BadQuery, Crashed, Dataset, Pool, Unavailable, WrongFormat
from solidarity_spectrum.service.settings import Settings

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


async def read_body(request: Request, limit: int) -> bytes:
    """The body of a request. Raises Problem 413 as soon as it is longer than `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Problem(413, "Too large", f"The body is longer than {limit} bytes, the limit here.")
    return bytes(body)


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
    """A query operation as the protocol carries it. `query` is None when there is none."""

    query: str | None
    dataset: Dataset
    chosen: str | None
    """The key of a format chosen by the parameter `format`, which browsers need: their Accept header is not theirs."""


async def read_operation(request: Request, settings: Settings) -> Operation:
    """Read a query operation by GET, form or direct POST. Raises Problem."""
    # Percent-encoding triples a byte at worst; the scan then judges the query itself.
    limit = 3 * settings.max_query_bytes + 10_000
    raw = request.scope["query_string"]
    if len(raw) > limit:
        raise Problem(414, "Too long", f"The query is longer than {settings.max_query_bytes} bytes, the limit here.")
    parameters = parse_parameters(raw)
    if request.method == "POST":
        content_type, *options = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
        charset = next((option[8:].strip('"') for option in options if option.startswith("charset=")), "utf-8")
        if content_type not in (_FORM_TYPE, _QUERY_TYPE) or charset != "utf-8":
            raise Problem(415, "Unsupported media type", f"Send the query as {_QUERY_TYPE} or {_FORM_TYPE}, in UTF-8.")
        body = await read_body(request, limit)
        if content_type == _FORM_TYPE:
            parameters += parse_parameters(body)
        else:
            try:
                parameters.append(("query", body.decode()))
            except UnicodeDecodeError as error:
                raise Problem(400, "Not UTF-8", "The query is not encoded in UTF-8.") from error
    values: dict[str, list[str]] = {}
    for name, value in parameters:
        values.setdefault(name, []).append(value)
    if "update" in values:
        raise Problem(400, "Read-only", "This endpoint answers queries; updates are refused.")
    queries = values.get("query", [])
    if len(queries) > 1:
        raise Problem(400, "Two queries", "There must be exactly one query; this request has several.")
    dataset = Dataset(tuple(values.get("default-graph-uri", ())), tuple(values.get("named-graph-uri", ())))
    if not queries and (dataset or request.method == "POST"):
        raise Problem(400, "No query", "The parameter «query» is missing.")
    chosen = values.get("format", [None])[-1] or None
    if chosen not in (None, "html", *TABLES, *GRAPHS):
        raise Problem(400, "Unknown format", f"The format must be one of: html, {', '.join((*TABLES, *GRAPHS))}.")
    return Operation(queries[0] if queries else None, dataset, chosen)


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
    """A strong validator made from all that an answer depends on."""
    return '"' + hashlib.sha256(repr(parts).encode()).hexdigest()[:32] + '"'


def not_modified(request: Request, tag: str) -> bool:
    """Whether the client already holds this version (RFC 9110, section 13.1.2)."""
    held = {value.strip().removeprefix("W/") for value in request.headers.get("if-none-match", "").split(",")}
    return tag in held or "*" in held


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
    return Problem(500, "Internal error", "The query made the evaluator fail. This is our fault, not yours.")


QUERY_ERRORS = (Refused, BadQuery, WrongFormat, Unavailable, Crashed)


async def answer(request: Request, pool: Pool, settings: Settings, operation: Operation) -> Response | None:
    """Run a query operation; None if the client wants to see the answer on a page. Raises Problem."""
    text = operation.query or ""
    try:
        seen = scan(text, max_bytes=settings.max_query_bytes)
        media_type, named = negotiate(request.headers.get("accept"), seen.form, operation.chosen)
        if media_type == HTML:
            return None
        headers = {"Cache-Control": "no-cache", "Vary": "Accept"}
        if not seen.volatile and pool.ready:
            tag = entity_tag(pool.build, text, operation.dataset, named)
            if request.method != "POST" and not_modified(request, tag):
                return Response(status_code=304, headers={**headers, "ETag": tag})
        body, build = await pool.query(text, media_type, dataset=operation.dataset, names_dataset=seen.has_dataset)
    except QUERY_ERRORS as error:
        raise as_problem(error) from error
    if not seen.volatile:
        headers["ETag"] = entity_tag(build, text, operation.dataset, named)
    content_type = f"{named}; charset=utf-8" if named.startswith("text/") else named
    return Response(body, headers={**headers, "Content-Type": content_type})


def service_description(endpoint: str, media_type: str) -> bytes:
    """What the endpoint can do, in RDF."""
    service, dataset, graph = ox.NamedNode(endpoint), ox.BlankNode(), ox.BlankNode()
    rdf_type = ox.NamedNode(PREFIXES["rdf"] + "type")

    def sd(name: str) -> ox.NamedNode:
        return ox.NamedNode(_SD + name)

    triples = [
        ox.Triple(service, rdf_type, sd("Service")),
        ox.Triple(service, sd("endpoint"), service),
        ox.Triple(service, sd("supportedLanguage"), sd("SPARQL11Query")),
        ox.Triple(service, sd("feature"), sd("UnionDefaultGraph")),
        ox.Triple(service, sd("defaultDataset"), dataset),
        ox.Triple(dataset, rdf_type, sd("Dataset")),
        ox.Triple(dataset, sd("defaultGraph"), graph),
        ox.Triple(graph, rdf_type, sd("Graph")),
        *(ox.Triple(service, sd("resultFormat"), ox.NamedNode(_FORMATS + name)) for name in _FORMAT_NAMES),
    ]
    graph_format = ox.RdfFormat.from_media_type(media_type)
    return ox.serialize(triples, format=graph_format, prefixes={"sd": _SD, "formats": _FORMATS}) or b""

"""Linked-data pages and data: a thing redirects to a page or to data about it, by what the client accepts (303).

Source of the rules: https://www.w3.org/TR/cooluris/ (303 URIs) and RFC 9110, sections 8.7 and 12.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from solidarity_spectrum import questions
from solidarity_spectrum.guard import scan
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service.home import home_view
from solidarity_spectrum.service.negotiation import best_language, best_type
from solidarity_spectrum.service.pool import Dataset, Pool
from solidarity_spectrum.service.reading import (
    LANGUAGES,
    PROLOGUE,
    Reader,
    Row,
    Table,
    Term,
    cited,
    iri,
    parse_table,
    spaced,
    values,
)
from solidarity_spectrum.service.settings import Settings
from solidarity_spectrum.service.sparql import (
    GRAPHS,
    HTML,
    QUERY_ERRORS,
    TABLES,
    Operation,
    Problem,
    as_problem,
    entity_tag,
    not_modified,
)
from solidarity_spectrum.service.texts import text

PAGE_SIZE = 50
_TABLE_ROWS = 1000
_GRAPH_ROWS = 500
_DATA_FORMATS = ("ttl", "jsonld", "nt", "rdf")
_NAME = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\Z")
_PROVENANCE = BASE + "graph/provenance"
_INFERRED = BASE + "graph/inferred"
_SOL = BASE + "ontology#"
_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LABELS = {
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
}
_NOTE = "http://www.w3.org/2004/02/skos/core#note"
_DESCRIPTIONS = {"http://purl.org/dc/terms/description", "http://www.w3.org/2004/02/skos/core#definition"}
_DERIVED = {_RDF_TYPE, _SOL + "earliest", _SOL + "latest"}  # shown in another form, or told by the dates themselves
_CHARGES = {_SOL + "chargedUnder", _SOL + "chargeDescription"}
_OUTCOMES = {_SOL + "finalOutcome", _SOL + "outcome", _SOL + "outcomeDescription"}


@dataclass(slots=True)
class Source:
    """A citation: its number on the page, and what is known of it."""

    number: int
    node: str
    graph: str
    properties: dict[str, list[Term]] = field(default_factory=dict)

    def first(self, name: str) -> Term | None:
        """The first value of a property, by its full IRI."""
        return next(iter(self.properties.get(name, [])), None)


@dataclass(slots=True)
class Fact:
    """One value with the sources of its record; `nested` is what is said of a value that lives in the same record."""

    value: Term
    graphs: list[str]
    sources: list[Source] = field(default_factory=list)
    nested: "list[Property]" = field(default_factory=list)


@dataclass(slots=True)
class Property:
    """All values of one property."""

    term: Term
    facts: list[Fact]


def _document(graph: bool) -> str:
    """The query for the data about a graph or another thing: what is said, its record, and the record's sources."""
    if graph:
        return """CONSTRUCT { ?s ?p ?o } WHERE {
            { GRAPH $iri { ?s ?p ?o } } UNION { $iri ?p ?o BIND($iri AS ?s) }
            UNION { $iri sol:citation ?s . ?s ?p ?o } }"""
    return """CONSTRUCT { ?s ?p ?o } WHERE {
        { $iri ?p ?o BIND($iri AS ?s) }
        UNION { ?g foaf:primaryTopic $iri . GRAPH ?g { ?s ?p ?o } }
        UNION { ?s foaf:primaryTopic $iri . ?s ?p ?o }
        UNION { ?g foaf:primaryTopic $iri ; sol:citation ?s . ?s ?p ?o } }"""


class Pages:
    """The handlers of every page, over one pool."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._settings = settings
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"cited": cited, "spaced": spaced}

    def routes(self) -> list[BaseRoute]:
        """Routes of the home page, of things, of pages and of data."""
        routes: list[BaseRoute] = [Route("/", self.home)]
        for path in ("/id/{name}", "/concept/{name:path}", "/graph/{name}", "/question/{name}"):
            kind = path.split("/")[1]
            page = self.question if kind == "question" else self.graph if kind == "graph" else self.entity
            routes += [
                Route(path, self._thing(kind)),
                Route("/page" + path, self._guarded(kind, page)),
                Route("/data" + path + ".{extension}", self._guarded(kind, self.data)),
            ]
        for kind in ("ontology", "shapes"):
            routes += [
                Route(f"/{kind}", self._thing(kind)),
                Route(f"/page/{kind}", self._guarded(kind, self.vocabulary)),
                Route(f"/data/{kind}.{{extension}}", self._guarded(kind, self.data)),
            ]
        return routes

    # -- what all pages share ------------------------------------------------------------------------------------

    def _language(self, request: Request) -> str:
        chosen = request.query_params.get("lang", "")
        return chosen if chosen in LANGUAGES else best_language(request.headers.get("accept-language"), LANGUAGES)

    def _render(
        self, request: Request, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **view: Any
    ) -> Response:
        language = self._language(request)
        other = "en" if language == "hu" else "hu"
        # Bytes that are not UTF-8 must not break the page that says so.
        parameters = [(name, value) for name, value in _parameters(request) if name != "lang"]
        content = self._templates.get_template(template).render(
            language=language,
            other=other,
            other_href="?" + urlencode([*parameters, ("lang", other)]),
            t=lambda key: text(key, language),
            base=BASE,
            **view,
        )
        vary = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-cache", "Content-Language": language}
        return Response(content, status, {**vary, **(headers or {})}, HTML)

    def error(self, request: Request, problem: Problem) -> Response | None:
        """The problem as a page, None if the client would rather have something else."""
        accepted = best_type(request.headers.get("accept"), ["application/problem+json", "text/plain", HTML])
        if accepted != HTML:
            return None
        return self._render(request, "error.html", status=problem.status, headers=problem.headers, problem=problem)

    def _guarded(self, kind: str, handler: Callable[..., Any]) -> Callable[..., Any]:
        """Give a handler the IRI of its thing, once it is known to exist; turn failed queries into problems."""

        async def handle(request: Request) -> Response:
            name = request.path_params.get("name", "")
            thing = await self._existing(request, kind, name)
            if isinstance(thing, Response):
                return thing
            try:
                response: Response = await handler(request, thing)
            except QUERY_ERRORS as error:
                raise as_problem(error) from error
            return response

        return handle

    async def _existing(self, request: Request, kind: str, name: str) -> str | Response:
        """The IRI of a thing that the store knows, or a permanent redirect if another took its place."""
        path = f"{kind}/{name}" if name else kind
        unknown = Problem(404, text("not_found", self._language(request)))
        unknown.detail = text("not_found_detail", self._language(request))
        if name and not _NAME.match(name):
            raise unknown
        thing = BASE + path
        graph = iri(f"{BASE}graph/{kind}" if not name else thing)
        try:
            rows = await Reader(self._pool, "en").select(
                f"""SELECT ?known ?new {{
                    BIND(EXISTS {{ <{thing}> ?p ?o }} || EXISTS {{ GRAPH {graph} {{ ?a ?b ?c }} }} AS ?known)
                    OPTIONAL {{ <{thing}> dcterms:isReplacedBy ?new }} }} LIMIT 1"""
            )
        except QUERY_ERRORS as error:
            raise as_problem(error) from error
        row = rows[0]
        if "new" in row and row["new"].value.startswith(BASE):
            return RedirectResponse(row["new"].href, 301)
        if row["known"].value != "true":
            raise unknown
        return thing

    def _thing(self, kind: str) -> Callable[..., Any]:
        """A thing is no document: see elsewhere (303) for a page or data about it."""

        async def see_other(request: Request, thing: str) -> Response:
            offered = {HTML: f"/page/{thing.removeprefix(BASE)}"}
            offered |= {GRAPHS[key]: f"/data/{thing.removeprefix(BASE)}.{key}" for key in _DATA_FORMATS}
            media_type = best_type(request.headers.get("accept"), list(offered))
            if media_type is None:
                raise Problem(406, "Not acceptable", f"This is described in: {', '.join(offered)}.")
            query = request.url.query if media_type == HTML else ""
            target = offered[media_type] + (f"?{query}" if query else "")
            return RedirectResponse(target, 303, headers={"Vary": "Accept"})

        return self._guarded(kind, see_other)

    async def data(self, request: Request, thing: str) -> Response:
        """Data about a thing, in the format its extension names."""
        extension = request.path_params["extension"]
        if extension not in _DATA_FORMATS:
            raise Problem(404, "No such format", f"Data come as: {', '.join(_DATA_FORMATS)}.")
        tag = entity_tag(self._pool.build, thing, extension)
        path = thing.removeprefix(BASE)
        headers = {
            "Content-Location": f"/data/{path}.{extension}",
            "Link": f'<{thing}>; rel="canonical", </page/{path}>; rel="alternate"; type="{HTML}"',
            "Cache-Control": "no-cache",
            "ETag": tag,
        }
        if not_modified(request, tag):
            return Response(status_code=304, headers=headers)
        vocabulary = thing in (BASE + "ontology", BASE + "shapes")
        graph = iri(BASE + "graph/" + path) if vocabulary else iri(thing)
        query = _document(vocabulary or path.startswith("graph/")).replace("$iri", graph)
        body, build = await self._pool.query(PROLOGUE + query, GRAPHS[extension])
        headers["ETag"] = entity_tag(build, thing, extension)
        return Response(body, headers={**headers, "Content-Type": GRAPHS[extension]})

    def _links(self, thing: str) -> dict[str, str]:
        path = thing.removeprefix(BASE)
        described = ", ".join(f'</data/{path}.{key}>; rel="describedby"; type="{GRAPHS[key]}"' for key in _DATA_FORMATS)
        return {"Content-Location": f"/page/{path}", "Link": f'<{thing}>; rel="canonical", {described}'}

    # -- the pages -----------------------------------------------------------------------------------------------

    async def home(self, request: Request) -> Response:
        """What this is, what is in it, one whole chain, and the questions."""
        reader = Reader(self._pool, self._language(request))
        try:
            view = await home_view(reader)
        except QUERY_ERRORS as error:
            raise as_problem(error) from error
        return self._render(request, "home.html", **view)

    async def entity(self, request: Request, thing: str) -> Response:
        """Everything about an entity or a concept, with its evidence."""
        reader = Reader(self._pool, self._language(request))
        offset = PAGE_SIZE * _page_number(request)
        facts, connections, incoming = await asyncio.gather(
            reader.select(_facts_query(thing)),
            reader.select(_connections_query(thing, offset)),
            reader.select(_incoming_query(thing, offset)),
        )
        graphs = dict.fromkeys(row["g"].value for row in (*facts, *connections, *incoming) if "g" in row)
        sources = await self._sources(reader, graphs)
        cells = (row.values() for row in (*facts, *connections, *incoming))
        cited = [term for source in sources for items in source.properties.values() for term in items]
        await reader.fetch_labels([Term("uri", thing), *(term for cell in cells for term in cell), *cited])
        own = [row for row in facts if row["g"].value != _INFERRED]
        told = _properties(reader, own, thing, sources, set())
        inferred = _properties(reader, [row for row in facts if row["g"].value == _INFERRED], thing, sources, set())
        aside = _LABELS | _DERIVED | _DESCRIPTIONS | _CHARGES | _OUTCOMES | {_NOTE}
        by_iri = {item.term.value: item for item in told}
        return self._render(
            request,
            "entity.html",
            headers=self._links(thing),
            reader=reader,
            thing=Term("uri", thing),
            types=[fact.value for fact in by_iri[_RDF_TYPE].facts] if _RDF_TYPE in by_iri else [],
            notes=by_iri[_NOTE].facts if _NOTE in by_iri else [],
            descriptions=[by_iri[name] for name in sorted(_DESCRIPTIONS) if name in by_iri],
            charges=[by_iri[name] for name in sorted(_CHARGES) if name in by_iri],
            outcomes=[by_iri[name] for name in sorted(_OUTCOMES) if name in by_iri],
            facts=[item for item in told if item.term.value not in aside],
            inferred=[item for item in inferred if item.term.value != _RDF_TYPE],
            connections=_connections(connections, sources)[:PAGE_SIZE],
            incoming=_incoming(incoming)[:PAGE_SIZE],
            sources=sources,
            page=_page_number(request),
            more=len({row["c"] for row in connections}) > PAGE_SIZE or len(incoming) > PAGE_SIZE,
            formats=_DATA_FORMATS,
        )

    async def _sources(self, reader: Reader, graphs: Iterable[str]) -> list[Source]:
        """The citations of record graphs, numbered, with the status of each record."""
        rows = await reader.select(
            f"""SELECT ?g ?c ?p ?o ?status {{ VALUES ?g {{ {values(graphs)} }}
                GRAPH <{_PROVENANCE}> {{ ?g sol:citation ?c . ?c ?p ?o OPTIONAL {{ ?g sol:status ?status }} }} }}"""
        )
        rows.sort(key=lambda row: (list(graphs).index(row["g"].value), _natural(row["c"].value)))
        found: dict[str, Source] = {}
        for row in rows:
            node = row["c"].value
            source = found.setdefault(node, Source(len(found) + 1, node, row["g"].value))
            source.properties.setdefault(row["p"].value, []).append(row["o"])
            if "status" in row:
                source.properties[_SOL + "status"] = [row["status"]]
        return list(found.values())

    async def graph(self, request: Request, thing: str) -> Response:
        """A graph: what it is about, its status and sources, and its assertions."""
        reader = Reader(self._pool, self._language(request))
        about, rows, sources = await asyncio.gather(
            reader.select(f"SELECT ?p ?o {{ GRAPH <{_PROVENANCE}> {{ <{thing}> ?p ?o }} }} ORDER BY ?p ?o"),
            reader.select(
                f"SELECT ?s ?p ?o {{ GRAPH <{thing}> {{ ?s ?p ?o }} }} ORDER BY ?s ?p ?o LIMIT {_GRAPH_ROWS + 1}"
            ),
            self._sources(reader, [thing]),
        )
        cited = [term for source in sources for items in source.properties.values() for term in items]
        await reader.fetch_labels([*(term for row in (*about, *rows) for term in row.values()), *cited])
        return self._render(
            request,
            "graph.html",
            headers=self._links(thing),
            reader=reader,
            thing=Term("uri", thing),
            about=[row for row in about if row["p"].value != _SOL + "citation"],
            rows=rows[:_GRAPH_ROWS],
            more=len(rows) > _GRAPH_ROWS,
            sources=sources,
            formats=_DATA_FORMATS,
        )

    async def vocabulary(self, request: Request, thing: str) -> Response:
        """Every term of the ontology, or every shape, on one page; term IRIs are hash IRIs of it."""
        reader = Reader(self._pool, self._language(request))
        kind = thing.removeprefix(BASE)
        rows = await reader.select(
            f"""SELECT ?t ?p ?o {{ GRAPH <{BASE}graph/{kind}> {{ ?t a ?type ; ?p ?o }}
                FILTER(STRSTARTS(STR(?t), "{thing}#")) FILTER(!isBlank(?o)) }} ORDER BY LCASE(STR(?t)) ?p ?o"""
        )
        await reader.fetch_labels(term for row in rows for term in row.values())
        terms: dict[str, list[Row]] = {}
        for row in rows:
            terms.setdefault(row["t"].value, []).append({"g": Term("uri", ""), "s": row["t"], **row})
        return self._render(
            request,
            "vocabulary.html",
            headers=self._links(thing),
            reader=reader,
            thing=Term("uri", thing),
            kind=kind,
            terms=[
                (
                    name.removeprefix(thing + "#"),
                    Term("uri", name),
                    [item for item in _properties(reader, own, name, [], set()) if item.term.value not in _LABELS],
                )
                for name, own in terms.items()
            ],
            formats=_DATA_FORMATS,
        )

    async def question(self, request: Request, thing: str) -> Response:
        """A question of the catalogue with its parameters, and its answer."""
        reader = Reader(self._pool, self._language(request))
        rows = await reader.select(
            f"""SELECT ?select ?label ?name ?default ?parameter {{
                <{thing}> <http://www.w3.org/ns/shacl#select> ?select ; rdfs:label ?label
                OPTIONAL {{ <{thing}> sol:parameter ?parameter . ?parameter sol:parameterName ?name
                            OPTIONAL {{ ?parameter sol:default ?default }} }} }} ORDER BY ?name"""
        )
        if not rows:
            raise Problem(404, text("not_found", reader.language), text("not_found_detail", reader.language))
        names = {row["name"].value: row for row in rows if "name" in row}
        given = {name: value for name, value in _parameters(request) if name in names and value}
        query = _bind(thing, given) or rows[0]["select"].value
        await self._refuse_unknown(thing, given)
        body, _ = await self._pool.query(query, TABLES["json"])
        table = parse_table(body)
        await reader.fetch_labels(
            [
                Term("uri", thing),
                *(row["parameter"] for row in names.values()),
                *(term for row in table.rows[:_TABLE_ROWS] for term in row.values()),
            ]
        )
        return self._render(
            request,
            "question.html",
            headers=self._links(thing),
            reader=reader,
            thing=Term("uri", thing),
            parameters=[
                (name, row["parameter"], given.get(name, row["default"].value if "default" in row else ""))
                for name, row in names.items()
            ],
            query=query,
            **_table_view(table, query),
        )

    async def _refuse_unknown(self, thing: str, given: dict[str, str]) -> None:
        """An id that the graph does not hold gets an error rather than an empty answer. Raises Problem 400."""
        question = questions.catalogue().get(thing.removeprefix(BASE + "question/"))
        for parameter in question.parameters if question else ():
            value = given.get(parameter.name)
            if value and parameter.names_a_node:
                body, _ = await self._pool.query(f"ASK {{ {parameter.term(value)} ?p ?o }}", TABLES["json"])
                if not parse_table(body).truth:
                    raise Problem(400, "Bad parameter", f"parameter {parameter.name}: the graph has no «{value}»")

    async def query_form(self, request: Request, operation: Operation) -> Response:
        """The query form, with the answer below it if there is a query."""
        reader = Reader(self._pool, self._language(request))
        view: dict[str, Any] = {"table": None, "document": None, "links": []}
        if operation.query is not None:
            view = await self._run(reader, operation)
        query = operation.query if operation.query is not None else PROLOGUE + "\nSELECT * WHERE {\n  \n}\nLIMIT 100"
        return self._render(request, "sparql.html", reader=reader, query=query, prologue=PROLOGUE, **view)

    async def _run(self, reader: Reader, operation: Operation) -> dict[str, Any]:
        query = operation.query or ""
        try:
            seen = scan(query, max_bytes=self._settings.max_query_bytes)
            graph = seen.form in ("CONSTRUCT", "DESCRIBE")
            body, _ = await self._pool.query(
                query,
                GRAPHS["ttl"] if graph else TABLES["json"],
                dataset=operation.dataset,
                names_dataset=seen.has_dataset,
            )
        except QUERY_ERRORS as error:
            raise as_problem(error) from error
        if graph:
            links = _download_links(query, operation.dataset, GRAPHS)
            return {"table": None, "document": body.decode(), "links": links}
        table = parse_table(body)
        await reader.fetch_labels(term for row in table.rows[:_TABLE_ROWS] for term in row.values())
        return {"document": None, **_table_view(table, query, operation.dataset)}


def _parameters(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace")


def _page_number(request: Request) -> int:
    number = request.query_params.get("page", "0")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0


def _natural(name: str) -> tuple[str, int]:
    """A key that puts source-10 after source-9."""
    head, _, tail = name.rpartition("-")
    return (head, int(tail)) if tail.isdigit() else (name, 0)


def _download_links(query: str, dataset: Dataset, formats: dict[str, str]) -> list[tuple[str, str]]:
    graphs = [("default-graph-uri", name) for name in dataset.default]
    graphs += [("named-graph-uri", name) for name in dataset.named]
    return [(key, "/sparql?" + urlencode([("query", query), *graphs, ("format", key)])) for key in formats]


def _table_view(table: Table, query: str, dataset: Dataset = Dataset()) -> dict[str, Any]:  # noqa: B008 - frozen
    return {
        "table": Table(table.columns, table.rows[:_TABLE_ROWS], table.truth),
        "count": len(table.rows),
        "links": _download_links(query, dataset, TABLES),
    }


def _bind(thing: str, given: dict[str, str]) -> str | None:
    """The text of a question with its parameters bound; None if it is not in the catalogue of this program.

    Raises Problem 400 for a value that does not fit.
    """
    question = questions.catalogue().get(thing.removeprefix(BASE + "question/"))
    if question is None:
        return None
    try:
        return questions.bind(question, given)
    except questions.QuestionError as error:
        raise Problem(400, "Bad parameter", str(error)) from error


def _facts_query(thing: str) -> str:
    return f"""SELECT ?g ?s ?p ?o {{
        {{ GRAPH ?g {{ <{thing}> ?p ?o }} BIND(<{thing}> AS ?s) FILTER(?g != <{_PROVENANCE}>) }}
        UNION {{ GRAPH <{_PROVENANCE}> {{ ?g foaf:primaryTopic <{thing}> }} GRAPH ?g {{ ?s ?p ?o }} }} }}"""


def _connections_query(thing: str, offset: int) -> str:
    return f"""SELECT ?g ?c ?s ?r ?o ?argued ?claimant ?name ?work ?chronology ?status {{
        {{ SELECT DISTINCT ?c {{ {{ ?c sol:subject <{thing}> }} UNION {{ ?c sol:object <{thing}> }} }}
           ORDER BY ?c LIMIT {PAGE_SIZE + 1} OFFSET {offset} }}
        GRAPH ?g {{ ?c sol:subject ?s ; sol:relation ?r ; sol:object ?o
            OPTIONAL {{ ?c sol:claimant ?claimant }} OPTIONAL {{ ?c sol:claimantName ?name }}
            OPTIONAL {{ ?c sol:statedIn ?work }} }}
        BIND(EXISTS {{ ?c a sol:ArguedConnection }} AS ?argued)
        OPTIONAL {{ ?c sol:chronology ?chronology }}
        OPTIONAL {{ GRAPH <{_PROVENANCE}> {{ ?g sol:status ?status }} }} }} ORDER BY ?r ?c"""


def _incoming_query(thing: str, offset: int) -> str:
    return f"""SELECT DISTINCT ?s ?p ?outcome {{ GRAPH ?g {{ ?s ?p <{thing}> }}
        FILTER(?g NOT IN (<{_PROVENANCE}>, <{_INFERRED}>) && ?p NOT IN (sol:subject, sol:object))
        FILTER NOT EXISTS {{ GRAPH <{_PROVENANCE}> {{ ?g foaf:primaryTopic <{thing}> }} }}
        OPTIONAL {{ ?s sol:finalOutcome|sol:outcome ?outcome }} }} ORDER BY ?p ?s
        LIMIT {PAGE_SIZE + 1} OFFSET {offset}"""


def _properties(
    reader: Reader, rows: list[Row], subject: str, sources: list[Source], above: set[str]
) -> list[Property]:
    """What rows say of a subject, by property; nodes that live in the same record are nested below it."""
    described = {row["s"].value for row in rows}
    above = above | {subject}
    by_property: dict[str, dict[Term, Fact]] = {}
    for row in rows:
        if row["s"].value != subject:
            continue
        facts = by_property.setdefault(row["p"].value, {})
        fact = facts.setdefault(row["o"], Fact(row["o"], []))
        if row["g"].value not in fact.graphs:
            fact.graphs.append(row["g"].value)
    result = []
    for name, found in by_property.items():
        for value, fact in found.items():
            if value.is_iri and value.value in described - above:
                nested = _properties(reader, rows, value.value, sources, above)
                fact.nested = [item for item in nested if item.term.value not in _LABELS | _DERIVED]
            fact.sources = [source for source in sources if source.graph in fact.graphs and _backs(source, name)]
        ordered = sorted(found.values(), key=lambda fact: (fact.value.language, reader.label(fact.value).value))
        result.append(Property(Term("uri", name), ordered))
    return sorted(result, key=lambda item: reader.label(item.term).value.lower())


def _backs(source: Source, name: str) -> bool:
    """Whether a source stands for a property: all of them, unless it says which."""
    supported = source.properties.get(_SOL + "supports")
    return supported is None or any(term.value == name for term in supported)


def _connections(rows: list[Row], sources: list[Source]) -> list[dict[str, Any]]:
    """One view for each connection, its claimants and works gathered."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        view = found.setdefault(row["c"].value, {**row, "claimants": [], "works": [], "sources": []})
        for key, name in (("claimants", "claimant"), ("claimants", "name"), ("works", "work")):
            if name in row and row[name] not in view[key]:
                view[key].append(row[name])
        view["argued"] = row["argued"].value == "true"
        view["sources"] = [source for source in sources if source.graph == row["g"].value]
    return list(found.values())


def _incoming(rows: list[Row]) -> list[dict[str, Any]]:
    """One view for each reference; outcomes of the same thing gathered, so that none is told without them."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        view = found.setdefault((row["s"].value, row["p"].value), {"s": row["s"], "p": row["p"], "outcomes": []})
        if "outcome" in row:
            view["outcomes"].append(row["outcome"])
    return list(found.values())

"""The question catalogue over HTTP: a page and an operation for each question, and their OpenAPI description.

Source of the rules: https://spec.openapis.org/oas/v3.1.0 and RFC 9110, section 12.5.1.
"""

import asyncio
import json
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from solidarity_spectrum import __version__, questions
from solidarity_spectrum.questions import Parameter, Question
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service import judging, quarantine
from solidarity_spectrum.service.negotiation import best_type
from solidarity_spectrum.service.pages import Pages, appearance, given_parameters, page_number, table_view
from solidarity_spectrum.service.plot import plot
from solidarity_spectrum.service.pool import Pool
from solidarity_spectrum.service.reading import Reader, Table, Term, cited, parse_table
from solidarity_spectrum.service.sparql import (
    HTML,
    QUERY_ERRORS,
    TABLES,
    Problem,
    as_problem,
    entity_tag,
    not_modified,
    parse_parameters,
)
from solidarity_spectrum.service.texts import text

JSON = "application/json"
_FORMATS = {"json": JSON, "csv": TABLES["csv"], "html": HTML}
_ROWS = 200
_MOST_IDS = 5000
"""Above this many ids of a kind, a misspelt one gets no suggestions: they would take too long to compare."""
_CHOICES = 300
_ID = "[a-z0-9]+(-+[a-z0-9]+)*"
_XSD = "http://www.w3.org/2001/XMLSchema#"


@dataclass(frozen=True, slots=True)
class _Call:
    """A question with its parameters read: the values in use, and the query."""

    question: Question
    values: dict[str, str]
    query: str


class Catalogue:
    """The handlers of the questions, over one pool."""

    def __init__(self, pages: Pages, pool: Pool, reviewed: bool = False) -> None:
        """`reviewed` says whether there is a quarantine to describe."""
        self._pages = pages
        self._pool = pool
        self._reviewed = reviewed
        self._known: tuple[str, dict[str, list[str]]] = ("", {})

    def routes(self) -> list[BaseRoute]:
        """Routes of the catalogue, of each question as page and as operation, and of the description."""
        return [
            Route("/openapi.json", self.openapi),
            Route("/questions", self.index),
            Route("/questions/{name}.{extension}", self.operation),
            Route("/questions/{name}", self.operation),
            *self._pages.thing_routes("/question/{name}", self.page, parameters=_parameters),
        ]

    # -- operations ----------------------------------------------------------------------------------------------

    async def operation(self, request: Request) -> Response:
        """The answer to a question, as the extension or else the header Accept asks: JSON, CSV or a page."""
        name, extension = request.path_params["name"], request.path_params.get("extension")
        question = questions.catalogue().get(name)
        if question is None or extension not in (None, *_FORMATS):
            near = get_close_matches(name, questions.catalogue(), n=1)
            hint = f" Did you mean «{near[0]}»?" if near else ""
            known = f"The catalogue has no question «{name}».{hint}"
            raise Problem(404, "No such question", known if question is None else f"Answers: {', '.join(_FORMATS)}.")
        chosen = _FORMATS[extension] if extension else best_type(request.headers.get("accept"), [*_FORMATS.values()])
        if chosen is None:
            raise Problem(406, "Not acceptable", f"This is answered as: {', '.join(_FORMATS.values())}.")
        if chosen == HTML:
            page: Response = await self._pages.revalidated(self.page, _parameters)(request, question.iri)
            return page
        try:
            return await self._answer(request, question, chosen)
        except QUERY_ERRORS as error:
            raise as_problem(error) from error

    async def _answer(self, request: Request, question: Question, media_type: str) -> Response:
        parameters = parse_parameters(request.scope["query_string"])
        call = await self._read(question, parameters, strict=True)
        extension = next(key for key, value in _FORMATS.items() if value == media_type)
        address = f"/questions/{question.name}.{extension}"
        tag = entity_tag(self._pool.build, appearance(), address, sorted(call.values.items()), call.query)
        headers = {
            "Cache-Control": "no-cache",
            "Vary": "Accept",
            "Content-Location": address + (f"?{urlencode(parameters)}" if parameters else ""),
            "Link": f'<{question.iri}>; rel="canonical", </openapi.json>; rel="service-desc"',
        }
        if self._pool.ready and not_modified(request, tag):
            return Response(status_code=304, headers={**headers, "ETag": tag})
        body, build = await self._pool.query(call.query, TABLES["json" if media_type == JSON else "csv"], cached=True)
        if build == self._pool.build:
            headers["ETag"] = tag
        if media_type == JSON:
            return Response(await asyncio.to_thread(_document, call, body, build), headers=headers, media_type=JSON)
        headers["Content-Disposition"] = f'inline; filename="{question.name}.csv"'
        return Response(body, headers={**headers, "Content-Type": f"{media_type}; charset=utf-8; header=present"})

    async def _read(self, question: Question, given: list[tuple[str, str]], *, strict: bool) -> _Call:
        """The question with its parameters. `strict` refuses what a form may send: empty values, other parameters.

        Raises Problem, which names the parameter: 400 for what it cannot be, 404 for an id that the graph has not.
        """
        known = {parameter.name: parameter for parameter in question.parameters}
        values: dict[str, str] = {}
        for name, value in given:
            if name not in known:
                if strict:
                    listed = ", ".join(known) or "none"
                    raise _bad(f"parameter {name}: this question does not have it; it has: {listed}")
                continue
            if name in values:
                raise _bad(f"parameter {name}: it is given more than once")
            if not value and strict:
                raise _bad(f"parameter {name}: it is empty; leave it out for {known[name].default or 'any'}")
            if value:
                values[name] = value
        try:
            query = questions.bind(question, values)
        except questions.QuestionError as error:
            raise _bad(str(error)) from error
        for name, value in values.items():
            if known[name].names_a_node:
                await self._refuse_unknown(known[name], value)
        used = {name: value for name in known if (value := values.get(name) or known[name].default)}
        return _Call(question, used, query)

    async def _refuse_unknown(self, parameter: Parameter, value: str) -> None:
        """An id that the graph does not hold gets an error rather than an empty answer. Raises Problem 404."""
        term = parameter.term(value)
        body, _ = await self._pool.query(f"ASK {{ {term} ?p ?o }}", TABLES["json"])
        if parse_table(body).truth:
            return
        space = term[1:-1].rpartition("/")[0] + "/"
        near = get_close_matches(term[1:-1].removeprefix(space), await self._ids(space), n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise Problem(404, "Nothing of this id", f"parameter {parameter.name}: the graph has no «{value}»{hint}")

    async def _ids(self, space: str) -> list[str]:
        """The ids in a space of IRIs; empty if there are too many. Kept for as long as the build is served."""
        build, known = self._known
        if build != self._pool.build:
            known = {}
            self._known = (self._pool.build, known)
        if space not in known:
            rows = await Reader(self._pool, "en").select(
                f"""SELECT DISTINCT ?x {{ ?x a ?type FILTER(STRSTARTS(STR(?x), "{space}")) }} LIMIT {_MOST_IDS + 1}"""
            )
            found = sorted(row["x"].value.removeprefix(space) for row in rows)
            known[space] = [name for name in found if "/" not in name] if len(rows) <= _MOST_IDS else []
        return known[space]

    # -- pages ---------------------------------------------------------------------------------------------------

    async def index(self, request: Request) -> Response:
        """Every question by theme, as a page or in JSON."""
        media_type = best_type(request.headers.get("accept"), [HTML, JSON])
        if media_type is None:
            raise Problem(406, "Not acceptable", f"The catalogue comes as: {HTML}, {JSON}.")
        tag = entity_tag(self._pool.build, appearance(), media_type, self._pages.language(request), request.url.query)
        headers = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-cache", "ETag": tag}
        headers["Link"] = '</openapi.json>; rel="service-desc"'
        if not_modified(request, tag):
            return Response(status_code=304, headers=headers)
        if media_type == JSON:
            listed = [_summary(question) for question in questions.catalogue().values()]
            return Response(json.dumps({"questions": listed}, ensure_ascii=False), headers=headers, media_type=JSON)
        themes: dict[str, list[Question]] = {}
        for question in questions.catalogue().values():
            themes.setdefault(question.theme, []).append(question)
        return self._pages.render(
            request, "questions.html", headers=headers, themes=themes, reader=self._pages.reader(request)
        )

    async def page(self, request: Request, thing: str) -> Response:
        """A question of the catalogue with its parameters, its answer, and a plot where it has one."""
        reader = self._pages.reader(request)
        first = _ROWS * page_number(request)
        question = questions.catalogue().get(thing.removeprefix(BASE + "question/"))
        rows = await reader.select(f"SELECT ?select {{ <{thing}> <http://www.w3.org/ns/shacl#select> ?select }}")
        if not rows:
            raise Problem(404, text("not_found", reader.language), text("not_found_detail", reader.language))
        # A store may hold questions that this program does not: they are run as they stand.
        call = await self._read(question, given_parameters(request), strict=False) if question else None
        query = call.query if call else rows[0]["select"].value
        body, _ = await self._pool.query(query, TABLES["json"], cached=True)
        table = await asyncio.to_thread(parse_table, body)
        self._pages.in_range(request, len(table.rows), _ROWS)
        shown = table.rows[first : first + _ROWS]
        drawn = table.rows[:1000]
        await reader.fetch_labels([Term("uri", thing), *(term for row in (*shown, *drawn) for term in row.values())])
        links = table_view(table, query)["links"]
        values = call.values if call else {}
        if call:
            chosen = {name: value for name, value in given_parameters(request) if name in values and value}
            end = f"?{urlencode(chosen)}" if chosen else ""
            links = [(key, f"/questions/{call.question.name}.{key}{end}") for key in ("json", "csv")]
            links += [link for link in table_view(table, query)["links"] if link[0] in ("xml", "tsv")]
        return self._pages.render(
            request,
            "question.html",
            headers=self._pages.links(thing),
            reader=reader,
            thing=Term("uri", thing),
            fields=[
                (parameter, values.get(parameter.name, ""), await self._choices(reader, parameter))
                for parameter in (call.question.parameters if call else ())
            ],
            plot=plot(question.plot, Table(table.columns, drawn), reader) if question else None,
            query=query,
            table=Table(table.columns, shown, table.truth),
            count=len(table.rows),
            links=links,
            first=first,
            page=page_number(request),
            more=len(table.rows) > first + len(shown),
        )

    async def _choices(self, reader: Reader, parameter: Parameter) -> list[tuple[str, str]]:
        """Ids and labels to choose from: of what is of the same kind as the default."""
        if not parameter.names_a_node:
            return []
        pattern = f"?x skos:inScheme <{BASE}concept/solidarity-spectrum-scheme>"
        if parameter.type.startswith("code:"):
            pattern = f"?x skos:inScheme <{BASE}concept/{parameter.type.removeprefix('code:')}>"
        elif parameter.type == "entity":
            if not parameter.default:
                return []
            default = parameter.term(parameter.default)
            pattern = f"GRAPH ?g {{ {default} a ?type }} FILTER(?g != <{BASE}graph/inferred>) ?x a ?type"
        rows = await reader.select(
            f"SELECT DISTINCT ?x {{ {pattern} FILTER(STRSTARTS(STR(?x), '{BASE}')) }} ORDER BY ?x LIMIT {_CHOICES}"
        )
        await reader.fetch_labels(row["x"] for row in rows)
        found = [(row["x"].value.rpartition("/")[2], reader.label(row["x"]).value) for row in rows]
        return sorted(found, key=lambda choice: choice[1].casefold())

    # -- description ---------------------------------------------------------------------------------------------

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI description of the operations."""
        tag = entity_tag(self._pool.build, appearance(), "openapi")
        headers = {"Cache-Control": "no-cache", "ETag": tag}
        if self._pool.ready and not_modified(request, tag):
            return Response(status_code=304, headers=headers)
        return Response(json.dumps(describe(self._reviewed), ensure_ascii=False), headers=headers, media_type=JSON)


def _parameters(request: Request) -> list[str]:
    """What the page of a question may be asked with."""
    question = questions.catalogue().get(request.path_params["name"])
    return ["page", *(parameter.name for parameter in (question.parameters if question else ()))]


def _bad(detail: str) -> Problem:
    return Problem(400, "Bad parameter", detail)


def _summary(question: Question) -> dict[str, Any]:
    return {
        "name": question.name,
        "iri": question.iri,
        "question": question.question,
        "theme": question.theme,
        "keywords": question.keywords,
        "parameters": [
            {"name": p.name, "type": p.type, "label": p.label, "default": p.default or None}
            for p in question.parameters
        ],
        "columns": question.columns,
        "evidence": question.evidence,
        "answer": {key: f"/questions/{question.name}.{key}" for key in _FORMATS},
    }


def _value(term: Term | None) -> Any:
    """A cell in JSON: an IRI or a text as a string, numbers and truth values as such, nothing as null."""
    if term is None:
        return None
    if term.datatype == _XSD + "integer":
        return int(term.value)
    if term.datatype == _XSD + "decimal":
        return float(term.value)
    return term.value == "true" if term.datatype == _XSD + "boolean" else term.value


def _document(call: _Call, body: bytes, build: str) -> bytes:
    """The answer in JSON from SPARQL results in JSON; in the columns of evidence, sources with title and address."""
    table, question = parse_table(body), call.question

    def cell(column: str, term: Term | None) -> Any:
        sources = cited(term) if term and column in question.evidence else []
        return [{"title": title, "url": url} for title, url in sources] if sources else _value(term)

    document = {
        "question": question.iri,
        "title": question.question,
        "build": build,
        "parameters": call.values,
        "columns": table.columns,
        "evidence": question.evidence,
        "count": len(table.rows),
        "rows": [{column: cell(column, row.get(column)) for column in table.columns} for row in table.rows],
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _schema(parameter: Parameter) -> dict[str, Any]:
    """The JSON Schema of a parameter's values."""
    if parameter.type == "date":
        return {"type": "string", "format": "date"}
    if parameter.type == "integer":
        return {"type": "integer", "minimum": -(10**18) + 1, "maximum": 10**18 - 1}
    if parameter.type == "text":
        return {"type": "string", "minLength": 1}
    return {"type": "string", "pattern": f"^{_ID}$"}


def describe(reviewed: bool = False) -> dict[str, Any]:
    """The OpenAPI document; `reviewed` says whether there is a quarantine."""
    problem = {
        "description": "What was wrong, and with which parameter",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
            "text/plain": {"schema": {"type": "string"}},
            HTML: {"schema": {"type": "string"}},
        },
    }
    responses = {str(status): {"$ref": f"#/components/responses/{name}"} for status, name in _RESPONSES.items()}
    validator = {"ETag": {"description": "Changes with the build of the graph", "schema": {"type": "string"}}}
    paths: dict[str, Any] = {
        "/questions": {
            "get": {
                "operationId": "questions",
                "summary": "The catalogue of questions",
                "responses": {
                    "200": {
                        "description": "Every question with its parameters and columns",
                        "headers": validator,
                        "content": {
                            HTML: {"schema": {"type": "string"}},
                            JSON: {
                                "schema": {
                                    "type": "object",
                                    "required": ["questions"],
                                    "properties": {"questions": {"type": "array", "items": {"type": "object"}}},
                                }
                            },
                        },
                    },
                    "406": responses["406"],
                },
            }
        }
    }
    for question in questions.catalogue().values():
        parameters = [
            {
                "name": parameter.name,
                "in": "query",
                "required": False,
                "description": f"{parameter.label['en']}. Left out: {parameter.default or 'any'}.",
                "schema": _schema(parameter),
                **({"example": parameter.default.removeprefix("concept:")} if parameter.default else {}),
            }
            for parameter in question.parameters
        ]
        table = {"schema": {"type": "string", "description": "Columns: " + ", ".join(question.columns)}}
        answers = {
            JSON: {"schema": _answer_schema(question)},
            TABLES["csv"]: table,
            HTML: {"schema": {"type": "string"}},
        }
        for extension, offered in (("", answers), (".json", [JSON]), (".csv", [TABLES["csv"]])):
            paths[f"/questions/{question.name}{extension}"] = {
                "get": {
                    "operationId": question.name + extension.replace(".", "-"),
                    "summary": question.question["en"],
                    "tags": [question.theme],
                    "parameters": parameters,
                    "responses": {
                        "200": {
                            "description": "The answer",
                            "headers": validator,
                            "content": {name: answers[name] for name in offered},
                        },
                        **{status: responses[status] for status in _OF_QUESTIONS if status != "406" or not extension},
                    },
                }
            }
    judged = judging.operation()
    judged["responses"] |= {status: responses[status] for status in ("400", "406", "413", "415", "429", "503")}
    page = {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}
    form = {"operationId": "form", "summary": "The form for a contribution", "responses": {"200": page}}
    form["responses"] |= {status: responses[status] for status in ("400", "406", "429", "503")}  # type: ignore[operator]
    paths[judging.PATH] = {"get": form, "post": judged}
    if reviewed:
        paths |= quarantine.operations(judged["requestBody"], problem)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Solidarity Spectrum",
            "version": __version__,
            "description": "Each question of the catalogue as an operation, and one that judges contributions. Answers "
            "change with a build of the graph "
            "only: ask again with If-None-Match. A SPARQL endpoint is at /sparql, the data of everything named here "
            "at its own IRI.",
            "license": {"name": "Apache-2.0 (program), CC BY 4.0 (answers)"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": theme} for theme in questions.THEMES],
        "paths": paths,
        "components": {
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                    },
                },
                "Source": {
                    "type": "object",
                    "required": ["title", "url"],
                    "properties": {"title": {"type": "string"}, "url": {"type": "string", "format": "iri"}},
                },
            },
            **({"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}} if reviewed else {}),
            "responses": {name: problem for status, name in _RESPONSES.items() if status != 304}
            | {"NotModified": {"description": "The answer that the client holds is still right", "headers": validator}},
        },
    }


_RESPONSES = {
    304: "NotModified",
    400: "BadParameter",
    404: "UnknownId",
    406: "NotAcceptable",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    429: "TooMany",
    503: "LimitReached",
}


_OF_QUESTIONS = ("304", "400", "404", "406", "429", "503")


def _answer_schema(question: Question) -> dict[str, Any]:
    cell = {"type": ["string", "number", "boolean", "null"]}
    sources = {"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Source"}}, cell]}
    row = {
        "type": "object",
        "required": list(question.columns),
        "additionalProperties": False,
        "properties": {name: sources if name in question.evidence else cell for name in question.columns},
    }
    return {
        "type": "object",
        "required": ["question", "title", "build", "parameters", "columns", "evidence", "count", "rows"],
        "properties": {
            "question": {"const": question.iri},
            "title": {"type": "object", "additionalProperties": {"type": "string"}},
            "build": {"type": "string", "description": "Hash of the build that answers"},
            "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
            "columns": {"const": list(question.columns)},
            "evidence": {"type": "array", "items": {"type": "string"}},
            "count": {"type": "integer", "minimum": 0},
            "rows": {"type": "array", "items": row},
        },
    }

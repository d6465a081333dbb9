"""Judging contributions over HTTP: a page, and an operation that takes a body, a form or uploads.

It keeps nothing and changes nothing, so there is nothing that a request forged by another site could do. A judgement is
made by a worker, as an answer to a query is; whether the contribution is in order is in the report, not in the status:
200 says that it was judged.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from solidarity_spectrum import report
from solidarity_spectrum.findings import SEVERITIES
from solidarity_spectrum.service import multipart
from solidarity_spectrum.service.limits import LOCAL, client
from solidarity_spectrum.service.multipart import MULTIPART
from solidarity_spectrum.service.negotiation import best_type
from solidarity_spectrum.service.pages import Pages
from solidarity_spectrum.service.pool import Pool
from solidarity_spectrum.service.reading import LANGUAGES
from solidarity_spectrum.service.settings import Settings
from solidarity_spectrum.service.sparql import (
    HTML,
    QUERY_ERRORS,
    Problem,
    as_problem,
    parse_parameters,
    read_body,
    while_connected,
)
from solidarity_spectrum.validation import FORMATS, Input

PATH = "/validate"
FORM = "application/x-www-form-urlencoded"
MEDIA_TYPES = {
    "application/yaml": "yaml",
    "application/json": "json",
    "application/ld+json": "jsonld",
    "text/turtle": "ttl",
    "application/trig": "trig",
    "application/n-triples": "nt",
    "application/n-quads": "nq",
    "application/rdf+xml": "rdf",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/zip": "zip",
}
"""What a body may be, and the format that it is then read in."""
_ALIASES = {"text/yaml": "yaml", "text/x-yaml": "yaml", "application/x-yaml": "yaml"}
_UNTOLD = ("", "application/octet-stream", "text/plain")
"""Types that say nothing: the name or the content tells the format."""
ANSWERS = {
    "application/json": "json",
    **{media_type: name for name, (media_type, _) in report.FORMATS.items()},
    "application/xml": "junit",
    "text/xml": "junit",
}
"""What a report may be asked for as, and its form; the first one for who likes all of them equally."""
_UPLOADS = 16
"""Requests that may be read, wait or be judged at once, and a quarter of it for one client: each holds its body."""
_BINARY = ("xlsx", "zip")
"""Formats that nobody can paste."""
_MAX_FILES = 100
_MAX_NAME = 200
_TEXT = "text"
"""What pasted text is called in a report."""


class Judging:
    """The handlers of the page and of the operation, over one pool."""

    def __init__(self, pages: Pages, pool: Pool, settings: Settings) -> None:
        self._pages = pages
        self._pool = pool
        self._settings = settings
        self._held: Counter[str] = Counter()

    def routes(self) -> list[BaseRoute]:
        """One route: the page by GET, not kept since it names the host that was asked; a judgement by POST."""
        return [Route(PATH, self.page_or_judgement, methods=["GET", "POST"])]

    async def page_or_judgement(self, request: Request) -> Response:
        """What the method asks for."""
        return await (self.judge(request) if request.method == "POST" else self.page(request))

    async def page(self, request: Request) -> Response:
        """The form."""
        return self._render(request)

    def _render(self, request: Request, pasted: str = "", found: Markup | None = None) -> Response:
        return self._pages.render(
            request,
            "validate.html",
            headers={"Cache-Control": "no-store"} if found is not None else {},
            formats=[name for name in FORMATS if name not in _BINARY],
            limit=self._settings.max_contribution_bytes,
            address=str(request.url.replace(query="", fragment="")),
            pasted=pasted,
            found=found,
        )

    async def judge(self, request: Request) -> Response:
        """The report on a contribution, in the form that the client likes best or the parameter `format` names.

        Raises Problem: 400 where there is nothing to judge, 406, 413, 415, and 503 beyond a limit.
        """
        parameters = _parameters(request)
        media_type = _answer(request, parameters.get("format", ""))
        language = self._pages.language(request)
        with self._admitted():
            body = await read_body(request, self._settings.max_contribution_bytes, self._settings)
            content_type = request.headers.get("content-type", "")
            inputs, pasted = await asyncio.to_thread(read_inputs, content_type, body, parameters)
            strict = parameters.get("strict") == "true"
            try:
                work = self._pool.judge(inputs, ANSWERS[media_type], language, strict)
                judged = await while_connected(request, work)
            except QUERY_ERRORS as error:
                raise as_problem(error) from error
        if media_type == HTML:
            return self._render(request, pasted, Markup(judged.decode()))  # noqa: S704 - escaped where it was made
        headers = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language", "Content-Language": language}
        headers["Content-Type"] = media_type + ("; charset=utf-8" if media_type.startswith("text/") else "")
        return Response(judged, headers=headers)

    @contextlib.contextmanager
    def _admitted(self) -> Iterator[None]:
        """Hold a place for a body. Raises Problem 503 if there is none."""
        name = client.get()
        if self._held.total() >= _UPLOADS or (name != LOCAL and self._held[name] >= _UPLOADS // 4):
            raise Problem(503, "Limit reached", "Too many contributions are being judged.", {"Retry-After": "1"})
        self._held[name] += 1
        try:
            yield
        finally:
            self._held[name] -= 1
            if not self._held[name]:
                del self._held[name]


def _parameters(request: Request) -> dict[str, str]:
    """The parameters of the address, each once and with a value that it may have. Raises Problem 400."""
    given = parse_parameters(request.scope["query_string"])
    known = {"format": tuple(report.FORMATS), "lang": LANGUAGES, "input": tuple(FORMATS), "strict": ("true", "false")}
    for name, value in given:
        if name in known and value not in known[name]:
            raise Problem(400, "Bad parameter", f"parameter {name}: it must be one of {', '.join(known[name])}")
        if name not in (*known, "name") or sum(name == other for other, _ in given) > 1:
            raise Problem(400, "Bad parameter", f"there may be once each: {', '.join(known)}, name")
        if len(value) > _MAX_NAME:
            raise Problem(400, "Bad parameter", f"parameter {name}: at most {_MAX_NAME} signs")
    return dict(given)


def _answer(request: Request, chosen: str) -> str:
    """The media type of the report. Raises Problem 406."""
    if chosen:
        return report.FORMATS[chosen][0]
    media_type = best_type(request.headers.get("accept"), list(ANSWERS))
    if media_type is None:
        raise Problem(406, "Not acceptable", f"A report comes as: {', '.join(ANSWERS)}.")
    return media_type


def read_inputs(content_type: str, body: bytes, parameters: dict[str, str]) -> tuple[list[Input], str]:
    """What is to be judged, and, of a form, the pasted text. Raises Problem 400 or 415."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in (FORM, MULTIPART):
        if media_type == FORM:
            fields, files = parse_parameters(body), []
        else:
            parts = multipart.parts(content_type, body)
            files = [part for part in parts if part.filename is not None or part.name == "file"]
            fields = [(part.name, part.content.decode("utf-8", "replace")) for part in parts if part not in files]
            files = [part for part in files if part.filename or part.content]  # a browser sends one that is none
        return _of_form(fields, files)
    name = parameters.get("name", "")
    kind = _kind(name, media_type, parameters.get("input", ""))
    if not kind and media_type not in _UNTOLD:
        raise Problem(415, "Unsupported media type", f"Send a contribution as {', '.join(MEDIA_TYPES)}, or as a form.")
    return [(_clean(name) or f"contribution.{kind}".rstrip("."), body, kind)], ""


def _of_form(fields: list[tuple[str, str]], files: list[multipart.Part]) -> tuple[list[Input], str]:
    """The fields `text`, in the format `input`, and files of any name. Raises Problem 400."""
    if unknown := {name for name, _ in fields} - {"text", "input"}:
        known = f"There is no field «{min(unknown)[:_MAX_NAME]}»; there are text, input, and files."
        raise Problem(400, "Unknown field", known + " To send a file as it is, name its media type.")
    given = dict(fields)
    text = given.get("text", "").replace("\r\n", "\n")  # a browser sends lines of a form so
    kind = _kind("", "", given.get("input", ""))
    inputs = [(_TEXT, text.encode(), kind)] if text.strip() else []
    alike: Counter[str] = Counter()
    for part in files:
        name = _clean(part.filename or "") or "file"
        alike[name] += 1
        media_type = part.content_type.partition(";")[0].strip().lower()
        called = f"{name} ({alike[name]})" if alike[name] > 1 else name
        inputs.append((called, part.content, _kind(name, media_type, "")))
    if not inputs:
        raise Problem(400, "Nothing to judge", "Paste a text, or choose a file.")
    if len(inputs) > _MAX_FILES:
        raise Problem(400, "Too many files", f"Send at most {_MAX_FILES} files at once, or a zip file.")
    return inputs, text


def _kind(name: str, media_type: str, chosen: str) -> str:
    """The format of an input: what was chosen, what its name tells or its type, else "". Raises Problem 400."""
    if chosen and chosen not in FORMATS:
        raise Problem(400, "Unknown format", f"input must be one of: {', '.join(FORMATS)}.")
    suffix = name.rpartition(".")[2].lower()
    return chosen or (suffix if suffix in FORMATS else (MEDIA_TYPES | _ALIASES).get(media_type, ""))


def _clean(name: str) -> str:
    """The name of a file without its folders, and without what cannot be printed."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[-_MAX_NAME:]


def operation() -> dict[str, Any]:
    """The operation as OpenAPI describes it; `#/components` are those of the catalogue."""
    text: dict[str, Any] = {"schema": {"type": "string"}}
    place = {name: {"type": ["string", "null"]} for name in ("file", "focus", "path", "value")}
    place |= {name: {"type": ["integer", "null"]} for name in ("line", "column")}
    found = {
        "type": "object",
        "required": ["severity", "rule", "message", "help", "count", "places"],
        "properties": {
            "severity": {"enum": list(SEVERITIES)},
            "rule": {"type": "string"},
            "message": {"type": "string"},
            "advice": {"type": ["string", "null"]},
            "help": {"type": "string", "format": "uri"},
            "count": {"type": "integer", "minimum": 1},
            "places": {"type": "array", "items": {"type": "object", "properties": place}},
        },
    }
    judged = {
        "type": "object",
        "required": ["conforms", "statements", "language", "findings"],
        "properties": {
            "conforms": {"type": "boolean", "description": "Whether it may be taken in: nothing is an error"},
            "statements": {"type": "integer", "minimum": 0},
            "language": {"enum": list(LANGUAGES)},
            "findings": {"type": "array", "items": found},
        },
    }

    def parameter(name: str, about: str, **schema: Any) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": False, "description": about, "schema": schema}

    upload = {
        "type": "object",
        "anyOf": [{"required": ["file"]}, {"required": ["text"]}],
        "properties": {
            "file": {"type": "string", "format": "binary", "description": "A file; there may be several"},
            # Without a type: in a form everything is text.
            "text": {"description": "Text that was pasted"},
            "input": {"enum": ["", *FORMATS], "description": "The format of the text; empty: found out"},
        },
        "additionalProperties": False,
    }
    return {
        "operationId": "validate",
        "summary": "What is wrong with a contribution, where, and how to mend it",
        "description": "It is judged against the graph that is served, and not kept. That it was judged is status 200; "
        "whether it is in order is in the report.",
        "parameters": [
            parameter("format", "The form of the report, rather than by Accept", enum=list(report.FORMATS)),
            parameter("lang", "The language of the report, rather than by Accept-Language", enum=list(LANGUAGES)),
            parameter("input", "The format of the body, rather than by its media type", enum=list(FORMATS)),
            parameter("name", "What the body is called in the report", type="string", maxLength=_MAX_NAME),
            parameter("strict", "Whether a warning is an error", type="boolean"),
        ],
        "requestBody": {
            # Whatever is in a body, it is judged: that it is empty, or none of its type, is what the report says.
            "required": False,
            "content": {MULTIPART: {"schema": upload}, **{name: {"schema": {}} for name in MEDIA_TYPES}},
        },
        "responses": {
            "200": {
                "description": "The report",
                "content": {
                    name: {"schema": judged}
                    if name == "application/json"
                    else {"schema": {"type": "object"}}
                    if name.endswith("+json")
                    else text
                    for name in ANSWERS
                },
            }
        },
    }

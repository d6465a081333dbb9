"""Contributions sent to a running service, kept apart from its graph until a reviewer takes them in.

QUARANTINE/
    20261126T043000-1f0c9a52b7d3.source         what was sent, byte for byte
    20261126T043000-1f0c9a52b7d3.review.json    its report and what it would change, on that day
    20261126T043000-1f0c9a52b7d3.json           by whom, when, its hash; written last, so that it is there whole or not
    20261126T043000-1f0c9a52b7d3.change.json    once accepted: the quads of its records that came and went
    log.jsonl                                   one line for each thing that was done: when, to what, by whom

Who holds the token of a contributor may send, and see what is theirs; who may write to the service reviews. Nothing of
it is in any graph before it is accepted. Accepting judges it anew against the graph of that moment and is one write, so
it is there whole or not at all and outlives the service; taking it back is another. What is done stands in the log
twice, as begun and as done: after a kill in between it can be done again, which changes nothing that is done already.
"""

import asyncio
import hashlib
import hmac
import json
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from solidarity_spectrum.durable import sync, write_whole
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service import judging, writes
from solidarity_spectrum.service.negotiation import best_language
from solidarity_spectrum.service.pool import Pool
from solidarity_spectrum.service.reading import LANGUAGES
from solidarity_spectrum.service.settings import Settings
from solidarity_spectrum.service.sparql import (
    QUERY_ERRORS,
    Problem,
    as_problem,
    parse_parameters,
    read_body,
    while_connected,
)

PATH = "/quarantine"
REVIEWER = "reviewer"
MAX_WAITING = 1000
"""Contributions that nobody has reviewed yet."""
_MAX_REASON = 1000
_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{12}")
WAITING, ACCEPTED, REJECTED, REVERTED = "waiting", "accepted", "rejected", "reverted"
ACCEPTING, REVERTING = "accepting", "reverting"
_MAY = {
    "accept": (WAITING, REVERTED, ACCEPTING),
    "reject": (WAITING, REVERTED),
    "revert": (ACCEPTED, ACCEPTING, REVERTING),
}
"""From which states what may be done."""


@dataclass(slots=True)
class Entry:
    """One contribution: what was sent by whom and when, whether it conformed then, and what was done to it since."""

    id: str
    by: str
    at: str
    hash: str
    name: str
    kind: str
    conforms: bool
    records: list[str]
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def state(self) -> str:
        return str(self.history[-1]["state"]) if self.history else WAITING

    @property
    def accepted(self) -> int:
        """Where in the log it was accepted last, 0 if never."""
        return max((event["n"] for event in self.history if event["state"] in (ACCEPTING, ACCEPTED)), default=0)

    def summary(self) -> dict[str, Any]:
        """What a list shows of it."""
        return {
            "id": self.id,
            "state": self.state,
            "contributor": self.by,
            "submitted": self.at,
            "hash": self.hash,
            "name": self.name,
            "conforms": self.conforms,
            "records": self.records,
            "href": f"{PATH}/{self.id}",
        }


class Folder:
    """The quarantine on disk, and what is known of it; one process at a time may have it. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}
        """All contributions, the oldest first."""
        self._lines = 0
        try:
            for file in sorted(folder.glob("*.json")):
                if _ID.fullmatch(file.stem):
                    self.entries[file.stem] = Entry(**json.loads(file.read_text("utf-8")))
            for event in self._log():
                self._lines += 1
                self.entries[event["id"]].history.append(event | {"n": self._lines})
        except (ValueError, KeyError, TypeError) as error:
            raise OSError(f"the quarantine {folder} is broken: {error!r}") from error

    def put(self, entry: Entry, content: bytes, review: dict[str, Any]) -> None:
        """Keep a contribution, durably, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / f"{entry.id}.source", content)
        write_whole(self.folder / f"{entry.id}.review.json", json.dumps(review, ensure_ascii=False).encode())
        kept = {name: getattr(entry, name) for name in Entry.__slots__ if name != "history"}
        write_whole(self.folder / f"{entry.id}.json", json.dumps(kept, ensure_ascii=False).encode())
        self.entries[entry.id] = entry

    def source(self, entry: Entry) -> bytes:
        """What was sent."""
        return (self.folder / f"{entry.id}.source").read_bytes()

    def review(self, entry: Entry) -> dict[str, Any]:
        """Its report, and what it would change."""
        found: dict[str, Any] = json.loads((self.folder / f"{entry.id}.review.json").read_text("utf-8"))
        return found

    def _log(self) -> list[dict[str, Any]]:
        try:
            lines = (self.folder / "log.jsonl").read_text("utf-8").split("\n")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines[:-1] if line]  # the last line may have been cut off by a kill

    def log(self, entry: Entry, state: str, who: str, reason: str) -> None:
        """Note durably what was done."""
        event = {"at": _now(), "id": entry.id, "state": state, "by": who, "hash": entry.hash}
        event |= {"reason": reason} if reason else {}
        path = self.folder / "log.jsonl"
        with path.open("ab+") as file:
            file.seek(0, os.SEEK_END)
            end = file.tell()
            if end:
                file.seek(end - 1)
                if file.read(1) != b"\n":  # what a kill cut off is no line: it goes
                    text = path.read_bytes()
                    file.truncate(text.rfind(b"\n") + 1)
            file.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync(self.folder)
        self._lines += 1
        entry.history.append(event | {"n": self._lines})

    def keep_change(self, entry: Entry, own: dict[str, str]) -> None:
        """Keep the quads of the records of a contribution that come and go, before they do."""
        write_whole(self.folder / f"{entry.id}.change.json", json.dumps(own, ensure_ascii=False).encode())

    def change(self, entry: Entry) -> dict[str, str]:
        """The quads that came and went."""
        own: dict[str, str] = json.loads((self.folder / f"{entry.id}.change.json").read_text("utf-8"))
        return own


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class Quarantine:
    """The handlers, over one pool. They exist only where the service was started for them."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        assert settings.quarantine and settings.token
        self._pool = pool
        self._settings = settings
        self._folder = Folder(settings.quarantine)
        self._alone = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """To send, to list, to look at one, and to do something with it."""
        return [
            Route(PATH, self._answering(self.submit), methods=["POST"]),
            Route(PATH, self._answering(self.index), methods=["GET"]),
            Route(PATH + "/{name}", self._answering(self.show), methods=["GET"]),
            Route(PATH + "/{name}/source", self._answering(self.source), methods=["GET"]),
            *(Route(f"{PATH}/{{name}}/{verb}", self._answering(self.act), methods=["POST"]) for verb in _MAY),
        ]

    def _answering(self, handler: Callable[[Request, str], Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            who = self._who(request)
            try:
                response = await handler(request, who)
            except QUERY_ERRORS as error:
                raise as_problem(error) from error
            response.headers["Cache-Control"] = "no-store"
            return response

        return handle

    def _who(self, request: Request) -> str:
        """The id of the contributor, or REVIEWER, by the token. Raises Problem 401."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        token, who = given.strip().encode(), ""
        # All are compared, each in constant time, so that the time tells nothing.
        for name, expected in [*self._settings.contributors.items(), (REVIEWER, self._settings.token or "")]:
            if hmac.compare_digest(token, expected.encode()):
                who = name
        if scheme.lower() != "bearer" or not who:
            headers = {"WWW-Authenticate": 'Bearer realm="quarantine"'}
            raise Problem(401, "Token needed", "Send your token: Authorization: Bearer TOKEN.", headers)
        return who

    def _reviewer(self, who: str) -> None:
        if who != REVIEWER:
            raise Problem(403, "For reviewers", "This takes the token of the service, not that of a contributor.")

    def _find(self, request: Request, who: str) -> Entry:
        """The contribution that a request names. Raises Problem 404, also for one of somebody else."""
        name = request.path_params["name"]
        found = self._folder.entries.get(name)
        if found is None or who not in (REVIEWER, found.by):
            raise Problem(404, "No such contribution", "The quarantine holds nothing of this name.")
        return found

    async def submit(self, request: Request, who: str) -> Response:
        """Keep a contribution and say what is wrong with it and what it would change. Raises Problem."""
        if who == REVIEWER:
            raise Problem(403, "For contributors", "A contribution is sent with the token of its contributor.")
        body = await read_body(request, self._settings.max_contribution_bytes, self._settings)
        parameters = dict(parse_parameters(request.scope["query_string"]))
        content_type = request.headers.get("content-type", "")
        inputs, _ = await asyncio.to_thread(judging.read_inputs, content_type, body, parameters)
        if len(inputs) != 1:
            raise Problem(400, "Several files", "Send one file, or several in a zip file.")
        name, content, kind = inputs[0]
        language = best_language(request.headers.get("accept-language"), LANGUAGES)
        if not content:
            raise Problem(400, "Nothing sent", "The body is empty.")
        review = await while_connected(
            request, self._pool.review(inputs, who, _now()[:10], difference=True, language=language)
        )
        told = {name: value for name, value in review.items() if name in ("report", "difference")}
        async with self._alone:
            waiting = sum(entry.state == WAITING for entry in self._folder.entries.values())
            if waiting >= MAX_WAITING:
                again = {"Retry-After": "3600"}
                raise Problem(503, "Limit reached", f"{waiting} contributions wait to be reviewed.", again)
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
            digest = hashlib.sha256(content).hexdigest()
            entry = Entry(
                id=f"{stamp}-{os.urandom(6).hex()}",
                by=who,
                at=_now(),
                hash=f"sha256:{digest}",
                name=name,
                kind=kind,
                conforms=review["conforms"],
                records=review["records"],
            )
            await asyncio.to_thread(self._folder.put, entry, content, told)
        return JSONResponse(self._whole(entry), 201, {"Location": f"{PATH}/{entry.id}"})

    async def index(self, _: Request, who: str) -> Response:
        """All contributions; for a contributor, those of their own."""
        entries = self._folder.entries.values()
        return JSONResponse({"contributions": [e.summary() for e in entries if who in (REVIEWER, e.by)]})

    async def show(self, request: Request, who: str) -> Response:
        """One, with its report, what it would change, and what was done to it."""
        return JSONResponse(self._whole(self._find(request, who)))

    async def source(self, request: Request, who: str) -> Response:
        """What was sent, byte for byte; never as something that a browser would open."""
        entry = self._find(request, who)
        headers = {"Content-Disposition": f'attachment; filename="{entry.id}.{entry.kind or "bin"}"'}
        return Response(self._folder.source(entry), 200, headers, "application/octet-stream")

    async def act(self, request: Request, who: str) -> Response:
        """Accept, reject or take back. Raises Problem 409 where the state does not allow it, or it is not in order."""
        self._reviewer(who)
        reason = dict(parse_parameters(request.scope["query_string"])).get("reason", "")
        if len(reason) > _MAX_REASON or not reason.isprintable():
            raise Problem(400, "Bad reason", f"A reason is one line of at most {_MAX_REASON} characters.")
        verb = request.url.path.rpartition("/")[2]
        # A client that goes away must not break this off in the middle.
        task = asyncio.ensure_future(self._act(request, who, verb, reason))
        return JSONResponse(self._whole(await asyncio.shield(task)))

    async def _act(self, request: Request, who: str, verb: str, reason: str) -> Entry:
        async with self._alone:
            entry = self._find(request, who)
            if entry.state not in _MAY[verb]:
                raise Problem(409, "Not now", f"This contribution is {entry.state}: it cannot be {verb}ed.")
            if verb == "accept":
                await self._accept(entry, who, reason)
            elif verb == "revert":
                await self._revert(entry, who, reason)
            else:
                await asyncio.to_thread(self._folder.log, entry, REJECTED, who, reason)
            return entry

    async def _accept(self, entry: Entry, who: str, reason: str) -> None:
        content = await asyncio.to_thread(self._folder.source, entry)
        review = await self._pool.review([(entry.name, content, entry.kind)], entry.by, entry.at[:10], difference=False)
        if not review["conforms"]:
            raise Problem(409, "Not in order", "It has errors against the graph of today: see /validate.")
        if entry.state != ACCEPTING:  # else a kill came after: what was there before is known already
            await asyncio.to_thread(self._folder.keep_change, entry, review["own"])
            await asyncio.to_thread(self._folder.log, entry, ACCEPTING, who, reason)
        await self._write(review["update"])
        await asyncio.to_thread(self._folder.log, entry, ACCEPTED, who, reason)

    async def _revert(self, entry: Entry, who: str, reason: str) -> None:
        own = await asyncio.to_thread(self._folder.change, entry)
        touched = _records(own)
        for other in self._folder.entries.values():
            since = other.accepted > entry.accepted and other.state in (ACCEPTED, ACCEPTING, REVERTING)
            if since and touched & _records(self._folder.change(other)):
                raise Problem(409, "Changed since", f"{other.id} changes the same records: revert that first.")
        answer = await self._pool.take_back(own["came"], own["went"])
        await asyncio.to_thread(self._folder.log, entry, REVERTING, who, reason)
        await self._write(answer["update"])
        await asyncio.to_thread(self._folder.log, entry, REVERTED, who, reason)

    def _whole(self, entry: Entry) -> dict[str, Any]:
        """All that is told of one."""
        history = [{name: event[name] for name in event if name not in ("id", "n")} for event in entry.history]
        return {**entry.summary(), **self._folder.review(entry), "history": history}

    async def _write(self, update: str) -> None:
        operation = {"op": writes.UPDATE, "base": BASE, "replayable": True, "extra": []}
        await self._pool.write(operation, update.encode())


def _records(own: dict[str, str]) -> set[str]:
    """The graphs of records that quads stand in."""
    pattern = re.compile(rf"<({re.escape(BASE)}graph/[^>#]+)(?:#[^>]*)?>")
    found = set()
    for line in (own["came"] + own["went"]).splitlines():
        found |= {name for name in pattern.findall(line) if not name.endswith("/provenance")}
    return found


def operations(body: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    """The operations as OpenAPI describes them, by path; `body` is what /validate takes, `problem` an error."""
    states = [WAITING, ACCEPTING, ACCEPTED, REJECTED, REVERTING, REVERTED]
    text, anything = {"type": "string"}, {"type": "object"}
    fields = dict.fromkeys(("id", "contributor", "submitted", "hash", "name", "href"), text)
    known = {**fields, "state": {"enum": states}, "conforms": {"type": "boolean"}}
    known["records"] = {"type": "array", "items": text}
    summary = {
        "type": "object",
        "required": [*fields, "state", "conforms", "records"],
        "properties": known,
    }
    more = {"report": anything, "difference": anything, "history": {"type": "array", "items": anything}}
    whole = {**summary, "properties": {**known, **more}}

    def operation(
        name: str, about: str, answers: Any, parameters: list[Any], *errors: int, **rest: Any
    ) -> dict[str, Any]:
        ok = {"description": about, "content": {"application/json": {"schema": answers}} if answers else {}}
        return {
            "operationId": name,
            "summary": about,
            "security": [{"token": []}],
            "parameters": parameters,
            "responses": {
                "201" if name == "submit" else "200": ok,
                **{str(status): problem for status in (401, 403, 404, 429, 503, *errors)},
            },
            **rest,
        }

    def query(name: str, about: str, **schema: Any) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": False, "description": about, "schema": text | schema}

    one = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{_ID.pattern}$"}}]
    named = [query("name", "What the file is called"), query("input", "Its format, rather than by its media type")]
    reason = query("reason", "Why, for the history", maxLength=_MAX_REASON)
    listed = {"type": "object", "properties": {"contributions": {"type": "array", "items": summary}}}
    verbs = {
        "accept": "Judge it anew and take it into the graph (reviewers)",
        "reject": "Do not take it in (reviewers)",
        "revert": "Take back what was accepted (reviewers)",
    }
    return {
        PATH: {
            "get": operation("quarantine", "The contributions; to a contributor, those of their own", listed, []),
            "post": operation(
                "submit", "Send a contribution, to be reviewed", whole, named, 400, 413, 415, requestBody=body
            ),
        },
        PATH + "/{id}": {"get": operation("contribution", "One, with its report and what it would change", whole, one)},
        PATH + "/{id}/source": {"get": operation("source", "What was sent, byte for byte", None, one)},
        **{
            f"{PATH}/{{id}}/{verb}": {"post": operation(verb, about, whole, [*one, reason], 400, 409)}
            for verb, about in verbs.items()
        },
    }

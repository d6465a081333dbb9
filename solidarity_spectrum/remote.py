"""A store on a SPARQL 1.1 server: read, judged against and published to by the commands as the one in a folder is.

SPARQLWrapper writes the requests for queries and updates. It cannot end a request, opens a connection for each and sets
the password for the whole process, so they are sent by httpx: with a deadline for all of an answer, retries and a cap.

What a server must have: named graphs, a default graph that is their union (or `union-default-graph`, as Oxigraph has
it), and, to publish, SPARQL Update and the Graph Store Protocol. Beside the graphs of the build it then holds:

graph/publication           the manifest, under rdf:value: written first (a build is on its way) and last (it is there)
graph/publication/NAME      files of the build that the commands read (names.txt, report.json)
graph/publication/00 … 63   which graphs are there, and the hash of each: what a publication has to send, and where one
                            that was interrupted goes on. A graph is struck from it before it is sent.
"""

import asyncio
import fcntl
import hashlib
import json
import netrc
import os
import random
import re
import secrets
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pyoxigraph as ox
from SPARQLWrapper import INSERT, POST, SELECT, SPARQLWrapper

from solidarity_spectrum import __version__, guard, store
from solidarity_spectrum.network import HERE
from solidarity_spectrum.resources import BASE, user_cache
from solidarity_spectrum.view import Graph, Term

AGENT = f"solidarity-spectrum/{__version__} (+{BASE})"
TOKEN, USER, PASSWORD = "SOLIDARITY_TOKEN", "SOLIDARITY_USER", "SOLIDARITY_PASSWORD"
PUBLICATION = BASE + "graph/publication"
LAYOUT = 1
DEADLINE = 300.0
MAX_BYTES = 500_000_000
ATTEMPTS = 5
PAGE = 5_000
"""Rows asked for at once. Servers have caps; Virtuoso gives 10,000 rows and tells of it in the head only."""
BATCH = 500_000
"""Bytes of an update; a graph that is larger is sent by itself."""
FIRST = 1_000
"""Rows asked for first of a pattern: more of them are often not needed."""
_AT_ONCE = 50
_FILES = (store.NAMES, store.REPORT)
_SEGMENTS = 64
_PART = 4_000
_MAX_REASON = 300
_AGAIN = {429, 502, 503, 504}
_GRAPHS = BASE + "graph/"
_VALUE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#value"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_TABLE = "application/sparql-results+json"
_TRIPLES = "application/n-triples, text/plain;q=0.9, text/turtle;q=0.5"
_GRAPH_TYPES = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
}
Progress = Callable[[str], None]
Pattern = tuple[Term | None, ox.NamedNode | None, Term | None, Graph | ox.DefaultGraph | None]


class RemoteFailed(OSError):
    """The server gave no answer that can be used, or may not be asked so; the message says which and why."""


class _Capped(RemoteFailed):
    """The server gave a part of the answer."""


class _Passing(Exception):
    """A failure that may pass; `wait` is what the server asks to wait, in seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def media_type(self) -> str:
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()


class _Auth(httpx.Auth):
    """Credentials when a server asks for them: a token, or a name and password by the scheme that it names."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._token = os.environ.get(TOKEN, "")
        self._user, self._password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
        self._only = ""  # the host that a name and password of .netrc are for
        self._chosen: dict[tuple[str, str], httpx.Auth] = {}
        if not self._user:
            try:
                entry = netrc.netrc(os.environ.get("NETRC") or Path("~/.netrc").expanduser()).authenticators(
                    parts.hostname or ""
                )
                self._user, _, self._password = entry or ("", "", "")
                self._only = parts.hostname or ""
            except FileNotFoundError:
                pass
            except (netrc.NetrcParseError, UnicodeDecodeError) as error:
                raise RemoteFailed(f".netrc cannot be read: {type(error).__name__}") from error

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        at = (f"{request.url.scheme}://{request.url.netloc.decode()}", request.url.path)
        chosen = self._chosen.get(at)
        if chosen is None:
            answer = yield request
            if answer.status_code != 401:
                return
            chosen = self._chosen[at] = self._choose(answer)
        yield from chosen.auth_flow(request)

    def _choose(self, answer: httpx.Response) -> httpx.Auth:
        asked = answer.headers.get("www-authenticate", "").lower()
        url = answer.request.url
        safe = url.scheme == "https" or url.host in HERE
        user = self._user if self._only in ("", url.host) else ""
        if "digest" in asked and user:
            return httpx.DigestAuth(user, self._password)
        where = f"{url} asks for "
        if not safe and ("bearer" in asked or "basic" in asked):
            raise RemoteFailed(where + "a password, which is not sent without encryption: use https")
        if "basic" in asked and user:
            return httpx.BasicAuth(user, self._password)
        if "bearer" in asked and self._token:
            return _Bearer(self._token)
        wanted = f"a token: set {TOKEN}" if "bearer" in asked else f"a password: set {USER} and {PASSWORD}, or .netrc"
        raise RemoteFailed(where + wanted)


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class Remote:
    """A store on a server. Close it, or use it in a `with` statement.

    `address` is that of queries; at the bare address of a server, `query` and `sparql` are tried. Where updates and
    graphs go is known for what ends in `query` (Oxigraph) and `sparql` (this program's service, Virtuoso); else
    `update` and `graphs` name it. An answer must be there within `deadline` seconds, retries included, and is at most
    `max_bytes` long. Names and passwords come from the environment (SOLIDARITY_USER and SOLIDARITY_PASSWORD, or
    SOLIDARITY_TOKEN), or from .netrc. Raises RemoteFailed for an address that cannot be one; all methods raise it, and
    NoStore where nothing (or nothing whole) is published.
    """

    def __init__(
        self,
        address: str,
        update: str = "",
        graphs: str = "",
        *,
        deadline: float = DEADLINE,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        for each in filter(None, (address, update, graphs)):
            _check(each)
        self.address = address
        self._update, self._graphs = update, graphs
        self._deadline, self._max_bytes = deadline, max_bytes
        self._query = "" if urlsplit(address).path in ("", "/") else address
        self._virtuoso = False
        self._union: dict[str, str] = {}  # parameters that make the default graph the union of all
        self._state: dict[str, Any] | None = None
        self._cache: dict[Pattern, list[ox.Quad]] = {}
        self._first: dict[Pattern, list[ox.Quad]] = {}  # of what has more than a page
        self._runner: asyncio.Runner | None = None
        self._client: httpx.AsyncClient | None = None
        self._auth: _Auth | None = None
        self.requests = 0

    def __str__(self) -> str:
        return self.address

    def __enter__(self) -> "Remote":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        if self._runner is not None:
            assert self._client is not None
            self._runner.run(self._client.aclose())
            self._runner.close()
            self._runner = None

    # Requests.

    def _send(
        self, method: str, address: str, *, headers: dict[str, str], body: bytes = b"", lost: tuple[int, ...] = ()
    ) -> _Answer:
        """The answer, of a status below 300 or in `lost`."""
        if self._runner is None:
            self._runner = asyncio.Runner()
            self._auth = self._auth or _Auth(self.address)
            self._client = httpx.AsyncClient(
                auth=self._auth,
                timeout=None,  # noqa: S113 - there is a deadline for the whole
                headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
                trust_env=urlsplit(self.address).scheme == "https",  # no proxy sees a password in clear
            )
        return self._runner.run(self._in_time(method, address, headers, body, lost))

    async def _in_time(
        self, method: str, address: str, headers: dict[str, str], body: bytes, lost: tuple[int, ...]
    ) -> _Answer:
        reason = ""
        try:
            async with asyncio.timeout(self._deadline):
                for attempt in range(ATTEMPTS):
                    try:
                        return await self._once(method, address, headers, body, lost)
                    except (httpx.TransportError, httpx.InvalidURL, _Passing) as error:
                        reason = str(error) or type(error).__name__
                        if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
                            break
                        if attempt + 1 < ATTEMPTS:
                            wait = error.wait if isinstance(error, _Passing) else 0.0
                            await asyncio.sleep(max(wait, 0.3 * 2**attempt * random.uniform(0.7, 1.3)))  # noqa: S311
        except TimeoutError:
            reason = f"no answer within {self._deadline:g} seconds" + (f" ({reason})" if reason else "")
        raise RemoteFailed(f"{address}: {reason}")

    async def _once(
        self, method: str, address: str, headers: dict[str, str], body: bytes, lost: tuple[int, ...]
    ) -> _Answer:
        assert self._client is not None
        self.requests += 1
        received = bytearray()
        async with self._client.stream(method, address, headers=headers, content=body or None) as answer:
            good = answer.status_code < 300
            self._virtuoso |= "Virtuoso" in answer.headers.get("server", "")
            async for chunk in answer.aiter_bytes():
                received += chunk
                if len(received) > (self._max_bytes if good else _MAX_REASON * 10):
                    if good:
                        raise RemoteFailed(f"{address}: the answer is larger than {self._max_bytes} bytes")
                    break
        if good or answer.status_code in lost:
            return _Answer(answer.status_code, answer.headers, bytes(received))
        reason = _reason(answer, bytes(received))
        if answer.status_code in _AGAIN or "SR172" in reason:  # of Virtuoso: a deadlock
            wait = answer.headers.get("retry-after", "")
            raise _Passing(reason, float(wait) if wait.isascii() and wait.isdigit() else 0.0)
        if 300 <= answer.status_code < 400:
            raise RemoteFailed(f"{address}: it redirects to {answer.headers.get('location')}: give that address")
        if answer.status_code in (401, 403):
            raise RemoteFailed(f"{address}: name, password or token is refused ({reason})")
        raise RemoteFailed(f"{address}: {reason}")

    def _sparql(
        self, form: str, address: str, text: str, accept: str, **more: str
    ) -> tuple[str, dict[str, str], bytes]:
        """The request for a query or an update as SPARQLWrapper writes it: address, headers and body."""
        wrapper = SPARQLWrapper(address, address, agent=AGENT)
        wrapper.setOnlyConneg(True)
        wrapper.setMethod(POST)  # queries are long, and Virtuoso takes forms only
        wrapper.queryString, wrapper.queryType = text, form  # it would guess the form, and wrongly for some
        for name, value in more.items():
            wrapper.addParameter(name.replace("_", "-"), value)
        wrapper.addCustomHttpHeader("Accept", accept)
        request = wrapper._createRequest()
        assert isinstance(request.data, bytes)
        return request.full_url, dict(request.header_items()), request.data

    def _ask(self, text: str, accept: str = _TABLE, **more: str) -> _Answer:
        """The whole answer to a query. Raises RemoteFailed where the server gave a part only."""
        address, headers, body = self._sparql(SELECT, self._query, text, accept, **more)
        answer = self._send("POST", address, headers=headers, body=body)
        if cap := answer.headers.get("x-sparql-maxrows"):  # sent where rows were left out, or may have been
            raise _Capped(f"{address}: the server gives no more than {cap} rows: ask for less, or in parts")
        if answer.headers.get("x-sql-state"):
            raise RemoteFailed(f"{address}: the server broke off after its own limit of time")
        return answer

    def _rows(self, text: str, **more: str) -> list[dict[str, ox.NamedNode | ox.BlankNode | ox.Literal]]:
        """The rows of a SELECT query, each with what is bound."""
        body = self._json(text, **more)
        with self._understood():
            solutions = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
            if isinstance(solutions, ox.QueryBoolean):
                raise ValueError("true or false instead of rows")
            names = [variable.value for variable in solutions.variables]
            return [{n: term for n in names if (term := row[n]) is not None} for row in solutions]

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, SyntaxError) as error:
            reason = error.msg if isinstance(error, SyntaxError) else str(error)
            raise RemoteFailed(f"{self._query}: the answer breaks off, or is of another kind: {reason}") from error

    def _json(self, text: str, **more: str) -> bytes:
        """SPARQL results in JSON."""
        answer = self._ask(text, **more)
        if "json" not in answer.media_type:
            raise RemoteFailed(
                f"{self._query}: an answer of type {answer.media_type or 'unknown'}, not a table: "
                "is this the address of queries?"
            )
        with self._understood():
            return _mended(answer.body) if self._virtuoso else answer.body

    # What is published.

    def _open(self) -> dict[str, Any]:
        """What `graph/publication` says, read once; an empty dictionary where there is none."""
        if self._state is None:
            self._state = self._read_state()
        return self._state

    def _read_state(self) -> dict[str, Any]:
        if not self._query:
            for name in ("query", "sparql"):
                self._query = self.address.rstrip("/") + "/" + name
                address, headers, body = self._sparql(SELECT, self._query, "ASK {}", _TABLE)
                if self._send("POST", address, headers=headers, body=body, lost=(404, 405)).status < 300:
                    break
            else:
                raise RemoteFailed(f"{self.address}: no SPARQL at query or sparql: give the whole address of queries")
        node = f"<{PUBLICATION}>"
        rows = self._rows(
            f"SELECT ?text ?seen {{ GRAPH {node} {{ {node} <{_VALUE}> ?text }} "
            f"OPTIONAL {{ {node} <{_VALUE}> ?seen }} }}"
        )
        if not rows:
            return {}
        if "seen" not in rows[0]:
            self._union = {"union_default_graph": "true"}
        try:
            state = json.loads(str(rows[0]["text"].value))
            layout = state["layout"]
        except (ValueError, KeyError, TypeError) as error:
            raise store.NoStore(
                f"the publication at {self} is broken: run «solidarity build --store {self}»"
            ) from error
        if layout != LAYOUT:
            raise store.NoStore(
                f"what is at {self} was published by another version of the program ({state.get('version', '?')}): "
                "use that one, or have it published anew in an empty store"
            )
        assert isinstance(state, dict)
        return state

    def manifest(self) -> dict[str, Any]:
        """Counts and hash of the build that is published."""
        state = self._open()
        if not state:
            raise store.NoStore(f"nothing is published at {self}: run «solidarity build --store {self}» first")
        if state["pending"]:
            raise store.NoStore(
                f"{self} stands between two builds: a publication is on its way, or was interrupted. The same command "
                f"on the same machine completes it; «solidarity build --store {self}» replaces it"
            )
        manifest: dict[str, Any] = state["manifest"]
        return manifest

    @property
    def caution(self) -> str:
        """What is to be known about answers of this server; empty if nothing."""
        if not self._virtuoso:
            return ""
        return "Virtuoso 7 answers some queries otherwise than SPARQL 1.1 says: see docs/remote.md"

    def unchanged(self) -> None:
        """Raises RemoteFailed if another build was published since the first request, so that what was read may be of
        two."""
        if self._state is not None and self._read_state() != self._state:
            raise RemoteFailed(f"{self}: another build was published meanwhile: ask again")

    def text(self, name: str) -> str:
        """A file of the build."""
        self.manifest()
        found = self._texts([name])
        if not found:
            raise store.NoStore(f"the publication at {self} lacks {name}: run «solidarity build --store {self}»")
        return found[name]

    def _texts(self, names: Iterable[str]) -> dict[str, str]:
        """Texts that stand in graphs below `graph/publication`, put together from their parts."""
        values = " ".join(f"<{PUBLICATION}/{name}>" for name in names)
        parts: dict[str, dict[int, str]] = {}
        for row in self._rows(f"SELECT ?g ?s ?text {{ VALUES ?g {{ {values} }} GRAPH ?g {{ ?s <{_VALUE}> ?text }} }}"):
            graph, node, text = (str(row[name].value) for name in ("g", "s", "text"))
            parts.setdefault(graph.rpartition("/")[2], {})[int(node.rpartition("#")[2])] = text
        return {name: "".join(text for _, text in sorted(found.items())) for name, found in parts.items()}

    # Reading.

    def query(self, text: str, result_format: str, union: bool = True) -> bytes:
        """As `store.query`."""
        self.manifest()
        more = self._union if union else {}
        if more and not self._truth(f"ASK {{ <{PUBLICATION}> <{_VALUE}> ?x }}", **more):
            raise RemoteFailed(f"{self}: the default graph of the server is not the union of its graphs")
        seen = guard.scan(text, max_bytes=len(text.encode()), allow_service=True)
        if seen.form in ("CONSTRUCT", "DESCRIBE"):
            if result_format not in store.GRAPH_FORMATS:
                raise ValueError(f"the answer is a graph: choose one of {', '.join(store.GRAPH_FORMATS)}")
            if self._virtuoso and seen.form == "CONSTRUCT":  # it tells only of tables whether they are whole
                self._ask(f"{text[: seen.prologue]} SELECT (1 AS ?row) {text[seen.body :]}", **more)
            triples = self._triples(self._ask(text, _TRIPLES, **more))
            return ox.serialize(triples, format=store.GRAPH_FORMATS[result_format]) or b""
        if result_format not in store.RESULT_FORMATS:
            raise ValueError(f"the answer is a table: choose one of {', '.join(store.RESULT_FORMATS)}")
        body = self._json(text, **more)
        with self._understood():
            results = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
            return results.serialize(format=store.RESULT_FORMATS[result_format]) or b""

    def _truth(self, text: str, **more: str) -> bool:
        body = self._json(text, **more)
        with self._understood():
            return bool(ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON))

    def _triples(self, answer: _Answer) -> list[ox.Triple]:
        kind = _GRAPH_TYPES.get(answer.media_type)
        if kind is None:
            raise RemoteFailed(f"{self._query}: an answer of type {answer.media_type or 'unknown'}, not a graph")
        with self._understood():
            # Lenient: servers give IRIs back that no strict parser takes, such as those of data that others put there.
            triples = [quad.triple for quad in ox.parse(answer.body, format=kind, lenient=True)]
        return (
            [ox.Triple(t.subject, t.predicate, _mended_term(t.object)) for t in triples] if self._virtuoso else triples
        )

    def quads_for_pattern(
        self,
        subject: Term | None,
        predicate: ox.NamedNode | None,
        obj: Term | None,
        graph: Graph | ox.DefaultGraph | None = None,
    ) -> Iterator[ox.Quad]:
        """As the method of `pyoxigraph.Store`. What is near a thing is asked for once, and kept; of what is large, a
        page first, and the rest only for who goes on."""
        self.manifest()
        if isinstance(subject, ox.Literal):
            return
        if isinstance(subject, ox.BlankNode) or isinstance(obj, ox.BlankNode):
            raise RemoteFailed(f"{self}: blank nodes of a server cannot be asked for")
        wanted: Pattern = (subject, predicate, obj, graph)
        around: list[Pattern] = [wanted]
        if obj is not None:
            around.insert(0, (None, None, obj, None))
        if subject is not None:
            around.insert(0, (subject, None, None, None))
        for near in around:
            if near in self._cache:
                yield from (quad for quad in self._cache[near] if _fits(quad, wanted))
                return
        near = around[0] if subject is not None and around[0] not in self._first else wanted
        first = self._first.get(near) or self._quads(near, f"LIMIT {FIRST + 1}")
        if len(first) <= FIRST:
            self._cache[near] = first
            yield from (quad for quad in first if _fits(quad, wanted))
        elif near != wanted:
            self._first[near] = first
            yield from self.quads_for_pattern(*wanted)
        else:
            self._first[near] = first
            yield from filter(_ours, first)
            self._cache[wanted] = self._all(wanted)
            yield from (quad for quad in set(self._cache[wanted]) - set(first) if _ours(quad))

    def prefetch(self, nodes: Iterable[str]) -> None:
        """Ask at once for all that is near some things, of which `quads_for_pattern` will be asked one by one."""
        self.manifest()
        waiting = list({ox.NamedNode(iri) for iri in nodes})
        for place in ("s", "o"):
            for start in range(0, len(waiting), _AT_ONCE):
                some = waiting[start : start + _AT_ONCE]
                values = " ".join(map(str, some))
                counted = self._rows(
                    f"SELECT ?{place} (COUNT(*) AS ?n) "
                    f"{{ VALUES ?{place} {{ {values} }} GRAPH ?g {{ ?s ?p ?o }} }} GROUP BY ?{place}"
                )
                numbers = {row[place]: int(str(row["n"].value)) for row in counted}
                small = [node for node in some if numbers.get(node, 0) <= PAGE // _AT_ONCE]
                found: dict[Pattern, list[ox.Quad]] = {_around(node, place): [] for node in small}
                if any(numbers.get(node) for node in small):
                    values = " ".join(str(node) for node in small if node in numbers)
                    where = f"VALUES ?{place} {{ {values} }} GRAPH ?g {{ ?s ?p ?o }}"
                    for row in self._rows(f"SELECT ?s ?p ?o ?g {{ {where} }}"):
                        found[_around(row[place], place)].append(_quad(row, (None, None, None, None)))
                self._cache |= found

    def memory(self) -> ox.Store:
        """The whole graph, in memory: small graphs together, as many as a page holds, large ones one by one."""
        self.manifest()
        result = ox.Store()
        waiting: list[str] = []
        rows = 0
        for graph, (_, size) in sorted(item for segment in self._journal() for item in segment.items()):
            if graph.startswith(PUBLICATION):
                continue
            if waiting and rows + size > PAGE:
                result.extend(self._of_graphs(waiting, rows))
                waiting, rows = [], 0
            waiting.append(graph)
            rows += size
        result.extend(self._of_graphs(waiting, rows))
        return result

    def _of_graphs(self, graphs: list[str], size: int) -> Iterable[ox.Quad]:
        if size > PAGE:
            (name,) = map(ox.NamedNode, graphs)
            triples = self._triples(self._ask(f"CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH {name} {{ ?s ?p ?o }} }}", _TRIPLES))
            quads = {ox.Quad(t.subject, t.predicate, t.object, name) for t in triples}
            if len(quads) < size:  # of graphs, Virtuoso leaves out without a word what is beyond its limit
                quads = set(self._all((None, None, None, name)))
        else:
            values = " ".join(f"<{graph}>" for graph in graphs)
            rows = self._rows(f"SELECT ?s ?p ?o ?g {{ VALUES ?g {{ {values} }} GRAPH ?g {{ ?s ?p ?o }} }}")
            quads = {_quad(row, (None, None, None, None)) for row in rows}
        if len(quads) != size:
            raise RemoteFailed(f"{self._query}: {len(quads)} of {size} rows came: the server leaves some out")
        return quads

    def _quads(self, pattern: Pattern, end: str = "") -> list[ox.Quad]:
        names, where = _query_of(pattern)
        return [_quad(row, pattern) for row in self._rows(f"SELECT {names} {{ {where} }} {end}")]

    def _all(self, pattern: Pattern) -> list[ox.Quad]:
        """All that fits, page by page; as many as the server counts."""
        names, where = _query_of(pattern)
        total = int(str(self._rows(f"SELECT (COUNT(*) AS ?n) {{ {where} }}")[0]["n"].value))
        found: set[ox.Quad] = set()
        for offset in range(0, total, PAGE):
            # Virtuoso sorts no more than it gives rows, except in a query inside.
            text = (
                f"SELECT {names} {{ {{ SELECT {names} {{ {where} }} ORDER BY {names} }} }} LIMIT {PAGE} OFFSET {offset}"
            )
            found.update(_quad(row, pattern) for row in self._rows(text))
        if len(found) != total:
            raise RemoteFailed(f"{self._query}: {len(found)} of {total} rows came: the server leaves some out")
        return list(found)

    # Publishing.

    def publish(self, folder: Path, progress: Progress = lambda _: None) -> int:
        """Make the server hold the build in a folder: send the graphs that differ, each whole, drop those that are no
        more, and set the manifest last. Returns how many graphs were sent or dropped.

        Interrupted, it goes on at the next call with what is missing; until then, `manifest` says that it is not whole.
        """
        manifest = store.manifest(folder)
        state = self._open()
        if state and not state["pending"] and state["manifest"] == manifest:
            progress(f"{self} holds this build")
            return 0
        wanted = _graphs(folder)
        held = self._journal() if state else [{} for _ in range(_SEGMENTS)]
        due: list[tuple[dict[str, _Mark], list[str], list[str]]] = []
        for number, before in enumerate(held):
            after = {graph: _mark(lines) for graph, lines in wanted.items() if _segment(graph) == number}
            due.append(
                (
                    after,
                    [graph for graph, mark in after.items() if before.get(graph) != mark],
                    [graph for graph in before if graph not in after],
                )
            )
        total = sum(len(send) + len(drop) for _, send, drop in due)
        progress(f"{total} of {len(wanted)} graphs differ at {self}")
        pending = secrets.token_hex(8)
        self._write_state({"pending": pending, "manifest": {}, "hash": manifest["hash"]})
        writer = _Writer(self)
        done = 0
        for number, (after, send, drop) in enumerate(due):
            if not send and not drop:
                continue
            stay = {graph: mark for graph, mark in held[number].items() if graph not in send and graph not in drop}
            writer.replace(*_journal_graph(number, stay))
            for graph in send:
                writer.replace(graph, "".join(wanted[graph]))
            for graph in drop:
                writer.drop(graph)
            writer.replace(*_journal_graph(number, after))
            if (done + len(send) + len(drop)) * 10 // total > done * 10 // total:
                progress(f"{done + len(send) + len(drop)} of {total} graphs")
            done += len(send) + len(drop)
        writer.flush()
        if self._read_state().get("pending") != pending:
            raise RemoteFailed(f"{self}: somebody else publishes there too: publish again when they are done")
        self._write_state({"pending": "", "manifest": manifest})
        return total

    @contextmanager
    def copy(self, progress: Progress = lambda _: None) -> Iterator[Path]:
        """The published build as a store in a folder; if the folder is another build at the end, that is published.

        The folder is in the cache of the user, one for each address, and is read anew only if the server holds another
        build. If publishing it was interrupted, it is completed first. Candidates are not on a server: the copy has
        none. Raises RemoteFailed, too, if somebody else publishes before this does.
        """
        home = user_cache() / "copies" / hashlib.sha256(self.address.encode()).hexdigest()[:16]
        home.mkdir(parents=True, exist_ok=True)
        folder = home / "store"
        with (home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            held = store.manifest(folder) if (folder / store.MANIFEST).is_file() else {}
            state = self._open()
            if held and state.get("pending") and state.get("hash") == held["hash"]:
                progress(f"completing what was interrupted at {self}")
                self.publish(folder, progress)
            manifest = self.manifest()
            if held != manifest:
                progress(f"reading {manifest['quads']} quads from {self}")
                store.write(folder, store.sorted_lines(self.memory()), [], manifest, store.report(self), "")
            yield folder
            if store.manifest(folder) != manifest:
                self.unchanged()
                if (folder / store.CANDIDATES).stat().st_size:
                    progress("what is unverified is not sent: a server holds what is accepted")
                self.publish(folder, progress)

    def _journal(self) -> list[dict[str, "_Mark"]]:
        """By segment, the graphs that are there, each with its hash and number of lines."""
        result: list[dict[str, _Mark]] = [{} for _ in range(_SEGMENTS)]
        with self._understood():
            for number, text in self._texts(map(str, range(_SEGMENTS))).items():
                for line in text.splitlines():
                    digest, size, graph = line.split(" ", 2)
                    result[int(number)][graph] = (digest, int(size))
        return result

    def _write_state(self, state: dict[str, Any]) -> None:
        text = json.dumps({"layout": LAYOUT, "version": __version__, **state}, ensure_ascii=False)
        writer = _Writer(self)
        writer.replace(PUBLICATION, f"<{PUBLICATION}> <{_VALUE}> {ox.Literal(text)} .\n")
        writer.flush()
        self._cache.clear()
        self._first.clear()
        self._state = None

    def _addresses(self) -> tuple[str, str]:
        """Where updates and graphs go."""
        start, slash, last = self._query.rpartition("/")
        known = {
            "query": ("update", "store"),
            "sparql": ("sparql-auth", "sparql-graph-crud-auth") if self._virtuoso else ("sparql", "store"),
        }.get(last)
        if known is None and not (self._update and self._graphs):
            raise RemoteFailed(f"{self}: give --update-url and --graph-store-url too")
        update, graphs = known or ("", "")
        return self._update or start + slash + update, self._graphs or start + slash + graphs

    def _change(self, text: str) -> None:
        address, headers, body = self._sparql(INSERT, self._addresses()[0], text, "*/*")
        self._send("POST", address, headers=headers, body=body)

    def _put(self, graph: str, lines: str) -> None:
        address = f"{self._addresses()[1]}?graph={quote(graph, safe='')}"
        self._send("PUT", address, headers={"Content-Type": "text/turtle"}, body=lines.encode())


class _Writer:
    """Changes of whole graphs, in order: small ones together in one update, large ones each by itself."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._update: list[str] = []
        self._size = 0

    def replace(self, graph: str, lines: str) -> None:
        # Virtuoso cannot read all literals in an update (durations), and takes as long for it.
        if self._remote._virtuoso or len(lines) > BATCH:
            self.flush()
            self._remote._put(graph, lines)
        else:
            self._add(f"DROP SILENT GRAPH <{graph}> ;\nINSERT DATA {{ GRAPH <{graph}> {{\n{lines}}} }} ;\n")

    def drop(self, graph: str) -> None:
        self._add(f"DROP SILENT GRAPH <{graph}> ;\n")

    def _add(self, step: str) -> None:
        if self._size + len(step) > BATCH:
            self.flush()
        self._update.append(step)
        self._size += len(step)

    def flush(self) -> None:
        if self._update:
            self._remote._change("".join(self._update))
            self._update, self._size = [], 0


def _check(address: str) -> None:
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment:
        raise RemoteFailed(f"«{address}» is not an address like https://host/sparql")
    if parts.username is not None or parts.password is not None:
        raise RemoteFailed(
            f"no name and password in an address, where others may see them: set {USER} and {PASSWORD}, or use .netrc"
        )


def _reason(answer: httpx.Response, body: bytes) -> str:
    """What a server says of its refusal, in one line."""
    text = " ".join(re.sub(r"<[^>]*>", " ", body.decode("utf-8", "replace")).split())
    text = "".join(letter for letter in text if letter.isprintable())[:_MAX_REASON]
    return f"status {answer.status_code}" + (f": {text}" if text else "")


# Virtuoso keeps booleans as numbers, durations of months as months and others as seconds.


def _mended_value(datatype: str, value: str) -> str:
    if datatype == _XSD + "boolean":
        return {"1": "true", "0": "false"}.get(value, value)
    if datatype == _XSD + "duration" and value[:1] not in ("P", "-"):
        if "." in value or "e" in value:
            minutes, seconds = divmod(round(float(value)), 60)
            hours, minutes = divmod(minutes, 60)
            days, hours = divmod(hours, 24)
            times = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
            return "P" + (f"{days}D" if days else "") + (f"T{times}" if times else "" if days else "T0S")
        years, months = divmod(int(value), 12)
        return "P" + (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
    return value


def _mended(body: bytes) -> bytes:
    """SPARQL results in JSON with the values as they were written."""
    document = json.loads(body)
    for row in document.get("results", {}).get("bindings", []):
        for cell in row.values():
            if cell["type"] == "bnode":
                cell["value"] = re.sub(r"\W", "_", cell["value"])  # nodeID://b10001
            elif "datatype" in cell:
                cell["value"] = _mended_value(cell["datatype"], cell["value"])
    return json.dumps(document, ensure_ascii=False).encode()


def _mended_term(term: Term) -> Term:
    if isinstance(term, ox.Literal) and not term.language:
        return ox.Literal(_mended_value(term.datatype.value, term.value), datatype=term.datatype)
    return term


# Patterns.


def _query_of(pattern: Pattern) -> tuple[str, str]:
    """The variables and the pattern of the query for a pattern."""
    slots = [f"?{name}" if term is None else str(term) for name, term in zip("spo", pattern, strict=False)]
    graph = "" if pattern[3] is None else f"VALUES ?g {{ {pattern[3]} }} "
    names = " ".join(["?g", *(slot for slot in slots if slot.startswith("?"))])
    return names, f"{graph}GRAPH ?g {{ {' '.join(slots)} }}"


def _quad(row: dict[str, Any], pattern: Pattern) -> ox.Quad:
    subject, predicate, obj, _ = pattern
    terms: list[Any] = [row.get("s", subject), row.get("p", predicate), row.get("o", obj)]
    return ox.Quad(terms[0], terms[1], terms[2], row["g"])


def _around(node: Any, place: str) -> Pattern:
    return (node, None, None, None) if place == "s" else (None, None, node, None)


def _ours(quad: ox.Quad) -> bool:
    """Whether a quad is of a graph of the build: a server may hold others, and its own."""
    graph = quad.graph_name
    return (
        isinstance(graph, ox.NamedNode) and graph.value.startswith(_GRAPHS) and not graph.value.startswith(PUBLICATION)
    )


def _fits(quad: ox.Quad, pattern: Pattern) -> bool:
    return _ours(quad) and all(term is None or term == found for term, found in zip(pattern, quad, strict=True))


# What is sent.

_Mark = tuple[str, int]


def _segment(graph: str) -> int:
    return hashlib.sha256(graph.encode()).digest()[0] % _SEGMENTS


def _mark(lines: list[str]) -> _Mark:
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:32], len(lines)


def _lines(node: str, text: str) -> list[str]:
    """A text in parts: Virtuoso takes no long line for Turtle."""
    starts = range(0, len(text) or 1, _PART)
    return [f"<{node}#{i}> <{_VALUE}> {ox.Literal(text[at : at + _PART])} .\n" for i, at in enumerate(starts)]


def _journal_graph(number: int, marks: dict[str, _Mark]) -> tuple[str, str]:
    node = f"{PUBLICATION}/{number}"
    text = "".join(f"{digest} {size} {graph}\n" for graph, (digest, size) in sorted(marks.items()))
    return node, "".join(_lines(node, text))


def _graphs(folder: Path) -> dict[str, list[str]]:
    """The graphs of a build, and its files as graphs: lines of N-Triples by graph."""
    result: dict[str, list[str]] = {}
    with (folder / store.DUMP).open(encoding="utf-8", newline="\n") as dump:
        for line in dump:
            triple, _, graph = line.removesuffix(" .\n").rpartition(" ")
            result.setdefault(graph[1:-1], []).append(f"{triple} .\n")
    for name in _FILES:
        node = f"{PUBLICATION}/{name}"
        result[node] = _lines(node, (folder / name).read_text("utf-8"))
    return result

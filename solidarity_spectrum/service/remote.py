"""Requests to other servers, for SERVICE, LOAD and remote FROM: only where an address was allowed, and in the open.

The front fetches, since a worker can open no connection: what a SERVICE answers goes into the query as VALUES, what
LOAD and FROM name goes with it as a document. No redirect is followed; every address that the name of the host has
must be public; the connection goes to the very address that was checked; time and size have limits.
"""

import asyncio
import contextlib
import json
import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import h11

from solidarity_spectrum import network
from solidarity_spectrum.guard import Call, Refused, Scan, UpdateScan
from solidarity_spectrum.service.pool import Dataset, Extra
from solidarity_spectrum.service.settings import Settings

_GRAPHS = "text/turtle, application/n-triples, application/rdf+xml;q=0.9, application/ld+json;q=0.8"
_TABLE = "application/sparql-results+json"
_AT_ONCE = 4
_MAX_ROWS = 10_000
_HIDDEN = "urn:x-solidarity-spectrum:loaded:"
_VARIABLE = re.compile(r"\w+\Z")
_IRI = re.compile(r'[^<>"{}|^`\\\x00-\x20]+\Z')
_TAG = re.compile(r"[A-Za-z]+(-[A-Za-z0-9]+)*\Z")


class RemoteFailed(Exception):
    """The other server gave no answer that can be used. The reason tells nothing of this machine."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address}: {reason}")


@dataclass(frozen=True, slots=True)
class Fetched:
    media_type: str
    body: bytes


class Remote:
    """Fetches for one service."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def allows(self, address: str | None) -> bool:
        """Whether an address may be called."""
        if address is None or "/.." in address or "%2e" in address.lower():  # a way out of the prefix
            return False
        return address.startswith(self._settings.allow_remote)

    async def services(self, query: str, seen: Scan) -> str:
        """The query with each SERVICE clause answered. Raises Refused or RemoteFailed."""
        for call in seen.services:
            if not self.allows(call.address):
                raise Refused(403, "SERVICE is refused: this endpoint calls only servers that it was told to.")
        answers = await asyncio.gather(*(self._answer(query[: seen.prologue], call) for call in seen.services))
        for call, answer in reversed(list(zip(seen.services, answers, strict=True))):
            query = f"{query[: call.start]} {answer} {query[call.end :]}"
        return query

    async def graphs(self, seen: Scan, dataset: Dataset) -> tuple[Extra, ...]:
        """The documents that a dataset names at other servers; what is not allowed names a graph here. Raises
        RemoteFailed."""
        names = {*dataset.default, *dataset.named} if dataset else set(seen.graphs)
        wanted = sorted(name for name in names if self.allows(name))
        found = await asyncio.gather(*(self.fetch(name, accept=_GRAPHS) for name in wanted))
        return tuple(Extra(name, item.media_type, item.body) for name, item in zip(wanted, found, strict=True))

    async def loads(self, update: str, seen: UpdateScan) -> tuple[str, tuple[Extra, ...]]:
        """The update with each LOAD made a copy from a graph that comes with it, and these graphs. Raises Refused or
        RemoteFailed."""
        extra: list[Extra] = []
        for number, call in reversed(list(enumerate(seen.loads))):
            hidden = f"{_HIDDEN}{number}"
            step = f"CLEAR SILENT GRAPH <{hidden}>"  # what a silent failure does: nothing
            try:
                if not self.allows(call.address):
                    raise Refused(403, "LOAD is refused: this service calls only servers that it was told to.")
                assert call.address
                found = await self.fetch(call.address, accept=_GRAPHS)
                extra.append(Extra(hidden, found.media_type, found.body))
                step = f"ADD GRAPH <{hidden}> TO {call.rest}"
            except (Refused, RemoteFailed):
                if not call.silent:
                    raise
            update = f"{update[: call.start]} {step} {update[call.end :]}"
        return update, tuple(extra)

    async def _answer(self, prologue: str, call: Call) -> str:
        assert call.address
        try:
            body = urlencode({"query": f"{prologue} SELECT * WHERE {call.rest}"}).encode()
            return _values((await self.fetch(call.address, accept=_TABLE, body=body)).body, call.address)
        except RemoteFailed:
            if call.silent:
                return "{}"
            raise

    async def fetch(self, address: str, *, accept: str, body: bytes | None = None) -> Fetched:
        """Get a document, or with a body post a form. Raises RemoteFailed."""
        try:
            async with asyncio.timeout(self._settings.query_timeout), self._turns:
                return await self._fetch(address, accept, body)
        except TimeoutError:
            raise RemoteFailed(address, "no answer in time") from None
        except (OSError, h11.ProtocolError, UnicodeError, ValueError) as error:
            raise RemoteFailed(address, "no connection, or not HTTP") from error

    async def _fetch(self, address: str, accept: str, body: bytes | None) -> Fetched:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise RemoteFailed(address, "not an address of http or https")
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        hosts = [str(entry[4][0]) for entry in found]
        if not hosts or not all(self._settings.allow_private or network.public(host) for host in hosts):
            raise RemoteFailed(address, "not at a public address")
        context = ssl.create_default_context() if secure else None
        reader, writer = await asyncio.open_connection(
            hosts[0], port, ssl=context, server_hostname=parts.hostname if secure else None
        )
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = [
                ("Host", parts.netloc),
                ("Accept", accept),
                ("User-Agent", network.AGENT),
                ("Connection", "close"),
            ]
            headers.append(("Accept-Encoding", "identity"))
            if body is not None:
                headers += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body)))]
            connection = h11.Connection(h11.CLIENT)
            request = h11.Request(method="GET" if body is None else "POST", target=target, headers=headers)
            for event in (request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()):
                writer.write(connection.send(event) or b"")
            await writer.drain()
            return await self._receive(address, connection, reader)
        finally:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(writer.wait_closed(), 0.2)

    async def _receive(self, address: str, connection: h11.Connection, reader: asyncio.StreamReader) -> Fetched:
        data, media_type = bytearray(), ""
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(65_536))
            elif isinstance(event, h11.Response):
                headers = {name.decode().lower(): value.decode("latin-1") for name, value in event.headers}
                if 300 <= event.status_code < 400:
                    raise RemoteFailed(address, "it redirects elsewhere, which is not followed")
                if event.status_code != 200 or headers.get("content-encoding", "identity") != "identity":
                    raise RemoteFailed(address, f"it answered with status {event.status_code}")
                media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
            elif isinstance(event, h11.Data):
                data += event.data
                if len(data) > self._settings.remote_bytes:
                    raise RemoteFailed(address, f"its answer is larger than {self._settings.remote_bytes} bytes")
            elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                return Fetched(media_type, bytes(data))


def _values(body: bytes, address: str) -> str:
    """SPARQL results in JSON as a VALUES clause. Raises RemoteFailed."""
    try:
        document = json.loads(body)
        names = document["head"]["vars"]
        rows = document["results"]["bindings"]
        if len(rows) > _MAX_ROWS:
            raise RemoteFailed(address, f"more than {_MAX_ROWS} rows")
        if not all(_VARIABLE.match(name) for name in names):
            raise ValueError("a variable")
        cells = ((_term(row[name]) if name in row else "UNDEF" for name in names) for row in rows)
        lines = (f"({' '.join(row)})" for row in cells)
        return f"VALUES ({' '.join('?' + name for name in names)}) {{ {' '.join(lines)} }}"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RemoteFailed(address, "not SPARQL results in JSON") from error


def _term(cell: dict[str, str]) -> str:
    value = cell["value"]
    if cell["type"] == "uri":
        if not _IRI.match(value):
            raise ValueError("not an IRI")
        return f"<{value}>"
    if cell["type"] == "bnode":  # VALUES knows none: a name in its place, the same for the same node
        return f"<urn:x-solidarity-spectrum:bnode:{value.encode().hex()}>"
    if cell["type"] not in ("literal", "typed-literal"):
        raise ValueError("an unknown kind of term")
    text = json.dumps(value, ensure_ascii=False)
    if tag := cell.get("xml:lang"):
        if not _TAG.match(tag):
            raise ValueError("not a language tag")
        return f"{text}@{tag}"
    datatype = cell.get("datatype")
    if datatype is not None and not _IRI.match(datatype):
        raise ValueError("not an IRI")
    return f"{text}^^<{datatype}>" if datatype else text

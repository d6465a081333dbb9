"""One client for all that is fetched from publishers: it retries, keeps to limits, writes down what it got, and can
replay that.

An answer is complete or an error. With a log folder each answer is kept as two files, named by the hash of the request:
`HASH.json` (method, address, form, status, media type, hash of the answer, day) and `HASH.body`. What is there is not
asked for again, so that an interrupted load goes on where it was; with `replay` nothing else is asked for at all.
"""

import contextlib
import email.utils
import hashlib
import http.client
import io
import json
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

from SPARQLWrapper import JSON, POST, SPARQLWrapper

from solidarity_spectrum import network
from solidarity_spectrum.findings import InputError, Place
from solidarity_spectrum.loading.inputs import Index, Input, refuse

MAX_BYTES = 256 * 2**20
MAX_REDIRECTS = 5
TRIES = 6
AGAIN = {408, 429, 500, 502, 503, 504}
"""Statuses that may be different a little later."""
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer of status 200; `url` is where it came from in the end."""

    url: str
    media_type: str
    body: bytes
    file: Path | None = None

    def input(self, index: Index | None = None, name: str = "") -> Input:
        """The answer as an input of a loader."""
        return Input(
            self.file or Path(name or self.url), name or self.url, index, lambda: cast(BinaryIO, io.BytesIO(self.body))
        )


class Client:
    """Fetches for one load.

    `log` is the folder of what is fetched, `replay` forbids to ask for anything that is not there. `deadline` is in
    seconds for one answer, retries included; `pause` in seconds between two requests to the same host. `loopback`
    allows plain HTTP to this machine, for tests. `index` goes with the inputs made of the answers.
    """

    def __init__(
        self,
        log: Path | None = None,
        replay: bool = False,
        deadline: float = 300,
        pause: float = 1,
        most_bytes: int = MAX_BYTES,
        loopback: bool = False,
        index: Index | None = None,
        progress: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.index = index
        self._log, self._replay, self._deadline, self._pause = log, replay, deadline, pause
        self._most_bytes, self._loopback, self._progress = most_bytes, loopback, progress
        self._last: dict[str, float] = {}
        if log and not replay:
            log.mkdir(parents=True, exist_ok=True)

    def get(self, url: str, parameters: Mapping[str, str] | None = None, accept: str = "*/*") -> Response:
        """Get a document. Raises InputError (rule `fetch`) if it cannot be had whole."""
        if parameters:
            url += ("&" if urlsplit(url).query else "?") + urlencode(parameters)
        return self._kept("GET", url, accept, None)

    def post(self, url: str, form: Mapping[str, str] | bytes, accept: str = "*/*") -> Response:
        """Post a form. Raises InputError (rule `fetch`) if the answer cannot be had whole."""
        return self._kept("POST", url, accept, form if isinstance(form, bytes) else urlencode(form).encode())

    def pages(self, endpoint: str, query: str, order: str, page: int = 1000) -> Iterator[Response]:
        """Every row of a SELECT query, page by page, as SPARQL results in JSON.

        `query` has no ORDER BY, LIMIT or OFFSET; `order` are the variables that put its rows in one order, such as
        `?item ?day`. The rows are counted first. Raises InputError if a page has fewer or more rows than it must, if
        there are none at all, or if what comes is not such a result.
        """
        start = query.upper().index("SELECT")
        counting = f"{query[:start]}SELECT (COUNT(*) AS ?count) WHERE {{ {query[start:]} }}"
        counted = self._rows(endpoint, counting)[1]
        try:
            number = int(counted[0]["count"]["value"])
        except (LookupError, TypeError, ValueError) as error:
            raise _failed(endpoint, "it does not count its rows") from error
        if not number:
            raise _failed(endpoint, "no row fits the query")
        for offset in range(0, number, page):
            answer, rows = self._rows(endpoint, f"{query} ORDER BY {order} LIMIT {page} OFFSET {offset}")
            wanted = min(page, number - offset)
            if len(rows) != wanted:
                raise _failed(endpoint, f"{len(rows)} rows where {wanted} must be (from row {offset} of {number})")
            self._progress(f"{offset + wanted} of {number} rows")
            yield answer

    def _rows(self, endpoint: str, query: str) -> tuple[Response, list[Any]]:
        wrapper = _Wrapper(endpoint, self)
        wrapper.setQuery(query)
        answer = wrapper.fetch()
        if "json" not in answer.media_type:
            raise _failed(endpoint, f"it answered with «{answer.media_type}», not SPARQL results in JSON")
        try:
            rows = json.loads(answer.body)["results"]["bindings"]
            if not isinstance(rows, list):
                raise TypeError
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise _failed(endpoint, "what it answered is not SPARQL results in JSON, or cut off") from error
        return answer, rows

    def _kept(self, method: str, url: str, accept: str, body: bytes | None) -> Response:
        """The answer from the log, or from the net into the log."""
        key = hashlib.sha256(b"\n".join((method.encode(), url.encode(), accept.encode(), body or b""))).hexdigest()[:32]
        file = self._log / f"{key}.body" if self._log else None
        about = file.with_suffix(".json") if file else None
        if file and about and about.is_file():
            try:
                kept = json.loads(about.read_text("utf-8"))
                data = file.read_bytes()
                if hashlib.sha256(data).hexdigest() != kept["sha256"]:
                    raise ValueError("its hash differs")
                return Response(kept["address"], kept["mediaType"], data, file)
            except (OSError, ValueError, LookupError, TypeError) as error:
                raise refuse(
                    "fetch", Place(str(about)), f"the log is broken: {error}", f"a napló hibás: {error}"
                ) from error
        if self._replay:
            raise _failed(url, f"the log has no answer to this {method}; load once without replaying")
        answer = self._fetch(method, url, accept, body)
        if file and about:
            _put(file, answer.body)
            entry = {
                "method": method,
                "url": url,
                "accept": accept,
                "form": body.decode("utf-8", "replace") if body is not None else None,
                "status": 200,
                "address": answer.url,
                "mediaType": answer.media_type,
                "sha256": hashlib.sha256(answer.body).hexdigest(),
                "day": datetime.now(UTC).date().isoformat(),
            }
            _put(about, json.dumps(entry, ensure_ascii=False, indent=1).encode())
            return Response(answer.url, answer.media_type, answer.body, file)
        return answer

    def _fetch(self, method: str, url: str, accept: str, body: bytes | None) -> Response:
        ends = time.monotonic() + self._deadline
        reason = ""
        for attempt in range(TRIES):
            wait = 0.0
            try:
                answer, reason, wait = self._follow(method, url, accept, body, ends)
                if answer:
                    return answer
            except (TimeoutError, ConnectionError, http.client.HTTPException, socket.gaierror, ssl.SSLError) as error:
                reason = f"{type(error).__name__}: {error}".rstrip(": ")
            except OSError as error:
                reason = error.strerror or str(error)
            except ValueError as error:
                raise _failed(url, f"it leads to what is no address: {error}") from error
            wait = max(wait, min(60.0, self._pause * 2**attempt))
            if time.monotonic() + wait >= ends:
                raise _failed(url, f"no answer in {self._deadline:g} seconds; the last: {reason}")
            if attempt < TRIES - 1:
                self._progress(f"{url}: {reason}; again in {wait:.0f} s")
                time.sleep(wait)
        raise _failed(url, f"no answer after {TRIES} tries; the last: {reason}")

    def _follow(
        self, method: str, url: str, accept: str, body: bytes | None, ends: float
    ) -> tuple[Response | None, str, float]:
        """An answer, or why there is none yet and how long the server asks to wait."""
        first = urlsplit(url)
        for _ in range(MAX_REDIRECTS + 1):
            parts = urlsplit(url)
            if (parts.scheme, parts.netloc) != (first.scheme, first.netloc):
                raise _failed(url, "it leads to another host, which is not followed")
            connection = self._connect(parts, ends)
            with contextlib.closing(connection):
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                headers = {"User-Agent": network.AGENT, "Accept": accept, "Accept-Encoding": "identity"}
                if body is not None:
                    headers["Content-Type"] = "application/x-www-form-urlencoded"
                connection.request(method, target, body, headers)
                response = connection.getresponse()
                if response.status in (301, 302, 303, 307, 308) and response.headers.get("Location"):
                    url = urljoin(url, response.headers["Location"])
                    if response.status == 303:
                        method, body = "GET", None
                    continue
                if response.status in AGAIN:
                    return None, f"status {response.status}", _retry_after(response.headers.get("Retry-After", ""))
                if response.status != 200:
                    start = " ".join(response.read(200).decode("utf-8", "replace").split())
                    raise _failed(url, f"it answered with status {response.status}: {start}")
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise _failed(url, "it answered in an encoding that was not asked for")
                data = self._read(url, response, connection, ends)
                if "Content-Length" not in response.headers and not response.chunked and not data:
                    return None, "an empty answer", 0
                media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                return Response(url, media_type, data), "", 0
        raise _failed(url, f"it leads on more than {MAX_REDIRECTS} times")

    def _read(
        self, url: str, response: http.client.HTTPResponse, connection: http.client.HTTPConnection, ends: float
    ) -> bytes:
        data = bytearray()
        while True:
            left = ends - time.monotonic()
            if left <= 0:
                raise _failed(url, f"not whole after {self._deadline:g} seconds")
            if connection.sock:
                connection.sock.settimeout(min(30, left))
            chunk = response.read1(_CHUNK)
            if not chunk:
                if response.length:  # what http.client does not tell when it is read piece by piece
                    raise http.client.IncompleteRead(b"", response.length)
                return bytes(data)
            data += chunk
            if len(data) > self._most_bytes:
                raise _failed(url, f"larger than {self._most_bytes} bytes")

    def _connect(self, parts: SplitResult, ends: float) -> http.client.HTTPConnection:
        """A connection to the very address that was checked, when its host may be asked again."""
        url, host = parts.geturl(), parts.hostname or ""
        secure = parts.scheme == "https"
        if not host or parts.username is not None or not (secure or (self._loopback and parts.scheme == "http")):
            raise _failed(url, "not an address of https")
        port = parts.port or (443 if secure else 80)
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not found or not all(
            network.public(each) or (self._loopback and each in ("127.0.0.1", "::1")) for each in found
        ):
            raise _failed(url, "not at a public address")
        wait = self._last.get(host, -math.inf) + self._pause - time.monotonic()
        if wait > 0:
            time.sleep(min(wait, max(0.0, ends - time.monotonic())))
        self._last[host] = time.monotonic()
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("no time left")
        made = socket.create_connection((found[0], port), min(30, left))
        if secure:
            made = ssl.create_default_context().wrap_socket(made, server_hostname=host)
        connection = http.client.HTTPConnection(host, port, timeout=min(30, left))
        connection.sock = made
        return connection


class _Wrapper(SPARQLWrapper):
    """SPARQLWrapper makes the request; the client sends it, which knows retries, a deadline and a log."""

    def __init__(self, endpoint: str, client: Client) -> None:
        super().__init__(endpoint, agent=network.AGENT)
        self._client = client
        self.setMethod(POST)
        self.setReturnFormat(JSON)

    def fetch(self) -> Response:
        request: Any = self._createRequest()
        return self._client.post(request.full_url, request.data, request.get_header("Accept"))


def _retry_after(text: str) -> float:
    """Seconds that a header Retry-After asks for: a number or a date (RFC 9110, 10.2.3)."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _failed(url: str, reason: str) -> InputError:
    return refuse("fetch", Place(url), reason, f"a letöltés nem sikerült: {reason}")


def _put(file: Path, data: bytes) -> None:
    draft = file.with_suffix(".draft")
    draft.write_bytes(data)
    draft.replace(file)

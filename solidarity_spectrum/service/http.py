"""HTTP around the application: connections with limits of time, number and room; who the client is; headers, log."""

import asyncio
import ipaddress
import json
import logging
import re
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import h11
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from solidarity_spectrum.service.limits import LOCAL, RateLimit, client, client_name
from solidarity_spectrum.service.metrics import Metrics
from solidarity_spectrum.service.settings import Settings
from solidarity_spectrum.service.sparql import Problem, problem_response

logger = logging.getLogger("solidarity_spectrum.service")

UNIX = "unix"
"""The name of a peer that came through the Unix socket: a proxy, which its owner let in."""
_CHECK_SECONDS = 1.0
_LOGGED = 500  # characters of a path; what is longer names nothing here
_UNSENT_ANSWERS = 8  # times the largest answer may wait in memory for slow readers, all connections together
MAX_FIELDS = 100
MAX_FIELD_BYTES = 16_384
"""Header fields of a request, and their bytes; the line with the address is not counted."""
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_OUR_FAULT = Problem(500, "Internal error", "Something went wrong here. This is our fault, not yours.")


def protocol(settings: Settings, metrics: Metrics) -> type[H11Protocol]:
    """The protocol class of a server whose connections share the limits of these settings."""
    opened: Counter[str] = Counter()
    unsent: Counter[H11Protocol] = Counter()
    proxies = [ipaddress.ip_network(proxy, strict=False) for proxy in settings.trusted_proxies]

    def name_of(peer: str | None) -> str:
        """The client of a connection; all that comes through a proxy has many, so no number holds for it."""
        name = client_name(peer)
        trusted = name != LOCAL and any(ipaddress.ip_address(peer or "") in proxy for proxy in proxies)
        return LOCAL if trusted else name

    class Strict(h11.Connection):
        """Refuses a head with more or longer fields than anybody needs, before they are read one by one."""

        def next_event(self) -> Any:
            if self.their_state is h11.IDLE:
                head = _END_OF_HEAD.split(self.trailing_data[0], maxsplit=1)[0]
                fields = head.partition(b"\n")[2]
                if fields.count(b"\n") > MAX_FIELDS or len(fields) > MAX_FIELD_BYTES:
                    self._process_error(self.their_role)
                    raise h11.RemoteProtocolError("Too many or too long header fields", error_status_hint=431)
            return super().next_event()

    class Connection(H11Protocol):
        """A connection that may not wait for ever: neither to say what it wants nor to take what it asked for."""

        _name = ""
        _since: float | None = None
        """Since when it owes the head of a request, or the rest of a body that nobody reads."""
        _stalled: float | None = None
        """Since when it has read its answer more slowly than it may."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.conn = Strict(h11.SERVER, max_incomplete_event_size=self.config.h11_max_incomplete_event_size or 0)
            self._name = name_of(self.client[0] if self.client else None)
            self._since = time.monotonic()
            opened[self._name] += 1
            mine = self._name != LOCAL and opened[self._name] > settings.connections_per_client
            if mine or opened.total() > settings.connections:
                metrics.refused.add(reason="connections")
                transport.write(_FULL)
                transport.close()
                return
            self.loop.call_later(_CHECK_SECONDS, self._check)

        def connection_lost(self, exc: Exception | None) -> None:
            opened[self._name] -= 1
            if not opened[self._name]:
                del opened[self._name]
            unsent.pop(self, None)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return  # refused, and not done saying so
            super().data_received(data)
            self._note()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._note()

        def _note(self) -> None:
            """Whether the client owes something now."""
            answered = self.cycle is None or self.cycle.response_complete
            if not answered or self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
                self._since = None
            elif self._since is None:
                self._since = time.monotonic()

        def _check(self) -> None:
            """End what has taken too long; look again in a while."""
            now, before, left = time.monotonic(), unsent[self], self.transport.get_write_buffer_size()
            unsent[self] = left
            if not left or before - left >= settings.min_rate * _CHECK_SECONDS:
                self._stalled = None
            elif self._stalled is None:
                self._stalled = now
            late = self._since is not None and now - self._since > settings.head_seconds
            slow = self._stalled is not None and now - self._stalled > settings.head_seconds
            full = left > 0 and unsent.total() > _UNSENT_ANSWERS * settings.max_result_bytes
            if (late and not left) or slow or (full and left == max(unsent.values())):
                metrics.refused.add(reason="slow reader" if left else "slow request")
                self.transport.abort()
            elif self in self.connections:
                self.loop.call_later(_CHECK_SECONDS, self._check)
            else:
                unsent.pop(self, None)

    return Connection


class NamedPeer:
    """Gives a peer without an address, from the Unix socket, a name that can be trusted as a proxy's."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not scope.get("client"):
            scope["client"] = (UNIX, 0)
        await self._app(scope, receive, send)


class Envelope:
    """What is around every response: the limit of the client's rate, security headers, counts, and one line of log
    that tells nothing of the visitor."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._rate = RateLimit(settings.rate, settings.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status, size = 0, 0

        async def send_on(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
            else:
                size += len(message.get("body", b""))
            await send(message)

        name = client_name((scope.get("client") or (None,))[0])
        client.set(name)
        try:
            if wait := self._rate.wait(name):
                self._metrics.refused.add(reason="rate")
                refusal = Problem(429, "Too many requests", "Ask more slowly.", {"Retry-After": str(int(wait) + 1)})
                await problem_response(Request(scope), refusal)(scope, receive, send_on)
            else:
                await self._app(scope, receive, send_on)
        except Exception:
            logger.exception(json.dumps({"event": "failure", "path": scope["path"]}, ensure_ascii=False))
            if status:
                raise  # the response has begun: only breaking it off tells the client
            await problem_response(Request(scope), _OUR_FAULT)(scope, receive, send_on)
        finally:
            seconds = time.perf_counter() - begun
            self._metrics.requests.add(method=_known(scope["method"]), status=str(status))
            self._metrics.seconds.add(seconds)
            line = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "method": scope["method"],
                "path": scope["path"][:_LOGGED],
                "status": status,
                "bytes": size,
                "ms": round(seconds * 1000, 1),
            }
            logger.info(json.dumps(line))


def _known(method: str) -> str:
    """The method, if it is one: a client may not make up labels."""
    return method if method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS") else "other"

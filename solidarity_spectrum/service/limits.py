"""Sharing what is scarce: turns between clients that wait, and requests of one client over time."""

import asyncio
import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import Generic, TypeVar

T = TypeVar("T")

LOCAL = "local"
"""The client on this machine, or behind a proxy that is not trusted: nobody can tell which, so no rate holds for it."""

client: ContextVar[str] = ContextVar("client", default=LOCAL)
"""For whom the running request is answered."""

_MAX_CLIENTS = 10_000


def client_name(host: str | None) -> str:
    """What counts as one client: an IPv4 address, or the network of an IPv6 address, which one client owns whole."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return LOCAL
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return LOCAL if address.is_loopback else str(ipaddress.ip_network((address, 64), strict=False))
        address = address.ipv4_mapped
    return LOCAL if address.is_loopback else str(address)


class Full(Exception):
    """There is no room to wait."""


class FairQueue(Generic[T]):
    """Who waits for something: first come, first served among those of one client, and clients in turn."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._clients: OrderedDict[str, deque[asyncio.Future[T]]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def join(self, name: str) -> "asyncio.Future[T]":
        """A future of what a client waits for; it fails with Full when another client needs the room more.

        Raises Full if there is no room, and nobody has so much more waiting than this client that room could be made.
        """
        if self._size >= self._limit:
            longest = max(self._clients, key=lambda other: len(self._clients[other]), default=name)
            if len(self._clients.get(longest, ())) <= len(self._clients.get(name, ())) + 1:
                raise Full
            dropped = self._clients[longest][-1]
            self.leave(longest, dropped)
            dropped.set_exception(Full())
        turn: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._clients.setdefault(name, deque()).append(turn)
        self._size += 1
        return turn

    def leave(self, name: str, turn: "asyncio.Future[T]") -> None:
        """Wait no longer."""
        waiting = self._clients.get(name)
        if waiting is None or turn not in waiting:
            return
        waiting.remove(turn)
        self._size -= 1
        if not waiting:
            del self._clients[name]

    def give(self, thing: T, may: Callable[[str], bool] = lambda _: True) -> bool:
        """Give something to whose turn it is among the clients that may have it. Gives whether anybody took it."""
        for name in list(self._clients):
            if not may(name):
                continue
            turn = self._clients[name][0]
            self.leave(name, turn)
            if name in self._clients:
                self._clients.move_to_end(name)
            turn.set_result(thing)
            return True
        return False


class RateLimit:
    """A bucket of tokens for each client: `burst` at once, `rate` a second in the long run."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, name: str) -> float:
        """Take a token of a client. Gives 0, or the seconds until there is one."""
        if not self._rate or name == LOCAL:
            return 0.0
        now = time.monotonic()
        tokens, then = self._buckets.pop(name, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        short = 1 - tokens
        self._buckets[name] = (tokens - (short <= 0), now)
        if len(self._buckets) > _MAX_CLIENTS:  # the one longest away has a full bucket, or nearly so
            self._buckets.popitem(last=False)
        return max(0.0, short / self._rate)

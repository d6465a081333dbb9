"""Two read replicas of one build behind a balancer (docs/remote.md): one is killed, then both get a new build."""

import asyncio
import contextlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.test_service import Server, write_store

QUERIES = (
    "SELECT ?s ?l { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l } ORDER BY ?s ?l",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?s { ?s <urn:p:3> ?o } ORDER BY ?s LIMIT 20",
)
_CHECK = 0.05


class Balancer:
    """HTTP from one port to those of several servers that are ready, in turn; a read that one gave no whole answer to
    goes to the next, as `proxy_next_upstream error` has it."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.up: list[int] = []
        self.passed = dict.fromkeys(ports, 0)
        self._turn = 0
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main)
        self._thread.start()
        self._started.wait(10)

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())
        self._loop.close()

    async def _run(self) -> None:
        self._end = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        checks = asyncio.create_task(self._checks())
        await asyncio.sleep(0.2)
        self._started.set()
        await self._end.wait()
        checks.cancel()
        server.close()
        await server.wait_closed()

    async def _checks(self) -> None:
        while True:
            answers = await asyncio.gather(
                *(
                    self._ask(port, b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    for port in self.ports
                )
            )
            self.up = [port for port, answer in zip(self.ports, answers, strict=True) if answer[9:12] == b"200"]
            await asyncio.sleep(_CHECK)

    async def _ask(self, port: int, request: bytes) -> bytes:
        """The whole answer of one server, or nothing."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            answer = await reader.read(-1)
            writer.close()
        except OSError:
            return b""
        head, end, body = answer.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        whole = end and (head[9:12] == b"304" or (lengths and len(body) == int(lengths[0].partition(b":")[2])))
        return answer if whole else b""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            self._turn += 1
            ready = self.up or self.ports
            for port in ready[self._turn % len(ready) :] + ready[: self._turn % len(ready)]:
                if answer := await self._ask(port, request):
                    self.passed[port] += 1
                    break
            writer.write(answer or b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)


def copy(build: Path, folder: Path) -> None:
    """What docs/remote.md does with rsync, ln and mv: the folder beside the one in use, then the link."""
    shutil.copytree(build, folder / build.name)
    link = folder / "store.new"
    link.symlink_to(build.name)
    link.replace(folder / "store")


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[list[Server]]:
    (tmp_path / "built").mkdir()
    write_store(tmp_path / "built", "first")
    servers = []
    try:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            copy((tmp_path / "built" / "store").resolve(), tmp_path / name)
            servers.append(Server(tmp_path / name, "--rate", "0", again=True))
        yield servers
    finally:
        for server in servers:
            server.close()


def test_replicas_behind_a_balancer(replicas: list[Server], tmp_path: Path) -> None:
    one, two = replicas
    balancer = Balancer([server.port for server in replicas])
    answers: list[tuple[str, int, str, bytes]] = []
    stop = threading.Event()

    def ask(client: httpx.Client, query: str) -> tuple[str, int, str, bytes]:
        headers = {"Accept": "application/sparql-results+json", "Connection": "close"}
        answer = client.get("/sparql", params={"query": query}, headers=headers)
        return query, answer.status_code, answer.headers.get("etag", ""), answer.content

    def load() -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{balancer.port}", timeout=15) as client:
            while not stop.is_set():
                for query in QUERIES:
                    answers.append(ask(client, query))
                stop.wait(0.02)

    clients = [threading.Thread(target=load) for _ in range(3)]
    try:
        first = {query: {ask(server.client, query) for server in replicas} for query in QUERIES}
        assert all(len(same) == 1 for same in first.values())  # the same bytes under the same ETag
        for client in clients:
            client.start()
        one.until(lambda: all(number > 10 for number in balancer.passed.values()))

        one.process.kill()  # under load
        one.process.wait()
        before = len(answers)
        two.until(lambda: len(answers) > before + 30)
        one.start()
        number = balancer.passed[one.port]
        one.until(lambda: balancer.passed[one.port] > number + 10)
        assert set(answers) == {item for same in first.values() for item in same}

        # A new build, at one and then at the other: both answers are whole, and each is of one build.
        answers.clear()
        write_store(tmp_path / "built", "second", extra=2000)
        build = (tmp_path / "built" / "store").resolve()
        for server in replicas:
            copy(build, server.store.parent)
            server.until(lambda: server.query(QUERIES[1]).headers["etag"] != next(iter(first[QUERIES[1]]))[2])  # noqa: B023
        second = {query: {ask(server.client, query) for server in replicas} for query in QUERIES}
        assert all(len(same) == 1 for same in second.values())
        before = len(answers)
        two.until(lambda: len(answers) > before + 20)
        stop.set()
        for client in clients:
            client.join(15)
        allowed = {item for build in (first, second) for same in build.values() for item in same}
        assert set(answers) <= allowed
        assert set(answers[-10:]) <= {item for same in second.values() for item in same}
    finally:
        stop.set()
        for client in clients:
            if client.is_alive():
                client.join(15)
        balancer.close()

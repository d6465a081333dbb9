"""Clients that mean harm, over real sockets, while a client that means well is watched."""

import contextlib
import gzip
import http.client
import os
import signal
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from tests.test_service import COUNT, JSON, SLOW, Server, processes_of, write_store

NOTHING = "SELECT ?p ?o {{ <urn:s:{}> ?p ?o }}"
LARGE = "SELECT * {{ ?a <urn:p:1> ?b . ?c <urn:p:2> ?d }} LIMIT 60000 #{}"
BASELINE = [
    COUNT,
    NOTHING.format(7),
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
    "ASK { <urn:s:1> <urn:p:1> '1' }",
    "SELECT ?s { ?s <urn:p:3> ?o } ORDER BY ?s LIMIT 20",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = ("--timeout", "1.5", "--head-seconds", "1", "--min-rate", "20000", "--connections", "1500")
    started = Server(tmp_path_factory.mktemp("hostile"), *limits, "--trusted-proxy", "127.0.0.1", "--rate", "1000")
    yield started
    started.close()


@contextlib.contextmanager
def unchanged(server: Server) -> Iterator[None]:
    """The same questions have the same answers before and after."""

    def answers() -> list[object]:
        return [server.query(query).json() for query in BASELINE]

    before = answers()
    yield
    assert answers() == before


def connect(server: Server, data: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), 10)
    connection.sendall(data)
    return connection


def ended(connection: socket.socket, seconds: float = 6.0) -> bytes:
    """All that comes until the other side ends the connection, in time."""
    got, end = b"", time.monotonic() + seconds
    with connection:
        while True:
            connection.settimeout(max(0.01, end - time.monotonic()))
            try:
                piece = connection.recv(65_536)
            except ConnectionError:
                return got
            if not piece:
                return got
            got += piece


def drip(connection: socket.socket, piece: bytes, seconds: float) -> None:
    """Send slowly, until the other side has had enough."""
    end = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        while time.monotonic() < end:
            connection.sendall(piece)
            time.sleep(0.2)


def ask(connection: http.client.HTTPConnection, query: str, address: str = "") -> tuple[int, bytes]:
    """Status and body of an answer, given to a client of that address; lighter than httpx where there are many."""
    headers = {"Accept": JSON} | ({"X-Forwarded-For": address} if address else {})
    connection.request("GET", "/sparql?" + urlencode({"query": query}), headers=headers)
    response = connection.getresponse()
    return response.status, response.read()


class Watch(threading.Thread):
    """A client that means well: asks a trivial query again and again, and notes how long that takes."""

    def __init__(self, server: Server, address: str = "") -> None:
        super().__init__()
        self._stop_now = threading.Event()
        self._port = server.port
        self._address = address
        self.seconds: list[float] = []
        self.failures: list[str] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        while not self._stop_now.is_set():
            begun = time.perf_counter()
            status, body = ask(connection, NOTHING.format(len(self.seconds)), self._address)
            self.seconds.append(time.perf_counter() - begun)
            if status != 200:
                self.failures.append(body.decode())
            time.sleep(0.01)
        connection.close()

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_now.set()
        self.join()

    def judge(self, p95: float) -> None:
        """Every answer came, and nearly all soon: as the bound says, which is wide, since the machine may be busy."""
        assert not self.failures, self.failures[0]
        assert len(self.seconds) >= 20
        assert statistics.quantiles(self.seconds, n=20)[-1] < p95


# -- time that clients take -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("already", [b"", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["first", "second"])
def test_slow_head_is_ended(server: Server, already: bytes) -> None:
    connection = connect(server, already + b"GET /health HTTP/1.1\r\nHost: x\r\n")
    begun = time.monotonic()
    drip(connection, b"X-More: x\r\n", 6)
    assert time.monotonic() - begun < 5
    connection.close()


def test_slow_body_is_refused(server: Server) -> None:
    head = (
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\nContent-Length: 50000\r\n\r\n"
    )
    connection = connect(server, head)
    drip(connection, b"#", 2.5)
    assert ended(connection).startswith(b"HTTP/1.1 408")


def test_slow_body_that_nobody_wants_is_ended(server: Server) -> None:
    connection = connect(server, b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n")
    begun = time.monotonic()
    drip(connection, b"#", 6)
    assert time.monotonic() - begun < 5
    connection.close()


def test_silent_connection_is_ended(server: Server) -> None:
    assert ended(connect(server)) == b""


def test_slow_reader_is_ended(server: Server) -> None:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", server.port))
    query = httpx.QueryParams(query=LARGE.format("reader"))
    connection.sendall(f"GET /sparql?{query} HTTP/1.1\r\nHost: x\r\nAccept: {JSON}\r\n\r\n".encode())
    refused = 'solidarity_refused_total{reason="slow reader"}'
    try:
        server.until(lambda: refused in server.client.get("/metrics").text)
    finally:
        connection.close()


def test_a_thousand_connections(server: Server) -> None:
    with unchanged(server), Watch(server) as watch:
        idle = [connect(server) for _ in range(500)]
        idle += [connect(server, b"GET / HTTP/1.1\r\nHost: x\r\nX: ") for _ in range(500)]
        time.sleep(1)
        for connection in idle:
            ended(connection)
    watch.judge(0.5)


def test_too_many_connections_are_told(tmp_path: Path) -> None:
    server = Server(tmp_path, "--connections", "10")
    try:
        crowd = [connect(server) for _ in range(20)]
        server.until(lambda: b"503" in ended(connect(server, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")))
        for connection in crowd:
            connection.close()
        server.until(lambda: server.client.get("/health").status_code == 200)
    finally:
        server.close()


# -- what clients send ----------------------------------------------------------------------------------------------

GET = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
MALFORMED = [
    b"\x00" * 100 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 200,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"get / http/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 500_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
    b"GET /" + b"%" * 1000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%00%ff%fe/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /static/..%2f..%2fapp.py HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /id/" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /store/%0d%0aSet-Cookie:%20a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /store/a HTTP/1.1\r\nHost: <bad> host\r\n\r\n",
    b"GET /store?graph=urn:a%00b HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://elsewhere.example/sparql HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"BREW /sparql HTTP/1.1\r\nHost: x\r\n\r\n",
    GET + b"Range: bytes=a-b,-\r\nIf-None-Match: \xff\xfe\r\n\r\n",
    GET + b"Accept: " + b"a/b;q=x," * 5000 + b"\r\n\r\n",
    GET + b"Accept-Language: " + b"\xff;;;,=" * 1000 + b"\r\nX-Forwarded-For: \xff, , [::1, a b\r\n\r\n",
    GET + b"Authorization: \xff\xfe\r\nCookie: \xff\r\nOrigin: \xff\r\n\r\n",
    GET + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    GET + b"Expect: something\r\n\r\n",
    POST + b"Content-Length: -1\r\n\r\n",
    POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nASK {}",
    POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nASK\r\n0\r\n\r\n",
    POST + b"Content-Encoding: gzip\r\nContent-Length: 6\r\n\r\nASK {}",
    POST.replace(b"sparql-query", b'\xff\xfe;;charset="') + b"Content-Length: 6\r\n\r\nASK {}",
    POST.replace(b"sparql-query", b"x-www-form-urlencoded") + b"Content-Length: 2000\r\n\r\n" + b"&" * 2000,
    POST.replace(b"sparql-query", b"x-www-form-urlencoded") + b"Content-Length: 3000\r\n\r\n" + b"a&b=" * 750,
    POST.replace(b"sparql-query", b"x-www-form-urlencoded") + b"Content-Length: 16\r\n\r\nquery=%ff%fe%zz%",
]
OF_THE_MACHINE = (b"Traceback", b".py", b"site-packages", b"solidarity_spectrum/", b"/tmp", b"/home", b"root")


@pytest.mark.parametrize("data", MALFORMED, ids=lambda data: repr(data[:60]))
def test_malformed_requests(server: Server, data: bytes) -> None:
    connection = connect(server)
    with contextlib.suppress(OSError):
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    answer = ended(connection)
    assert not answer or (answer.startswith(b"HTTP/1.1 ") and answer[9:10] in b"234"), answer[:200]
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Set-Cookie" not in head
    if answer[9:10] == b"4":
        assert not any(word in body for word in OF_THE_MACHINE), body
    assert server.client.get("/health").status_code == 200


def test_compressed_body_is_refused(server: Server) -> None:
    body = gzip.compress(b"ASK {}" + b" " * 1_000_000)
    headers = {"Content-Type": "application/sparql-query", "Content-Encoding": "gzip"}
    assert server.client.post("/sparql", content=body, headers=headers).status_code == 415


@pytest.mark.parametrize(
    "fields",
    [b"A: b\r\n" * 101, b"A: b\r\n" * 50_000, b"Accept: " + b"a/b;q=0.1," * 2000 + b"x\r\n"],
    ids=["many", "very many", "long"],
)
@pytest.mark.parametrize("before", [b"", GET + b"\r\n"], ids=["alone", "behind another"])
def test_large_heads_are_refused(server: Server, fields: bytes, before: bytes) -> None:
    connection = connect(server)
    with contextlib.suppress(OSError):
        connection.sendall(before + b"GET /health HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n")
    answer = ended(connection)
    assert b"HTTP/1.1 400" in answer and not answer.rstrip().endswith(b"ok")
    long = {"query": "ASK {} #" + "x" * 60_000}  # an address may be long, and a head have some fields
    usual = {f"X-{number}": "x" * 100 for number in range(80)}
    assert server.client.get("/sparql", params=long, headers=usual).status_code == 200


def test_who_goes_away_within_a_body_leaves_no_trace(server: Server) -> None:
    for _ in range(3):
        connect(server, POST + b"Content-Length: 100\r\n\r\nASK").close()
    log = server.store.parent / "log.txt"
    server.until(lambda: log.read_text("utf-8").count('"status": 499') >= 3)
    assert "Traceback" not in log.read_text("utf-8")


def test_huge_body_is_cut_off(server: Server) -> None:
    connection = connect(server, POST + b"Content-Length: 10000000000\r\n\r\n")
    with contextlib.suppress(OSError):
        for _ in range(2000):
            connection.sendall(b"#" * 10_000)
    assert ended(connection)[:12] in (b"HTTP/1.1 413", b"")
    assert server.count() > 3000


DEEP = 150
BOMBS = {
    "cross product": SLOW,
    "sorted cross product": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i",
    "closure of everything": "SELECT (COUNT(*) AS ?n) { ?a (<urn:x>|!<urn:x>)* ?b . ?c (<urn:x>|!<urn:x>)* ?d }",
    "long join": "SELECT * {" + " ".join(f"?a{i} ?p{i} ?a{i + 1} ." for i in range(200)) + "}",
    "too long join": "SELECT * {" + "?s ?p ?o ." * 2000 + "}",
    "nested groups": "SELECT * " + "{" * DEEP + "?s ?p ?o" + "}" * DEEP,
    "nested optionals": "SELECT * { ?s ?p ?o " + "OPTIONAL { ?s ?p ?o " * DEEP + "}" * DEEP + "}",
    "too deep": "SELECT * " + "{" * 3000 + "}" * 3000,
    "nested paths": "SELECT * { ?s " + "(" * DEEP + "<urn:p>" + ")*" * DEEP + " ?o }",
    "many operators": "SELECT (" + "+".join("1" * 3000) + " AS ?x) {}",
    "many negations": "SELECT (" + "!" * 900 + "true AS ?x) {}",
    "long string": "SELECT (STRLEN(CONCAT(" + ", ".join(["?o"] * 500) + ")) AS ?n) { ?s ?p ?o }",
    "growing string": "SELECT (MAX(STRLEN(?y)) AS ?n) { ?s ?p ?o BIND(REPLACE(?o, '', '" + "x" * 20000 + "') AS ?x) "
    "BIND(REPLACE(?x, '', '" + "x" * 20000 + "') AS ?y) }",
    "regular expression": "ASK { ?s ?p ?o FILTER(REGEX(CONCAT(?o, 'aaaaaaaaaaaaaaaaaaaaa'), '(a*)*(a*)*(a|a)*$b')) }",
    "large regular expression": "ASK { ?s ?p ?o FILTER(REGEX(?o, '((a{0,999}){0,999}){0,999}')) }",
    "group concatenation": "SELECT (GROUP_CONCAT(?y) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?y }",
    "many values": "SELECT * { VALUES ?x {" + " 1" * 40_000 + " } ?s ?p ?o }",
    "much to construct": "CONSTRUCT { ?a ?b ?f . ?d ?e ?c } WHERE { ?a ?b ?c . ?d ?e ?f }",
    "volatile": "SELECT (SUM(RAND()) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
}


@pytest.mark.slow
def test_bombs(server: Server) -> None:
    """Each ends in time, with a status that says so and nothing cut short, and takes nobody's answer with it."""
    with unchanged(server):
        for name, query in BOMBS.items():
            begun = time.monotonic()
            headers = {"Accept": f"{JSON}, application/n-triples;q=0.5"}
            answer = server.client.post("/sparql", data={"query": query}, headers=headers)
            assert answer.status_code in (200, 400, 413, 503), (name, answer.text)
            assert time.monotonic() - begun < 8, name
            if answer.status_code == 200 and answer.headers["content-type"] == JSON:
                assert answer.json()
            assert not any(word.decode() in answer.text[:1000] for word in OF_THE_MACHINE), (name, answer.text)
            assert server.query("ASK {}").status_code == 200, name


# -- shares ---------------------------------------------------------------------------------------------------------


def flood(server: Server, number: int, addresses: list[str]) -> list[threading.Thread]:
    def one(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            ask(connection, f"{SLOW}#{place}", addresses[place % len(addresses)])

    threads = [threading.Thread(target=one, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.slow
def test_slow_queries_do_not_delay_quick_ones(server: Server) -> None:
    threads = flood(server, 4, ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"])
    time.sleep(0.5)
    with Watch(server, "198.51.100.1") as watch:
        for thread in threads:
            thread.join()
    watch.judge(0.2)


@pytest.mark.slow
def test_one_client_does_not_take_the_turns_of_others(server: Server) -> None:
    threads = flood(server, 60, ["192.0.2.1"])
    time.sleep(0.3)
    with Watch(server, "198.51.100.1") as watch:
        time.sleep(2)
    for thread in threads:
        thread.join()
    watch.judge(0.5)


def test_rate_of_a_client(tmp_path: Path) -> None:
    server = Server(tmp_path, "--rate", "2", "--burst", "5", "--trusted-proxy", "127.0.0.1")

    def ask(address: str) -> httpx.Response:
        return server.client.get("/health", headers={"X-Forwarded-For": address, "Accept": "text/html"})

    try:
        statuses = [ask("192.0.2.1").status_code for _ in range(8)]
        assert statuses[:5] == [200] * 5 and statuses[-1] == 429
        refused = ask("192.0.2.1")
        assert int(refused.headers["retry-after"]) >= 1
        assert "frame-ancestors 'none'" in refused.headers["content-security-policy"]
        assert ask("192.0.2.2").status_code == 200
        assert ask("203.0.113.9, 192.0.2.1").status_code == 429, "what the client itself says is not believed"
        assert [ask(f"2001:db8::{number}").status_code for number in range(9)][-1] == 429, "one network, one client"
        time.sleep(1.1)
        assert ask("192.0.2.1").status_code == 200
    finally:
        server.close()


def test_who_is_no_proxy_is_not_believed(tmp_path: Path) -> None:
    server = Server(tmp_path, "--rate", "1", "--burst", "1")  # a client of this machine, which has no rate
    try:
        answers = [server.client.get("/health", headers={"X-Forwarded-For": "192.0.2.1"}) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {200}
    finally:
        server.close()


def test_who_goes_away_is_not_worked_for(server: Server) -> None:
    query = httpx.QueryParams(query=SLOW + " # away")
    connection = connect(server, f"GET /sparql?{query} HTTP/1.1\r\nHost: x\r\nAccept: {JSON}\r\n\r\n".encode())
    server.until(lambda: "solidarity_slow_queries 1" in server.client.get("/metrics").text)
    connection.close()
    begun = time.monotonic()
    server.until(lambda: "solidarity_slow_queries 0" in server.client.get("/metrics").text)
    assert time.monotonic() - begun < 1.5, "sooner than the limit of time"


# -- life -----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")
def test_killed_workers_are_replaced(server: Server) -> None:
    with unchanged(server):
        for _ in range(3):
            template, *workers = sorted(processes_of(server.store))
            for worker in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
            server.until(lambda: server.query(COUNT + f"# {time.monotonic()}").status_code == 200)
            assert template in processes_of(server.store)


@pytest.mark.slow
def test_new_builds_drop_no_request(tmp_path: Path) -> None:
    server = Server(tmp_path)
    try:
        with Watch(server) as watch:
            for number in range(3):
                write_store(tmp_path, f"build{number}", extra=100 * (number + 1))
                server.until(lambda n=number: server.count() < 200 + 100 * (n + 1))  # type: ignore[misc]
            before = (tmp_path / "log.txt").read_bytes().count(b'"serving"')
            server.process.send_signal(signal.SIGHUP)
            server.until(lambda: (tmp_path / "log.txt").read_bytes().count(b'"serving"') == before + 1)
        assert not watch.failures
        assert len(watch.seconds) > 50
    finally:
        server.close()


def test_what_was_asked_before_the_end_is_answered(tmp_path: Path) -> None:
    server = Server(tmp_path, "--timeout", "8")
    answers: list[httpx.Response] = []
    query = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d <urn:p:1> ?f FILTER(STR(?c) < ?f) }"  # takes a second or so
    thread = threading.Thread(target=lambda: answers.append(server.query(query)))
    thread.start()
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    thread.join()
    server.process.wait(12)
    server.close()
    assert [answer.status_code for answer in answers] == [200]
    assert processes_of(server.store) == []

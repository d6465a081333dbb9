"""SERVICE, LOAD and remote FROM: refused as a rule, and with every door but the allowed one shut where they are not."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs

import httpx
import pytest

from solidarity_spectrum import network
from solidarity_spectrum.guard import Refused, scan
from solidarity_spectrum.service.remote import Remote
from solidarity_spectrum.service.settings import Settings
from tests.test_service import Server
from tests.test_writes import Writable

TEXT = 'a "b" \\ \n é'
ROWS = {
    "head": {"vars": ["x", "n"]},
    "results": {
        "bindings": [
            {"x": {"type": "uri", "value": "urn:s:1"}, "n": {"type": "literal", "value": TEXT, "xml:lang": "en"}},
            {"x": {"type": "bnode", "value": "b0"}},
            {"n": {"type": "literal", "value": "5", "datatype": "http://www.w3.org/2001/XMLSchema#integer"}},
        ]
    },
}


class Elsewhere(BaseHTTPRequestHandler):
    """Another server, with good and bad manners."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        query = parse_qs(self.rfile.read(size).decode()).get("query", [""])[0]
        self.asked.append((self.path, query))
        kind, body, status = "text/turtle", b"<urn:remote> <urn:p> <relative> .", 200
        if "sparql" in self.path:
            kind, body = "application/sparql-results+json", json.dumps(ROWS).encode()
        if "injection" in self.path:
            row = {"x": {"type": "uri", "value": "urn:a> } } SELECT"}}
            body = json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": [row]}}).encode()
        if "nonsense" in self.path:
            body = b"\xff" * 100
        if "huge" in self.path:
            body = b"#" * 300_000
        if "slow" in self.path:
            time.sleep(4)
        self.send_response(302 if "redirect" in self.path else 404 if "missing" in self.path else status)
        self.send_header("Content-Type", kind)
        self.send_header("Location", "/data.ttl")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, elsewhere: str) -> Iterator[Writable]:
    limits = ("--timeout", "2", "--max-remote", "200000")
    allowed = ("--allow-remote", f"{elsewhere}/allowed/", "--allow-private")
    started = Writable(tmp_path_factory.mktemp("remote"), *limits, *allowed)
    yield started
    started.close()


@pytest.fixture(scope="module")
def careful(tmp_path_factory: pytest.TempPathFactory, elsewhere: str) -> Iterator[Writable]:
    """A server that may call addresses, but no private ones."""
    allowed = ("--allow-remote", f"{elsewhere}/allowed/", "--allow-remote", "http://localhost/")
    started = Writable(tmp_path_factory.mktemp("careful"), "--timeout", "2", *allowed)
    yield started
    started.close()


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return [{name: cell["value"] for name, cell in row.items()} for row in answer.json()["results"]["bindings"]]


def test_service_answers_and_joins(server: Server, elsewhere: str) -> None:
    address = f"{elsewhere}/allowed/sparql"
    query = f"""PREFIX x: <urn:s:>
        SELECT ?x ?v ?n {{ ?x ?p ?v . SERVICE <{address}> {{ ?x <urn:p> ?n FILTER(?x != x:SERVICE) }} }}"""
    found = rows(server.query(query))
    assert {"x": "urn:s:1", "v": "1", "n": TEXT} in found
    asked = Elsewhere.asked[-1][1]
    assert asked.startswith("PREFIX x: <urn:s:>") and "FILTER(?x != x:SERVICE) }" in asked
    named = rows(server.query(f"SELECT ?x {{ SERVICE <{address}> {{ ?x ?y ?n }} FILTER(BOUND(?x)) }}"))
    assert [row["x"].startswith("urn:x-solidarity-spectrum:bnode:") for row in named] == [False, True]
    both = f"SELECT * {{ {{ SERVICE <{address}> {{ ?x ?y ?n }} }} UNION {{ SERVICE <{address}?2> {{ ?x ?y ?n }} }} }}"
    assert len(rows(server.query(both))) == 6
    assert "etag" not in server.query(both).headers


def test_the_form_asks_elsewhere_too(server: Server, elsewhere: str) -> None:
    def page(query: str) -> httpx.Response:
        return server.client.post("/sparql", data={"query": query, "format": "html"}, headers={"Accept": "text/html"})

    answer = page(f"SELECT ?x {{ SERVICE <{elsewhere}/allowed/sparql> {{ ?x ?p ?n }} }}")
    assert answer.status_code == 200 and "urn:s:1" in answer.text
    answer = page(f"CONSTRUCT {{ ?s ?p ?o }} FROM <{elsewhere}/allowed/data.ttl> {{ ?s ?p ?o }}")
    assert answer.status_code == 200 and "urn:remote" in answer.text
    assert page(f"SELECT ?x {{ SERVICE <{elsewhere}/other/sparql> {{ ?x ?p ?n }} }}").status_code == 403


def test_from_fetches_what_is_allowed(server: Server, elsewhere: str) -> None:
    address = f"{elsewhere}/allowed/data.ttl"
    query = f"SELECT ?o FROM <{address}> {{ <urn:remote> ?p ?o }}"
    assert rows(server.query(query)) == [{"o": f"{elsewhere}/allowed/relative"}]
    by_protocol = server.query("SELECT ?o { <urn:remote> ?p ?o }", **{"default-graph-uri": address})
    assert len(rows(by_protocol)) == 1
    named = f"SELECT ?g FROM NAMED <{address}> {{ GRAPH ?g {{ <urn:remote> ?p ?o }} }}"
    assert rows(server.query(named)) == [{"g": address}]
    assert rows(server.query("SELECT ?o { <urn:remote> ?p ?o }")) == []  # it did not stay


def test_load(server: Writable, elsewhere: str) -> None:
    address = f"{elsewhere}/allowed/data.ttl"
    text = f"LOAD <{address}> INTO GRAPH <urn:loaded> ; INSERT DATA {{ <urn:after> <urn:p> 1 }}"
    assert server.update(text).status_code == 204
    got = server.client.get("/store?graph=urn:loaded", headers={"Accept": "application/n-triples"}).text
    assert "<urn:remote> <urn:p>" in got
    assert server.objects("urn:after") == {"1"}
    assert "x-solidarity-spectrum" not in server.client.get("/store").text
    assert server.update(f"LOAD <{address}>").status_code == 204
    assert server.update(f"LOAD SILENT <{elsewhere}/allowed/missing>").status_code == 204
    assert server.update(f"LOAD <{elsewhere}/allowed/missing>").status_code == 502


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/allowed/redirect", "redirects"),
        ("/allowed/missing", "status 404"),
        ("/allowed/huge", "larger than"),
        ("/allowed/slow", "no answer in time"),
        ("/allowed/sparql/injection", "not SPARQL results"),
        ("/allowed/nonsense", "not SPARQL results"),
    ],
)
def test_bad_manners_elsewhere(server: Writable, elsewhere: str, path: str, reason: str) -> None:
    group = f"SERVICE <{elsewhere}{path}> {{ ?x ?p ?o }}"
    answer = server.query(f"SELECT * {{ {group} }}")
    assert answer.status_code == 502 and reason in answer.json()["detail"]
    silent = server.query(f"SELECT * {{ {group.replace('SERVICE', 'SERVICE SILENT')} }}")
    assert rows(silent) == [{}]
    assert server.count() > 3000


@pytest.mark.parametrize(
    "address",
    [
        "{0}/data.ttl",
        "{0}/allowed",
        "{0}/allowed/../data.ttl",
        "{0}/allowed/%2e%2E/data.ttl",
        "http://127.0.0.1/allowed/",
        "file:///etc/hostname",
        "http://user@127.0.0.1/allowed/",
    ],
)
def test_what_is_not_allowed_is_not_called(server: Writable, elsewhere: str, address: str) -> None:
    Elsewhere.asked.clear()
    address = address.format(elsewhere)
    assert server.query(f"SELECT * {{ SERVICE <{address}> {{ ?x ?p ?o }} }}").status_code == 403
    assert server.query(f"SELECT * {{ SERVICE SILENT <{address}> {{ ?x ?p ?o }} }}").status_code == 403
    assert server.update(f"LOAD <{address}>").status_code == 403
    assert rows(server.query(f"SELECT * FROM <{address}> {{ ?x ?p ?o }}")) == []
    assert Elsewhere.asked == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?x ?p ?a SERVICE ?a { ?x ?p ?o } }",
        "PREFIX a: <{0}/allowed/> SELECT * {{ SERVICE a:sparql {{ ?x ?p ?o }} }}",
        "BASE <{0}/allowed/> SELECT * {{ SERVICE <sparql> {{ ?x ?p ?o }} }}",
    ],
)
def test_an_address_is_written_out(server: Writable, elsewhere: str, query: str) -> None:
    answer = server.query(query.format(elsewhere) if "{0}" in query else query)
    assert answer.status_code == 403


def test_private_addresses_are_not_called_even_so(careful: Writable, elsewhere: str) -> None:
    Elsewhere.asked.clear()
    for address in (f"{elsewhere}/allowed/sparql", "http://localhost/"):
        answer = careful.query(f"SELECT * {{ SERVICE <{address}> {{ ?x ?p ?o }} }}")
        assert answer.status_code == 502 and "public address" in answer.json()["detail"]
        assert "127.0.0.1" not in answer.json()["detail"].removeprefix(address)
        assert careful.update(f"LOAD <{address}>").status_code == 502
        assert careful.query(f"SELECT * FROM <{address}> {{ ?x ?p ?o }}").status_code == 502
    assert Elsewhere.asked == []


PRIVATE = """127.0.0.1 10.1.2.3 192.168.0.1 172.16.0.1 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1 255.255.255.255
    ::1 :: fe80::1%eth0 fd00::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 2002:7f00:1:: 64:ff9b::7f00:1 ff02::1"""


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        *((host, False) for host in PRIVATE.split()),
    ],
)
def test_which_addresses_are_public(host: str, public: bool) -> None:
    assert network.public(host) is public


def test_a_prefix_ends_the_host() -> None:
    remote = Remote(Settings(allow_remote=("https://example.org/",)))
    assert remote.allows("https://example.org/data")
    for address in ("https://example.org.evil.example/", "https://example.org@evil.example/", "http://example.org/"):
        assert not remote.allows(address)


def test_nothing_is_allowed_by_default() -> None:
    assert not Remote(Settings()).allows("https://example.org/")
    with pytest.raises(Refused):
        scan("SELECT * { SERVICE <https://example.org/> {} }", max_bytes=1000)

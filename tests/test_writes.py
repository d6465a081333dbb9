"""Updates and the graph store over real HTTP: who may, what becomes of it, and what outlives a kill."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from solidarity_spectrum.service.settings import TOKEN_VARIABLE
from tests.test_service import JSON, Server, processes_of, write_store

TOKEN = "a-token-for-tests-only"
TURTLE = "text/turtle"


class Writable(Server):
    """A server for who has the token."""

    def __init__(self, folder: Path, *options: str, again: bool = False) -> None:
        super().__init__(folder, "--writable", *options, again=again, environment={TOKEN_VARIABLE: TOKEN})
        self.client.headers["Authorization"] = f"Bearer {TOKEN}"

    def update(self, text: str) -> httpx.Response:
        return self.client.post("/sparql", data={"update": text})

    def put(self, graph: str, body: str | bytes, content_type: str = TURTLE) -> httpx.Response:
        return self.client.put("/store", params={"graph": graph}, content=body, headers={"Content-Type": content_type})

    def objects(self, subject: str = "urn:w") -> set[str]:
        """What is said of a subject; blank nodes all alike, since their names differ from one load to the next."""
        query = f"SELECT (IF(isBlank(?x), '_:', STR(?x)) AS ?o) {{ <{subject}> ?p ?x }}"
        rows = self.query(query).json()["results"]["bindings"]
        return {row["o"]["value"] for row in rows}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writable]:
    limits = ("--max-update", "5000", "--max-graph", "20000", "--timeout", "2", "--memory", "200")
    started = Writable(tmp_path_factory.mktemp("writes"), *limits)
    yield started
    started.close()


def test_a_write_is_seen_at_once_and_changes_the_validator(server: Writable) -> None:
    query = "SELECT ?o { <urn:seen> ?p ?o }"
    before = server.query(query)
    assert server.update("INSERT DATA { <urn:seen> <urn:p> 1 }").status_code == 204
    after = server.query(query)
    assert before.json()["results"]["bindings"] == []
    assert [row["o"]["value"] for row in after.json()["results"]["bindings"]] == ["1"]
    assert before.headers["etag"] != after.headers["etag"]
    held = {"Accept": JSON, "If-None-Match": before.headers["etag"]}
    assert server.client.get("/sparql", params={"query": query}, headers=held).status_code == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer é"])
def test_only_the_token_opens(server: Writable, authorization: str) -> None:
    with httpx.Client(base_url=server.client.base_url) as stranger:
        headers = {"Authorization": authorization.encode(), "Content-Type": TURTLE}
        answers = [
            stranger.post("/sparql", data={"update": "DROP ALL"}, headers={"Authorization": authorization.encode()}),
            stranger.post(
                "/sparql", content="DROP ALL", headers={**headers, "Content-Type": "application/sparql-update"}
            ),
            stranger.put("/store?default", content="", headers=headers),
            stranger.post("/store", content="", headers=headers),
            stranger.delete("/store?default", headers=headers),
        ]
    assert {answer.status_code for answer in answers} == {401}
    assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in answers)
    assert all(TOKEN not in answer.text for answer in answers)
    assert server.count() > 3000


def test_dataset_of_an_update(server: Writable) -> None:
    server.put("urn:d1", "<urn:x> <urn:p> 1 .")
    server.put("urn:d2", "<urn:x> <urn:p> 2 .")

    def post(text: str, **graphs: str) -> int:
        return server.client.post("/sparql", params=graphs, data={"update": text}).status_code

    # To the letter of the update: USING before the WHERE that counts, in each operation, and in DELETE WHERE too.
    text = """INSERT { <urn:copy> <urn:p> ?o } WHERE { { SELECT ?o WHERE { ?s ?p ?o } } };
              INSERT { <urn:where> <urn:p> "WHERE" } WHERE { ?s ?p 1 }"""
    assert post(text, **{"using-graph-uri": "urn:d1"}) == 204
    assert server.objects("urn:copy") == {"1"} and server.objects("urn:where") == {"WHERE"}
    assert post("DELETE WHERE { GRAPH ?g { ?s <urn:p> 2 } }", **{"using-named-graph-uri": "urn:d1"}) == 204
    assert server.objects("urn:x") == {"1", "2"}
    assert post("DELETE WHERE { GRAPH ?g { ?s <urn:p> 2 } }", **{"using-named-graph-uri": "urn:d2"}) == 204
    assert server.objects("urn:x") == {"1"}
    conflict = "WITH <urn:d1> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }"
    assert post(conflict, **{"using-graph-uri": "urn:d1"}) == 400
    assert post("DELETE WHERE { ?s ?p ?o }", **{"using-graph-uri": "no iri"}) == 400
    assert server.objects("urn:x") == {"1"}


def test_the_dump_is_of_what_was_written(server: Writable) -> None:
    assert server.update("INSERT DATA { GRAPH <urn:dumped> { <urn:dumped> <urn:p> 7 } }").status_code == 204
    dump = server.client.get("/dump.nq")
    assert dump.status_code == 200 and dump.headers["content-type"] == "application/n-quads"
    lines = dump.text.splitlines()
    assert sum(line.endswith("<urn:dumped> .") for line in lines) == 1 and len(lines) > 3000
    # The dumps of the build are out of date now: they are not sent, and nothing says that they are there.
    assert server.client.get("/dumps/solidarity-spectrum.nq").status_code == 409
    described = server.client.get("/.well-known/void", headers={"Accept": "application/n-triples"}).text
    assert "/dump.nq>" in described and "/dumps/" not in described


def test_life_of_a_graph(server: Writable) -> None:
    name = {"graph": "urn:life"}
    assert server.client.get("/store", params=name).status_code == 404
    assert server.put("urn:life", "<a> <urn:p> [] .").status_code == 201
    got = server.client.get("/store", params=name, headers={"Accept": "application/n-triples"})
    assert got.text.startswith("<urn:life") or "<urn:p> _:" in got.text
    again = {"Accept": "application/n-triples", "If-None-Match": got.headers["etag"]}
    assert server.client.get("/store", params=name, headers=again).status_code == 304
    assert server.client.head("/store", params=name).status_code == 200
    assert server.put("urn:life", "").status_code == 204
    assert server.client.get("/store", params=name).status_code == 200  # empty, and there
    for accept in (
        "text/turtle",
        "application/trig",
        "application/ld+json",
        "application/rdf+xml",
        "application/n-quads",
    ):
        answer = server.client.get("/store", params={"graph": "urn:g:0"}, headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(accept) and "urn:s:0" in answer.text
    assert server.client.get("/store", params=name, headers={"Accept": "image/png"}).status_code == 406
    assert server.client.delete("/store", params=name).status_code == 204
    assert server.client.delete("/store", params=name).status_code == 404
    made = server.client.post("/store", content="<urn:a> <urn:p> 1 .", headers={"Content-Type": TURTLE})
    assert made.status_code == 201
    assert "<urn:a>" in server.client.get(made.headers["location"]).text


@pytest.mark.parametrize(
    ("path", "body", "content_type", "status"),
    [
        ("/store", "", TURTLE, 400),
        ("/store?graph=urn:a&default", "", TURTLE, 400),
        ("/store?graph=urn:a&graph=urn:b", "", TURTLE, 400),
        ("/store?graph=no%20iri", "", TURTLE, 400),
        ("/store?graph=relative", "", TURTLE, 400),
        ("/store/direct?default", "", TURTLE, 400),
        ("/store?graph=urn:bad", "<urn:a> <urn:p> .", TURTLE, 400),
        ("/store?graph=urn:bad", b"\xff", TURTLE, 400),
        ("/store?graph=urn:bad", "", "", 415),
        ("/store?graph=urn:bad", "", "text/plain", 415),
        ("/store?graph=urn:bad", "", "text/turtle; charset=latin-1", 415),
        ("/store?graph=urn:bad", "<urn:a> <urn:p> 1 .", "application/n-quads", 415),
        (
            "/store?graph=urn:bad",
            '{"@id": "urn:h", "@graph": [{"@id": "urn:a", "urn:p": 1}]}',
            "application/ld+json",
            400,
        ),
        ("/store?graph=urn:bad", "x", "multipart/form-data", 400),
        ("/store?graph=urn:bad", "x", "multipart/form-data; boundary=b", 400),
        ("/store?graph=urn:bad", "--b\r\nContent-Type: text/turtle\r\n--b--", "multipart/form-data; boundary=b", 400),
        ("/store?graph=urn:bad", "#" * 20_001, TURTLE, 413),
    ],
)
def test_faults(server: Writable, path: str, body: str | bytes, content_type: str, status: int) -> None:
    answer = server.client.put(path, content=body, headers={"Content-Type": content_type} if content_type else {})
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == status
    assert server.client.get("/store?graph=urn:bad").status_code == 404


ENTITIES = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9))
XML_BOMB = (
    f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "aaaaaaaaaa">{ENTITIES}]>'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="urn:x:">'
    '<rdf:Description rdf:about="urn:a"><x:p>&e9;</x:p></rdf:Description></rdf:RDF>'
)
XML_FILE = XML_BOMB.replace('<!ENTITY e0 "aaaaaaaaaa">', '<!ENTITY e9 SYSTEM "file:///etc/hostname">').replace(
    ENTITIES, ""
)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (XML_BOMB, "application/rdf+xml"),
        (XML_FILE, "application/rdf+xml"),
        (XML_BOMB.encode("utf-16"), "application/rdf+xml"),
        ("[" * 9000 + "]" * 9000, "application/ld+json"),
        ('{"urn:p":' * 1800 + "1" + "}" * 1800, "application/ld+json"),
        ('{"@context": "http://127.0.0.1/context", "urn:p": 1}', "application/ld+json"),
        ('{"@context": {"@import": "http://127.0.0.1/context"}, "urn:p": 1}', "application/ld+json"),
        ("<urn:a> <urn:p> " + "[ <urn:p> " * 1500 + "1" + "]" * 1500, TURTLE),
        ("<urn:a> <urn:p> " + "(" * 9000, TURTLE),
    ],
)
def test_bombs_are_refused_or_taken_whole(server: Writable, body: str | bytes, content_type: str) -> None:
    begun = time.monotonic()
    answer = server.put("urn:bomb", body, content_type)
    assert time.monotonic() - begun < 5
    assert answer.status_code in (201, 204, 400, 500, 503), answer.text
    if answer.status_code in (201, 204):  # depth alone may be no fault: then all of it is there
        assert server.client.delete("/store?graph=urn:bomb").status_code == 204
    assert server.client.get("/store?graph=urn:bomb").status_code == 404
    assert server.count() > 3000


def test_updates_that_are_refused_or_fail_change_nothing(server: Writable) -> None:
    before = server.client.get("/store").content
    faults = {
        "INSERT DATA { <urn:w>": 400,
        "INSERT DATA { <urn:fault> <urn:p> 1 } ; CREATE GRAPH <urn:g:0>": 400,  # the second part fails
        "INSERT { ?s <urn:p> ?o } WHERE { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }": 403,
        "INSERT { ?a <urn:p> ?f } WHERE { GRAPH ?x { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } }": 503,
        "LOAD <http://127.0.0.1/x.ttl>": 403,
        "LOAD <file:///etc/hostname>": 403,
        "# " + "x" * 5000: 413,
        "INSERT { ?s ?p ?o } WHERE " + "{" * 300 + "}" * 300: 400,
    }
    for text, status in faults.items():
        answer = server.update(text)
        assert answer.status_code == status, (text, answer.text)
    assert server.update("LOAD SILENT <http://127.0.0.1/x.ttl> INTO GRAPH <urn:silent>").status_code == 204
    after = server.client.get("/store").content
    assert sorted(after.splitlines()) == sorted(before.splitlines())


def test_one_operation_only(server: Writable) -> None:
    both = server.client.post("/sparql", data={"update": "CLEAR DEFAULT", "query": "ASK {}"})
    two = server.client.post("/sparql", content=b"update=CLEAR+DEFAULT&update=CLEAR+ALL", headers=FORM)
    assert (both.status_code, two.status_code) == (400, 400)
    assert server.client.get("/sparql", params={"update": "CLEAR ALL"}).status_code == 405


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_what_was_written_outlives_the_service(tmp_path: Path) -> None:
    server = Writable(tmp_path)
    server.update("INSERT DATA { <urn:w> <urn:p> 1 . GRAPH <urn:g:0> { <urn:w> <urn:p> 2 } }")
    server.update("INSERT { <urn:w> <urn:now> ?now } WHERE { BIND(STR(NOW()) AS ?now) }")
    server.put("urn:kept", "<urn:w> <urn:p> [ <urn:q> 3 ] .")
    server.update("CREATE GRAPH <urn:empty>")
    held, count = server.objects(), server.count()
    server.close()
    write_store(tmp_path, "newer", extra=1)  # what was written stands before a newer build
    server = Writable(tmp_path, again=True)
    try:
        assert server.objects() == held
        assert server.count() == count
        assert server.client.get("/store?graph=urn:empty").status_code == 200
        with pytest.raises(AssertionError, match="the server has ended"):
            Writable(tmp_path, again=True)  # two that write to one store would lose what the other wrote
    finally:
        server.close()
    plain = Server(tmp_path, again=True)
    try:
        assert plain.count() < 100 and b"writes-ignored" in (tmp_path / "log.txt").read_bytes()
    finally:
        plain.close()
    for file in sorted((tmp_path / "store.writes").iterdir()):
        file.unlink()
    (tmp_path / "store.writes").rmdir()
    server = Writable(tmp_path, again=True)
    try:
        assert server.count() < 100  # the newer build
    finally:
        server.close()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")
@pytest.mark.slow
def test_kill_anything_at_any_moment(tmp_path: Path) -> None:
    """Whatever is killed while one writes and another reads: what was acknowledged is there, and nothing by halves."""
    server = Writable(tmp_path)
    acknowledged: set[str] = set()
    stop, broken = threading.Event(), []
    moments = random.Random(20261125)

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            data = f"{{ <urn:w> <urn:p> {number} . GRAPH <urn:pair> {{ <urn:pair> <urn:p> {number} }} }}"
            text = f"INSERT {data} WHERE {{}}" if number % 3 == 0 else f"INSERT DATA {data}"
            try:
                if server.update(text).status_code == 204:
                    acknowledged.add(str(number))
            except httpx.TransportError:
                time.sleep(0.05)

    def read() -> None:
        with httpx.Client(base_url=server.client.base_url) as client:
            while not stop.is_set():
                query = "SELECT ?o { { <urn:w> <urn:p> ?o MINUS { <urn:pair> <urn:p> ?o } } UNION \
                         { <urn:pair> <urn:p> ?o MINUS { <urn:w> <urn:p> ?o } } }"
                try:
                    answer = client.get("/sparql", params={"query": query}, headers={"Accept": JSON})
                except httpx.TransportError:
                    time.sleep(0.05)
                    continue
                if answer.status_code == 200 and answer.json()["results"]["bindings"]:
                    broken.append(answer.text)

    threads = [threading.Thread(target=write), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(8):
            time.sleep(moments.uniform(0.1, 1.2))
            running = processes_of(server.store)
            if running:
                try:
                    os.kill(moments.choice(running), signal.SIGKILL)
                except ProcessLookupError:
                    continue
        for _ in range(2):
            time.sleep(moments.uniform(0.5, 1.0))
            server.restart_after_kill()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    server.until(lambda: server.query("ASK {}").status_code == 200)
    try:
        assert not broken
        held = server.objects()
        assert held == server.objects("urn:pair")
        assert len(acknowledged) > 5 and acknowledged <= held
        assert json.loads((server.store.parent / "store.writes" / "manifest.json").read_text()) == {"hash": "first"}
    finally:
        server.close()
    assert processes_of(server.store) == []

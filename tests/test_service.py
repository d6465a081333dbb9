"""The service over real HTTP: a server process, its template and its workers, on a store written here."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from solidarity_spectrum.guard import MAX_NESTING, MAX_OPERATORS, MAX_PATTERNS, Refused, scan
from solidarity_spectrum.service.negotiation import best_language, best_type

ROOT = Path(__file__).resolve().parent.parent
BASE = "https://w3id.org/solidarity-spectrum/"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
JSON = "application/sparql-results+json"

RECORDS = """
@prefix sol: <https://w3id.org/solidarity-spectrum/ontology#> .
@prefix id: <https://w3id.org/solidarity-spectrum/id/> .
@prefix g: <https://w3id.org/solidarity-spectrum/graph/> .
@prefix q: <https://w3id.org/solidarity-spectrum/question/> .
@prefix outcome: <https://w3id.org/solidarity-spectrum/concept/outcome/> .
@prefix status: <https://w3id.org/solidarity-spectrum/concept/status/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix oa: <http://www.w3.org/ns/oa#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
g:ontology {
  sol:Statement a rdfs:Class ; rdfs:label "Statement"@en , "Kijelentés"@hu .
  sol:quotation rdfs:label "quotation"@en , "idézet"@hu .
  sol:motivates rdfs:label "motivates"@en .
  outcome:acquitted rdfs:label "acquitted"@en , "felmentve"@hu .
}
g:speech {
  id:speech a sol:Statement ; rdfs:label "A speech"@en , "Egy beszéd"@hu ; skos:note "Reported only once."@en ;
    sol:quotation "<script>alert('quoted')</script> & more"@en ; foaf:page <javascript:alert(1)> ;
    dcterms:date "2018-01-02"^^xsd:date ; sol:part id:speech-part .
  id:speech-part rdfs:label "The first part"@en .
}
g:law { id:law a sol:LegalInstrument ; rdfs:label "A law"@en ; sol:adopted "2018-02-03"^^xsd:date . }
g:hu-btk-353a { id:hu-btk-353a a sol:Provision ; rdfs:label "A provision"@en ; sol:insertedBy id:law . }
g:case-cjeu-c-821-19 { id:case-cjeu-c-821-19 a sol:Case ; rdfs:label "A case"@en ;
    sol:chargedUnder id:hu-btk-353a ; sol:finalOutcome outcome:acquitted . }
g:decision { id:decision a sol:Decision ; rdfs:label "A decision"@en ; sol:inCase id:case-cjeu-c-821-19 ;
    dcterms:date "2021-03-04"^^xsd:date ; sol:outcome outcome:acquitted . }
g:link { id:link a sol:Connection , sol:ArguedConnection ; rdfs:label "A link"@en ; sol:subject id:speech ;
    sol:relation sol:motivates ; sol:object id:law ; sol:claimantName "A. Claimant" . }
g:renamed { id:old-speech dcterms:isReplacedBy id:speech . }
g:withdrawn { id:taken-out <http://www.w3.org/ns/prov#invalidatedAtTime> "2026-11-25"^^xsd:date ;
  skos:changeNote "It was of another person."@en , "Másik személyről szólt."@hu . }
g:questions { q:statements a sol:Question , sh:SPARQLSelectExecutable ; rdfs:label "Which statements are there?"@en ;
    sh:select "SELECT ?statement { ?statement a <https://w3id.org/solidarity-spectrum/ontology#Statement> }" . }
g:provenance {
  g:speech a sol:RecordGraph ; foaf:primaryTopic id:speech ; sol:status status:single-source ;
    dcterms:license <https://creativecommons.org/licenses/by/4.0/> ;
    sol:citation <https://w3id.org/solidarity-spectrum/graph/speech#source-1> .
  <https://w3id.org/solidarity-spectrum/graph/speech#source-1> a sol:Citation ;
    oa:hasSource <https://example.org/report> ; dcterms:title "A report <b>of it</b>" ; sol:locator "p. 7" .
  g:link foaf:primaryTopic id:link . g:law foaf:primaryTopic id:law . g:decision foaf:primaryTopic id:decision .
  g:hu-btk-353a foaf:primaryTopic id:hu-btk-353a . g:case-cjeu-c-821-19 foaf:primaryTopic id:case-cjeu-c-821-19 .
}
"""


def write_store(folder: Path, name: str, extra: int = 3000) -> None:
    """A build as the program writes it: a folder beside the link, then the link swapped in one step."""
    import pyoxigraph as ox

    build = folder / f"store-{name}"
    build.mkdir()
    lines = [f"{quad} .\n" for quad in ox.parse(RECORDS, format=ox.RdfFormat.TRIG)]
    lines += [f'<urn:s:{i}> <urn:p:{i % 7}> "{i}" <urn:g:{i % 3}> .\n' for i in range(extra)]
    (build / "dump.nq").write_text("".join(sorted(lines)), "utf-8")
    (build / "manifest.json").write_text(json.dumps({"hash": name}), "utf-8")
    link = folder / f"{name}.link"
    link.symlink_to(build.name)
    link.replace(folder / "store")


def processes_of(store: Path) -> list[int]:
    """The template and the workers over a store, of whatever state but dead."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if b"solidarity_spectrum.service.workers" in command and str(store.parent).encode() in command:
                found.append(int(folder.name))
    return found


class Server:
    """A server process over a store of its own."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        again: bool = False,
        environment: dict[str, str] | None = None,
        unix: Path | None = None,
    ) -> None:
        """`again` serves what a server before left in the folder; `unix` is the socket that the options name."""
        self.store = folder / "store"
        if not again:
            folder.mkdir(exist_ok=True)
            write_store(folder, "first")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self._command = [sys.executable, "-m", "solidarity_spectrum.service", str(self.store), "--port", str(port)]
        self._command += options
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        self.log = (folder / "log.txt").open("wb+")
        transport = httpx.HTTPTransport(uds=str(unix)) if unix else None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15, transport=transport)
        self.port = port
        self._unix = unix
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stderr=self.log, env=self._environment)
        try:
            self.until(lambda: self._unix is None or self._unix.exists())
            self.until(lambda: self.client.get("/ready").status_code == 200)
        except AssertionError:
            self.process.kill()
            self.process.wait()
            self.log.close()
            self.client.close()
            raise

    def restart_after_kill(self) -> None:
        """Kill the front and start it again, as a supervisor would."""
        self.process.kill()
        self.process.wait()
        self.start()

    def until(self, condition: object, seconds: float = 15.0) -> None:
        """Wait for a condition, which may fail to connect meanwhile."""
        assert callable(condition)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, "the server has ended"
            with contextlib.suppress(httpx.TransportError):
                if condition():
                    return
            time.sleep(0.05)
        raise AssertionError("it did not come about in time")

    def query(self, query: str, accept: str = JSON, **more: str) -> httpx.Response:
        return self.client.get("/sparql", params={"query": query, **more}, headers={"Accept": accept})

    def count(self) -> int:
        return int(self.query(COUNT).json()["results"]["bindings"][0]["n"]["value"])

    def close(self) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.log.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("service"), "--timeout", "1", "--max-result", "100000")
    yield started
    started.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path, "--timeout", "5", "--workers", "1", "--quick-workers", "1", "--queue", "1")
    yield started
    started.close()


# -- the scan before evaluation -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?service { ?service ?p $SERVICE }",
        "PREFIX service: <http://example.org/> ASK { ?s service:service service: . ?s a _:service }",
        "PREFIX a: <http://example.org/> ASK { ?s a:b.SERVICE ?o , a:SERVICE }",
        "ASK { <http://example.org/SERVICE> ?p <SERVICE> }",
        """ASK { ?s ?p "SERVICE", 'SERVICE', "it's \\" SERVICE", 'x'@service }""",
        'ASK { ?s ?p """SERVICE " "" SERVICE\n SERVICE""" , \'\'\'\' SERVICE\'\'\' }',
        "ASK { ?s ?p ?o } # SERVICE <http://example.org/> {}",
        "# it's\nSELECT * { ?s ?p ?o }",
    ],
)
def test_service_as_no_keyword_passes(query: str) -> None:
    assert scan(query, max_bytes=10_000).form in ("SELECT", "ASK")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { service SILENT ?x { ?s ?p ?o } }",
        "SELECT * { ?s ?p 'a' . FILTER(1<2)SERVICE<http://127.0.0.1/>{ ?s ?p ?o } }",
        "SELECT * { ?s ?p 'a#'SERVICE ?x {} }",
        "SELECT * { ?s ?p ?o # a comment\nSERVICE ?x {} }",
    ],
)
def test_service_is_refused(query: str) -> None:
    with pytest.raises(Refused) as refused:
        scan(query, max_bytes=10_000)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("LOAD <http://127.0.0.1/>", 400),
        ("PREFIX a: <urn:a> INSERT DATA { a:b a:c a:d }", 400),
        ("ASK { ?s ?p '" + "x" * 10_000 + "' }", 413),
        ("SELECT * " + "{" * (MAX_NESTING + 1) + "}" * (MAX_NESTING + 1), 400),
        ("SELECT * { ?s ?p ?o FILTER(" + "(" * MAX_NESTING + "1" + ")" * MAX_NESTING + ") }", 400),
        ("SELECT * { ?s ?p " + "[ ?p " * MAX_NESTING + "1" + "]" * MAX_NESTING + "}", 400),
        ("SELECT * {" + "?s ?p ?o." * (MAX_PATTERNS + 1) + "}", 400),
        ("SELECT (" + "+".join("1" * (MAX_OPERATORS + 2)) + " AS ?x) {}", 400),
    ],
)
def test_too_much_is_refused(query: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        scan(query, max_bytes=9_000)
    assert refused.value.status == status


def test_too_many_words_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        scan("SELECT * { ?s ?p ?o FILTER(?o IN (" + "a:b," * 10_000 + "a:b)) }", max_bytes=100_000)
    assert refused.value.status == 400
    names = " ".join(f"<urn:x:{number}>" for number in range(5000))
    assert scan(f"SELECT * {{ VALUES ?x {{ {names} }} }}", max_bytes=100_000).form == "SELECT"


def test_scan_tells_form_dataset_and_volatility() -> None:
    seen = scan("PREFIX from: <urn:x> DESCRIBE from:x # FROM", max_bytes=1000)
    assert (seen.form, seen.has_dataset, seen.volatile) == ("DESCRIBE", False, False)
    assert scan("select * from <urn:g> { ?s ?p ?from }", max_bytes=1000).has_dataset
    assert not scan("SELECT ?from { ?from :from 'FROM' }", max_bytes=1000).has_dataset
    assert scan("SELECT (now() AS ?now) {}", max_bytes=1000).volatile
    assert scan("nonsense", max_bytes=1000).form is None


@pytest.mark.parametrize("piece", ['"\\', "a.", "a-", "<a", '"""a"', "_:a.", ":a..", "'", "(", "% "])
def test_scan_takes_linear_time(piece: str) -> None:
    begun = time.process_time()
    with contextlib.suppress(Refused):
        scan(piece * (100_000 // len(piece)), max_bytes=100_000)
    assert time.process_time() - begun < 2


# -- negotiation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        (None, "text/turtle"),
        ("", "text/turtle"),
        ("*/*", "text/turtle"),
        ("text/*", "text/turtle"),
        ("text/html;q=0.9, text/turtle;q=0.8", "text/html"),
        ("text/*;q=0.3, text/html;q=0.2", "text/turtle"),
        ("*/*;q=0.1, application/json", "application/json"),
        ("TEXT/HTML", "text/html"),
        ("text/turtle;q=0, */*", "text/html"),
        ("text/turtle;q=2", None),
        ("text/turtle;q=0", None),
        ("image/png", None),
        ("text/turtle;charset=utf-8", "text/turtle"),
        ("text/turtle;version=9, text/html;q=0.1", "text/html"),
        (",,;q=1", None),
    ],
)
def test_best_type(accept: str | None, best: str | None) -> None:
    assert best_type(accept, ["text/turtle", "text/html", "application/json"]) == best


def test_best_language() -> None:
    assert best_language("de, hu-HU;q=0.8, en;q=0.5", ["en", "hu"]) == "hu"
    assert best_language("de", ["en", "hu"]) == "en"
    assert best_language(None, ["en", "hu"]) == "en"


# -- the protocol ---------------------------------------------------------------------------------------------------


def test_three_ways_to_ask(server: Server) -> None:
    headers = {"Accept": JSON}
    expected = server.query(COUNT).json()
    form = server.client.post("/sparql", data={"query": COUNT}, headers=headers)
    direct = server.client.post(
        "/sparql", content=COUNT, headers={**headers, "Content-Type": "application/sparql-query; charset=UTF-8"}
    )
    assert form.json() == direct.json() == expected
    assert form.status_code == direct.status_code == 200


@pytest.mark.parametrize(
    ("query", "accept", "content_type"),
    [
        (COUNT, JSON, JSON),
        (COUNT, "*/*", JSON),
        (COUNT, "application/json", "application/json"),
        (COUNT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (COUNT, "text/csv", "text/csv; charset=utf-8"),
        (COUNT, "text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("ASK {}", "text/csv;q=0.5, application/sparql-results+xml", "application/sparql-results+xml"),
        ("CONSTRUCT WHERE { <id/law> ?p ?o }", "*/*", "text/turtle; charset=utf-8"),
        ("DESCRIBE <id/law>", "application/n-triples", "application/n-triples"),
        ("DESCRIBE <id/law>", "application/ld+json", "application/ld+json"),
        ("DESCRIBE <id/law>", "application/rdf+xml", "application/rdf+xml"),
        ("DESCRIBE <id/law>", "application/trig", "application/trig"),
    ],
)
def test_formats(server: Server, query: str, accept: str, content_type: str) -> None:
    response = server.query(query, accept)
    assert (response.status_code, response.headers["content-type"]) == (200, content_type)
    assert "Accept" in response.headers["vary"]
    assert response.content


def test_format_parameter(server: Server) -> None:
    assert server.query(COUNT, "text/html", format="csv").headers["content-type"].startswith("text/csv")
    assert server.query(COUNT, format="ttl").status_code == 406
    assert server.query(COUNT, format="exe").status_code == 400


def test_dataset(server: Server) -> None:
    def rows(query: str, *parameters: tuple[str, str]) -> int:
        response = server.client.get("/sparql", params=[("query", query), *parameters], headers={"Accept": JSON})
        return int(response.json()["results"]["bindings"][0]["n"]["value"])

    in_graphs = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    total = rows(COUNT)
    assert total > 3000
    assert rows(COUNT, ("default-graph-uri", "urn:g:0")) == 1000
    assert rows(COUNT, ("default-graph-uri", "urn:g:0"), ("default-graph-uri", "urn:g:1")) == 2000
    assert rows(in_graphs, ("default-graph-uri", "urn:g:0")) == 0
    assert rows(in_graphs, ("named-graph-uri", "urn:g:0")) == 1000
    assert rows(COUNT, ("named-graph-uri", "urn:g:0")) == 0
    assert rows(COUNT.replace("{", "FROM <urn:g:0> {", 1)) == 1000
    assert rows(in_graphs.replace("{", "FROM NAMED <urn:g:0> {", 1)) == 1000
    assert rows(COUNT.replace("{", "FROM <urn:g:0> {", 1), ("default-graph-uri", "urn:none")) == 0


@pytest.mark.parametrize(
    ("method", "path", "content", "content_type", "status"),
    [
        ("GET", "/sparql?query=ASK%7B%7D&query=ASK%7B%7D", None, None, 400),
        ("GET", "/sparql?query=SELECT", None, None, 400),
        ("GET", "/sparql?query=", None, None, 400),
        ("GET", "/sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20%22%FF%22%20%7D", None, None, 400),
        ("GET", "/sparql?default-graph-uri=urn:g:0", None, None, 400),
        ("GET", "/sparql?query=ASK%7B%7D&default-graph-uri=no%20iri", None, None, 400),
        ("GET", "/sparql?update=DROP%20ALL", None, None, 405),
        ("POST", "/sparql", b"", "application/x-www-form-urlencoded", 400),
        ("POST", "/sparql", b"query=ASK%7B%7D&query=ASK%7B%7D", "application/x-www-form-urlencoded", 400),
        ("POST", "/sparql", b"update=DROP%20ALL", "application/x-www-form-urlencoded", 403),
        ("POST", "/sparql", b"ASK { ?s ?p '\xff' }", "application/sparql-query", 400),
        ("POST", "/sparql", "ASK {}".encode("utf-16"), "application/sparql-query; charset=UTF-16", 415),
        ("POST", "/sparql", b"ASK {}", None, 415),
        ("POST", "/sparql", b"ASK {}", "text/plain", 415),
        ("POST", "/sparql", b"DROP ALL", "application/sparql-update", 403),
        ("POST", "/sparql", b"#" * 400_000, "application/sparql-query", 413),
        ("POST", "/sparql", b"#" * 150_000, "application/sparql-query", 413),
        ("PUT", "/sparql", b"ASK {}", "application/sparql-query", 405),
        ("DELETE", "/id/speech", None, None, 405),
        ("GET", "/nowhere", None, None, 404),
    ],
)
def test_faults(
    server: Server, method: str, path: str, content: bytes | None, content_type: str | None, status: int
) -> None:
    headers = {"Accept": "application/problem+json, */*;q=0.1"} | (
        {"Content-Type": content_type} if content_type else {}
    )
    response = server.client.request(method, path, content=content, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    if status == 405:
        assert response.headers["allow"]


def test_query_too_long_for_an_address(server: Server) -> None:
    connection = http.client.HTTPConnection(str(server.client.base_url.host), server.client.base_url.port or 0)
    connection.request("GET", "/sparql?query=" + "x" * 320_000)
    assert connection.getresponse().status == 414
    connection.close()


def test_body_without_length_is_cut_off(server: Server) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"#" * 10_000

    response = server.client.post("/sparql", content=endless(), headers={"Content-Type": "application/sparql-query"})
    assert response.status_code == 413


def test_syntax_error_tells_the_place(server: Server) -> None:
    response = server.query("SELECT * {\n ?s ?p }", "text/plain, */*;q=0.1")
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/plain")
    assert "2:9" in response.text


def test_not_acceptable(server: Server) -> None:
    assert server.query(COUNT, "image/png").status_code == 406
    assert server.query(COUNT, "text/turtle").status_code == 406
    assert server.query("CONSTRUCT WHERE { ?s ?p ?o }", JSON).status_code == 406


def test_validators(server: Server) -> None:
    first = server.query(COUNT)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache" and tag.startswith('W/"')
    headers = {"Accept": JSON, "If-None-Match": f'"other", {tag}'}
    again = server.client.get("/sparql", params={"query": COUNT}, headers=headers)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert server.query(COUNT, "text/csv").headers["etag"] != tag
    assert "etag" not in server.query("SELECT (RAND() AS ?x) {}").headers
    head = server.client.head("/sparql", params={"query": COUNT}, headers={"Accept": JSON})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)


def test_cross_origin(server: Server) -> None:
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    assert server.client.options("/sparql", headers=asked).headers["access-control-allow-origin"] == "*"
    answer = server.client.get("/sparql?query=ASK%7B%7D", headers={"Origin": "https://example.org", "Accept": JSON})
    assert answer.headers["access-control-allow-origin"] == "*"
    refused = server.client.options("/sparql", headers={**asked, "Access-Control-Request-Method": "DELETE"})
    assert refused.status_code == 400


def test_service_description(server: Server) -> None:
    response = server.client.get("/sparql", headers={"Accept": "application/n-triples"})
    endpoint = str(response.url)
    assert f"<{endpoint}> <http://www.w3.org/ns/sparql-service-description#endpoint> <{endpoint}>" in response.text
    assert server.client.get("/sparql").headers["content-type"].startswith("text/turtle")
    assert "<textarea" in server.client.get("/sparql", headers={"Accept": "text/html"}).text
    assert server.client.get("/sparql", headers={"Accept": "image/png"}).status_code == 406


# -- limits ---------------------------------------------------------------------------------------------------------


def test_slow_query_ends_in_time_and_delays_nobody(server: Server) -> None:
    answers: list[httpx.Response] = []
    slow = threading.Thread(target=lambda: answers.append(server.query(SLOW)))
    begun = time.perf_counter()
    slow.start()
    time.sleep(0.3)
    quick = time.perf_counter()
    assert server.query("ASK {}").json()["boolean"] is True
    assert time.perf_counter() - quick < 1
    slow.join()
    assert time.perf_counter() - begun < 4
    assert answers[0].status_code == 503
    assert answers[0].headers["retry-after"] == "1"
    assert "1 seconds" in answers[0].json()["detail"]
    assert server.count() > 3000


def test_answer_too_large(server: Server) -> None:
    response = server.query("SELECT * { ?s ?p ?o . }")
    assert response.status_code == 503
    assert "100000 bytes" in response.json()["detail"]
    assert "retry-after" not in response.headers
    assert server.query("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "application/n-triples").status_code == 503


def test_deep_nesting_is_refused(server: Server) -> None:
    assert server.query("SELECT * " + "{" * 3000 + "}" * 3000).status_code == 400


def test_no_request_leaves(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/data.ttl"
        assert server.query(f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}").status_code == 403
        # A scan may take «<2)SERVICE?x#>» for an IRI where the parser does not: the worker has no means to connect.
        hidden = f"SELECT * {{ VALUES ?x {{ <{url}> }} FILTER(1<2)SERVICE?x#>\n{{ ?a ?b ?c }} }}"
        assert server.query(hidden).status_code == 400
        for clause in (f"FROM <{url}>", f"FROM NAMED <{url}>", "FROM <file:///etc/hostname>"):
            response = server.query(f"SELECT * {clause} {{ {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} }}")
            assert response.json()["results"]["bindings"] == []
        assert server.query("ASK {}", **{"default-graph-uri": url}).status_code == 200
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces a limit of memory")
def test_memory_limit(tmp_path: Path) -> None:
    server = Server(tmp_path, "--memory", "64", "--workers", "1")
    try:
        hungry = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i"
        response = server.query(hungry)
        assert (response.status_code, "64 MiB" in response.text) == (503, True)
        assert server.count() > 3000
    finally:
        server.close()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")
def test_life_of_processes(own_server: Server) -> None:
    """A killed worker, a full queue, a killed template and the end: each costs what it must and no more."""
    server = own_server
    assert len(processes_of(server.store)) == 2

    answers: dict[str, httpx.Response] = {}

    def ask(name: str) -> threading.Thread:
        thread = threading.Thread(target=lambda: answers.setdefault(name, server.query(SLOW)))
        thread.start()
        return thread

    running = ask("running")
    server.until(lambda: len(processes_of(server.store)) == 3)  # it has left the quick lane
    template, worker = sorted(processes_of(server.store))[:2]
    waiting = ask("waiting")
    # Its quick turn is over, and the slow slot is taken.
    server.until(lambda: "solidarity_waiting_slow 1" in server.client.get("/metrics").text)
    assert server.count() > 3000
    full = server.query(SLOW)
    assert (full.status_code, full.headers["retry-after"]) == (503, "5")
    assert "waiting" in full.json()["detail"]
    os.kill(worker, signal.SIGKILL)
    running.join()
    assert answers["running"].status_code == 503
    server.until(lambda: worker not in processes_of(server.store) and len(processes_of(server.store)) == 3)

    os.kill(template, signal.SIGKILL)  # the waiting query is running now, in a new worker
    waiting.join()
    assert answers["waiting"].status_code == 503
    server.until(lambda: server.client.get("/ready").status_code == 200 and template not in processes_of(server.store))
    assert server.count() > 3000

    server.process.send_signal(signal.SIGINT)
    server.process.wait(10)
    assert processes_of(server.store) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process has had of the processor")
def test_a_quick_turn_is_as_long_on_a_busy_machine(own_server: Server) -> None:
    server = own_server
    worker = max(processes_of(server.store))
    answers: list[httpx.Response] = []
    os.kill(worker, signal.SIGSTOP)  # nothing is left of the processor for it
    try:
        asking = threading.Thread(target=lambda: answers.append(server.query("ASK {}")))
        asking.start()
        time.sleep(0.5)
        assert len(processes_of(server.store)) == 2  # it has not been moved out of the quick lane
    finally:
        os.kill(worker, signal.SIGCONT)
    asking.join()
    assert answers[0].status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_killed_front_leaves_no_orphan(own_server: Server) -> None:
    with contextlib.suppress(httpx.TransportError), httpx.Client(timeout=0.3) as client:
        client.get(f"{own_server.client.base_url}/sparql", params={"query": SLOW})
    own_server.process.kill()
    own_server.process.wait()
    end = time.monotonic() + 3
    while processes_of(own_server.store) and time.monotonic() < end:
        time.sleep(0.05)
    assert processes_of(own_server.store) == []


def test_new_build_is_served_after_the_swap(own_server: Server) -> None:
    before, tag = own_server.count(), own_server.query(COUNT).headers["etag"]
    write_store(own_server.store.parent, "second", extra=10)
    own_server.until(lambda: own_server.count() == before - 2990)
    assert own_server.query(COUNT).headers["etag"] != tag
    if Path("/proc/self/cmdline").exists():
        own_server.until(lambda: len(processes_of(own_server.store)) == 2)
    # A broken build is not served; the good one stays.
    broken = own_server.store.parent / "store-broken"
    broken.mkdir()
    (broken / "manifest.json").write_text('{"hash": "broken"}', "utf-8")
    (broken / "dump.nq").write_text("this is no quad\n", "utf-8")
    link = own_server.store.parent / "broken.link"
    link.symlink_to(broken.name)
    link.replace(own_server.store)
    own_server.until(lambda: b"store-not-loaded" in (own_server.store.parent / "log.txt").read_bytes())
    assert own_server.count() == before - 2990


def test_no_store_no_start(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "solidarity_spectrum.service", str(tmp_path / "none"), "--port", "0"]
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, timeout=20)
    assert ended.returncode == 3


# -- pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "accept", "target"),
    [
        ("/id/speech", "text/html", "/page/id/speech"),
        ("/id/speech?lang=hu", "text/html", "/page/id/speech?lang=hu"),
        ("/id/speech", "text/turtle", "/data/id/speech.ttl"),
        ("/id/speech", "application/ld+json", "/data/id/speech.jsonld"),
        ("/concept/outcome/acquitted", "application/n-triples", "/data/concept/outcome/acquitted.nt"),
        ("/graph/speech", "application/rdf+xml", "/data/graph/speech.rdf"),
        ("/question/statements", "text/html, */*;q=0.1", "/page/question/statements"),
        ("/ontology", "text/turtle", "/data/ontology.ttl"),
    ],
)
def test_thing_redirects_to_document(server: Server, path: str, accept: str, target: str) -> None:
    response = server.client.get(path, headers={"Accept": accept})
    assert (response.status_code, response.headers["location"]) == (303, target)
    assert "Accept" in response.headers["vary"]
    document = server.client.get(target)
    assert document.status_code == 200
    assert document.headers["content-location"] == target.partition("?")[0]
    assert f'<{BASE}{path[1:].partition("?")[0]}>; rel="canonical"' in document.headers["link"]
    assert document.headers["content-type"].split(";")[0] == accept.split(",")[0]


def test_thing_unknown_renamed_or_unwanted(server: Server) -> None:
    unknown = server.client.get("/id/nobody", headers={"Accept": "text/html"})
    assert (unknown.status_code, "nothing here" in unknown.text) == (404, True)
    assert server.client.get("/data/id/nobody.ttl").status_code == 404
    assert server.client.get("/id/no%3Ebody").status_code == 404
    assert server.client.get("/data/id/speech.exe").status_code == 404
    renamed = server.client.get("/id/old-speech")
    assert (renamed.status_code, renamed.headers["location"]) == (301, "/id/speech")
    data = server.client.get("/data/id/old-speech.ttl?page=0")
    assert (data.status_code, data.headers["location"]) == (301, "/data/id/speech.ttl?page=0"), "data stay data"
    assert server.client.get("/id/speech", headers={"Accept": "image/png"}).status_code == 406


def test_what_was_taken_out_says_so(server: Server) -> None:
    for path in ("/id/taken-out", "/page/id/taken-out", "/data/id/taken-out.ttl"):
        gone = server.client.get(path)
        assert gone.status_code == 410 and "2026-11-25. It was of another person." in gone.json()["detail"]
    page = server.client.get("/id/taken-out", headers={"Accept": "text/html", "Accept-Language": "hu"})
    assert page.status_code == 410 and "Másik személyről szólt." in page.text


def test_data_hold_record_and_evidence(server: Server) -> None:
    response = server.client.get("/data/id/speech.nt")
    assert "<https://example.org/report>" in response.text
    assert f"<{BASE}id/speech-part>" in response.text
    held = server.client.get("/data/id/speech.nt", headers={"If-None-Match": response.headers["etag"]})
    assert held.status_code == 304
    assert "sol:Statement" in server.client.get("/data/ontology.ttl").text


def test_entity_page(server: Server) -> None:
    page = server.client.get("/page/id/speech").text
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;quoted&#39;)&lt;/script&gt; &amp; more" in page
    assert 'href="javascript' not in page
    assert "Reported only once." in page
    assert "A report &lt;b&gt;of it&lt;/b&gt;" in page
    assert 'href="https://example.org/report"' in page
    assert "p. 7" in page
    assert "The first part" in page
    assert '<q lang="en">' in page
    assert "argued by A. Claimant" in re.sub(r"\s+", " ", page)
    assert 'href="/id/law"' in page


def test_outcome_stands_beside_the_charge(server: Server) -> None:
    case = server.client.get("/page/id/case-cjeu-c-821-19").text
    verdict = case.partition('class="verdict"')[2].partition("</dl>")[0]
    assert "A provision" in verdict
    assert "acquitted" in verdict
    referring = server.client.get("/page/id/hu-btk-353a").text
    assert re.search(r"A case</a>.*Outcome: .*acquitted", referring)


def test_languages(server: Server) -> None:
    hungarian = server.client.get("/page/id/speech", headers={"Accept-Language": "hu"})
    assert '<html lang="hu">' in hungarian.text
    assert "Egy beszéd</h1>" in hungarian.text
    assert "Accept-Language" in hungarian.headers["vary"]
    assert "A speech</h1>" in server.client.get("/page/id/speech?lang=en", headers={"Accept-Language": "hu"}).text
    assert "Itt nincs semmi" in server.client.get("/page/id/x?lang=hu", headers={"Accept": "text/html"}).text


def test_home_page_shows_one_chain(server: Server) -> None:
    response = server.client.get("/")
    order = ["A speech", "A. Claimant", "A law", "2018-02-03", "A provision", "A case", "2021-03-04", "acquitted"]
    places = [response.text.index(words) for words in order]
    assert places == sorted(places)
    assert 'href="/question/statements"' in response.text
    assert "creativecommons.org/licenses/by/4.0" in response.text


def test_question_and_query_pages(server: Server) -> None:
    page = server.client.get("/page/question/statements").text
    assert "Which statements are there?" in page
    assert 'href="/id/speech"' in page
    headers = {"Accept": "text/html"}
    rows = server.client.post("/sparql", data={"query": "SELECT ?s { ?s a <ontology#Statement> }"}, headers=headers)
    assert 'href="/id/speech"' in rows.text
    graph = server.client.post("/sparql", data={"query": "CONSTRUCT WHERE { <id/law> ?p ?o }"}, headers=headers)
    assert "&#34;A law&#34;@en" in graph.text
    fault = server.client.post("/sparql", data={"query": "<script>alert(1)</script>"}, headers=headers)
    assert (fault.status_code, "<script" in fault.text) == (400, False)


def test_every_response_is_hardened(server: Server) -> None:
    for path in ("/", "/sparql?query=bad", "/nowhere", "/id/speech", "/static/style.css", "/health", "/dump.nq"):
        headers = server.client.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


def test_dump_in_parts(server: Server) -> None:
    response = server.client.get("/dump.nq", headers={"Range": "bytes=0-9"})
    assert (response.status_code, len(response.content)) == (206, 10)
    assert response.headers["content-type"] == "application/n-quads"
    assert server.client.get("/static/../app.py").status_code == 404


def test_log_holds_nothing_of_the_visitor(server: Server) -> None:
    server.query("ASK { ?s ?p 'a secret of mine' }")
    log = (server.store.parent / "log.txt").read_text("utf-8")
    assert '"path": "/sparql"' in log
    assert "secret" not in log
    assert "127.0.0.1" not in log

"""The W3C suites of the SPARQL 1.1 Protocol and of its Service Description, over real HTTP: `make conformance`.

The manifests drive the tests: each request is sent as it is written there, and nothing is added to it. What came of
every test goes into `build/earl-protocol.ttl`, in the vocabulary EARL (https://www.w3.org/TR/EARL10-Schema/).
"""

import http.client
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import RDF, RDFS, Graph, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.query import Result
from rdflib.term import IdentifiedNode, Node

from tests.conftest import ROOT
from tests.test_conformance import SUITES

FOLDER = SUITES / "rdf-tests" / "sparql" / "sparql11"
REPORT = ROOT / "build" / "earl-protocol.ttl"
PROTOCOL = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/protocol/manifest#"
DESCRIPTION = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/service-description/manifest#"

CNT = Namespace("http://www.w3.org/2011/content#")
HT = Namespace("http://www.w3.org/2011/http#")
FORMATS = Namespace("http://www.w3.org/ns/formats/")
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no suites at {SUITES}: set SUITES to a folder that holds them"),
]

NO_UPDATES = "no updates: the service is read-only"
# Where the suite itself wants a 4xx status, the refusal passes; where it wants a change, the test does not apply.
REFUSED = {
    PROTOCOL + "update_dataset_default_graph": NO_UPDATES,
    PROTOCOL + "update_dataset_default_graphs": NO_UPDATES,
    PROTOCOL + "update_dataset_named_graphs": NO_UPDATES,
    PROTOCOL + "update_dataset_full": NO_UPDATES,
    PROTOCOL + "update_post_form": NO_UPDATES,
    PROTOCOL + "update_post_direct": NO_UPDATES,
    PROTOCOL + "update_base_uri": NO_UPDATES,
    PROTOCOL + "bad_update_get": NO_UPDATES,
    PROTOCOL + "bad_multiple_updates": NO_UPDATES,
    PROTOCOL + "bad_update_wrong_media_type": NO_UPDATES,
    PROTOCOL + "bad_update_missing_form_type": NO_UPDATES,
    PROTOCOL + "bad_update_non_utf8": NO_UPDATES,
    PROTOCOL + "bad_update_syntax": NO_UPDATES,
    PROTOCOL + "bad_update_dataset_conflict": NO_UPDATES,
}

# The formats the names of the tests allow, less RDFa, and how rdflib calls them.
TABLES = {
    "application/sparql-results+json": "json",
    "application/sparql-results+xml": "xml",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
}
BOOLEANS = {"application/sparql-results+json": "json", "application/sparql-results+xml": "xml"}
GRAPHS = {"text/turtle": "turtle", "application/n-triples": "nt", "application/rdf+xml": "xml"}

# Domain and range of each property, and the class of each individual, by https://www.w3.org/TR/sparql11-service-description/
PROPERTIES: dict[URIRef, tuple[URIRef, URIRef | None]] = {
    SD.endpoint: (SD.Service, None),
    SD.feature: (SD.Service, SD.Feature),
    SD.defaultEntailmentRegime: (SD.Service, SD.EntailmentRegime),
    SD.entailmentRegime: (SD.NamedGraph, SD.EntailmentRegime),
    SD.defaultSupportedEntailmentProfile: (SD.Service, SD.EntailmentProfile),
    SD.supportedEntailmentProfile: (SD.NamedGraph, SD.EntailmentProfile),
    SD.extensionFunction: (SD.Service, SD.Function),
    SD.extensionAggregate: (SD.Service, SD.Aggregate),
    SD.languageExtension: (SD.Service, SD.Feature),
    SD.supportedLanguage: (SD.Service, SD.Language),
    SD.propertyFeature: (SD.Service, SD.Feature),
    SD.defaultDataset: (SD.Service, SD.Dataset),
    SD.availableGraphs: (SD.Service, SD.GraphCollection),
    SD.resultFormat: (SD.Service, FORMATS.Format),
    SD.inputFormat: (SD.Service, FORMATS.Format),
    SD.defaultGraph: (SD.Dataset, SD.Graph),
    SD.namedGraph: (SD.GraphCollection, SD.NamedGraph),
    SD.name: (SD.NamedGraph, None),
    SD.graph: (SD.NamedGraph, SD.Graph),
}
INDIVIDUALS = {
    **dict.fromkeys((SD.SPARQL10Query, SD.SPARQL11Query, SD.SPARQL11Update), SD.Language),
    **dict.fromkeys((SD.DereferencesURIs, SD.UnionDefaultGraph, SD.RequiresDataset, SD.EmptyGraphs), SD.Feature),
    SD.BasicFederatedQuery: SD.Feature,
}
CLASSES = {SD.Feature, SD.Language, *(cls for pair in PROPERTIES.values() for cls in pair if cls)}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as a manifest writes it, and what the answer must be."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    statuses: frozenset[int]
    """The first digits of the status."""
    form: str | None
    boolean: bool | None


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    media_type: str
    body: bytes


def manifest(name: str) -> Graph:
    """The manifest of a suite; empty where there are no suites."""
    file = FOLDER / name / "manifest.ttl"
    return Graph().parse(file) if file.is_file() else Graph()


def entries(suite: Graph) -> list[str]:
    """The tests of a manifest, in its order."""
    return [str(test) for head in suite.objects(None, MF.entries) for test in suite.items(head)]


SUITE = manifest("protocol")
TESTS = entries(SUITE)
DESCRIPTION_TESTS = entries(manifest("service-description"))


def the(subject: Node, predicate: URIRef) -> str:
    return str(SUITE.value(subject, predicate, any=False))


def exchanges(test: str) -> list[Exchange]:
    """The requests of a test with the answers expected, in order."""
    found = []
    connection = SUITE.value(URIRef(test), MF.action)
    assert connection is not None
    for request in listed(connection, HT.requests):
        body = SUITE.value(request, HT.body)
        answer = SUITE.value(request, HT.resp)
        form, truth = SUITE.value(answer, MF.expectedFormat), SUITE.value(answer, MF.expectedBoolean)
        found.append(
            Exchange(
                method=the(request, HT.methodName),
                # The manifest leaves the path to the endpoint, and writes /sparql/ for it.
                path=the(request, HT.absolutePath).replace("/sparql/", "/sparql", 1),
                headers={the(h, HT.fieldName): the(h, HT.fieldValue) for h in listed(request, HT.headers)},
                body=the(body, CNT.chars).encode(the(body, CNT.characterEncoding)) if body else None,
                statuses=frozenset(
                    int(str(status).rpartition("StatusCode")[2][0])
                    for status in SUITE.objects(answer, MF.expectedStatus)
                ),
                form=None if form is None else str(form),
                boolean=None if truth is None else str(truth) == "true",
            )
        )
    return found


def listed(subject: Node, predicate: URIRef) -> list[Node]:
    """The members of the list that a property leads to; none if it leads nowhere."""
    head = SUITE.value(subject, predicate)
    return list(Collection(SUITE, head)) if isinstance(head, IdentifiedNode) else []


class Endpoint:
    """The served application and one connection to each request."""

    def __init__(self, port: int) -> None:
        self.port = port

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers.get_content_type(), response.read())
        finally:
            connection.close()

    def holdings(self) -> list[bytes]:
        """All that the endpoint answers from, sorted."""
        query = b"SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
        headers = {"Content-Type": "application/sparql-query", "Accept": "text/tab-separated-values"}
        answer = self.send("POST", "/sparql", headers, query)
        assert answer.status == 200
        return sorted(answer.body.splitlines())


def write_store(store: Path) -> None:
    """The graphs that the tests of the suite ask for, under the names they ask for, as the program writes a store."""
    lines = set()
    for graph in SUITE.objects(None, UT.graphData):
        name = ox.NamedNode(the(graph, RDFS.label))
        file = FOLDER / "protocol" / the(graph, UT.graph).rpartition("/")[2]
        for quad in ox.parse(path=str(file), format=ox.RdfFormat.N_TRIPLES):
            lines.add(f"{ox.Quad(quad.subject, quad.predicate, quad.object, name)} .\n")
    store.mkdir()
    (store / "dump.nq").write_text("".join(sorted(lines)), "utf-8")
    (store / "manifest.json").write_text(json.dumps({"hash": "protocol"}), "utf-8")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    store = tmp_path_factory.mktemp("protocol") / "store"
    write_store(store)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # One worker only: workers share no memory, so a second one would not see what an update did to the first.
    options = ["--port", str(port), "--workers", "1"]
    server = subprocess.Popen(
        [sys.executable, "-m", "solidarity_spectrum.service", str(store), *options],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        started = Endpoint(port)
        end = time.monotonic() + 15
        while True:
            assert server.poll() is None and time.monotonic() < end, "the server is not up"
            try:
                if started.send("GET", "/ready").status == 200:
                    break
            except OSError:
                time.sleep(0.05)
        yield started
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, str]]:
    """The outcome of each test by its IRI; written down as a report when all are done."""
    found = dict.fromkeys((*TESTS, *DESCRIPTION_TESTS), "untested")
    yield found
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(earl(found), "utf-8")


def earl(outcomes: dict[str, str]) -> str:
    """An EARL report in Turtle, the same for the same outcomes."""
    parts = [
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
        "@prefix earl: <http://www.w3.org/ns/earl#> .\n\n"
        '_:service a earl:Software , earl:TestSubject ; dcterms:title "solidarity-spectrum"@en .\n'
        '_:tests a earl:Software , earl:Assertor ; dcterms:title "tests/test_protocol.py"@en .\n'
    ]
    for test, outcome in outcomes.items():
        why = f' ; dcterms:description "{REFUSED[test]}"@en' if test in REFUSED else ""
        parts.append(
            f"\n[] a earl:Assertion ; earl:assertedBy _:tests ; earl:subject _:service ; earl:mode earl:automatic ;\n"
            f"  earl:test <{test}> ;\n"
            f"  earl:result [ a earl:TestResult ; earl:outcome earl:{outcome}{why} ] .\n"
        )
    return "".join(parts)


def send(endpoint: Endpoint, exchange: Exchange) -> Answer:
    return endpoint.send(exchange.method, exchange.path, exchange.headers, exchange.body)


def boolean(answer: Answer) -> bool | None:
    """The answer to an ASK query."""
    assert answer.media_type in BOOLEANS
    result = Result.parse(io.BytesIO(answer.body), format=BOOLEANS[answer.media_type])
    assert result.type == "ASK"
    return result.askAnswer


def judge(answer: Answer, exchange: Exchange) -> None:
    """Hold an answer against what the manifest expects."""
    assert answer.status // 100 in exchange.statuses
    if exchange.form == "boolean":
        value = boolean(answer)
        assert exchange.boolean in (None, value)
    elif exchange.form == "tabular":
        assert answer.media_type in TABLES
        result = Result.parse(io.BytesIO(answer.body), format=TABLES[answer.media_type])
        assert result.type == "SELECT" and len(result) == 1
    elif exchange.form == "RDF":
        assert answer.media_type in GRAPHS
        Graph().parse(answer.body, format=GRAPHS[answer.media_type])
    else:
        assert exchange.form is None


def refuse(endpoint: Endpoint, requests: list[Exchange]) -> str:
    """The update, which comes first, is refused, and the queries after it find nothing of it. Gives the outcome."""
    update, *queries = requests
    assert 400 <= send(endpoint, update).status < 500
    for query in queries:
        answer = send(endpoint, query)
        assert answer.status == 200 and query.boolean is not None
        assert boolean(answer) is not query.boolean
    return "passed" if 4 in update.statuses else "inapplicable"


def test_the_suites_are_whole() -> None:
    assert len(TESTS) >= 34 and len(DESCRIPTION_TESTS) >= 3
    assert set(REFUSED) == {test for test in TESTS if "update" in test.removeprefix(PROTOCOL)}


@pytest.mark.parametrize("test", TESTS, ids=str)
def test_protocol(endpoint: Endpoint, outcomes: dict[str, str], test: str) -> None:
    requests = exchanges(test)
    assert requests
    outcomes[test] = "failed"  # until it is shown not to be
    before = endpoint.holdings()
    assert len(before) > 1, "there is something to change"
    outcome = "passed"
    if test in REFUSED:
        outcome = refuse(endpoint, requests)
    else:
        for exchange in requests:
            judge(send(endpoint, exchange), exchange)
    assert endpoint.holdings() == before
    outcomes[test] = outcome


def returns_rdf(endpoint: Endpoint) -> Graph:
    answer = endpoint.send("GET", "/sparql")
    assert answer.status == 200 and answer.media_type in GRAPHS
    return Graph().parse(answer.body, format=GRAPHS[answer.media_type])


def has_endpoint_triple(endpoint: Endpoint) -> None:
    address = URIRef(f"http://127.0.0.1:{endpoint.port}/sparql")
    services = list(returns_rdf(endpoint).subjects(SD.endpoint, address))
    assert len(services) == 1


def conforms_to_schema(endpoint: Endpoint) -> None:
    """Only terms of the vocabulary, each between things that are said, or known, to be of its domain and range."""
    description = returns_rdf(endpoint)

    def classes(node: Node) -> set[Node]:
        known = set(description.objects(node, RDF.type))
        if isinstance(node, URIRef) and node in FORMATS:
            known.add(FORMATS.Format)
        if node in INDIVIDUALS:
            known.add(INDIVIDUALS[node])  # type: ignore[index]
        return known | ({SD.GraphCollection} if SD.Dataset in known else set())

    for subject, predicate, thing in description:
        if predicate == RDF.type:
            assert thing in CLASSES
            continue
        domain, value_class = PROPERTIES[predicate]  # type: ignore[index]
        assert domain in classes(subject)
        assert value_class in classes(thing) if value_class else isinstance(thing, URIRef)
    for node in description.subjects(RDF.type, SD.NamedGraph):
        assert len(list(description.objects(node, SD.name))) == 1


DESCRIPTION_CHECKS: dict[str, Callable[[Endpoint], object]] = {
    DESCRIPTION + "returns-rdf": returns_rdf,
    DESCRIPTION + "has-endpoint-triple": has_endpoint_triple,
    DESCRIPTION + "conforms-to-schema": conforms_to_schema,
}


@pytest.mark.parametrize("test", DESCRIPTION_TESTS, ids=str)
def test_service_description(endpoint: Endpoint, outcomes: dict[str, str], test: str) -> None:
    outcomes[test] = "failed"
    DESCRIPTION_CHECKS[test](endpoint)
    outcomes[test] = "passed"

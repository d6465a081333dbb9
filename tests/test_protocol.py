"""The W3C suites of the SPARQL 1.1 Protocol, its Graph Store HTTP Protocol and its Service Description, over real HTTP:
`make conformance`.

The manifests drive the tests: each request is sent as it is written there, and nothing is added to it but the token
that whoever writes must have. What came of every test goes into `build/earl-protocol.ttl`.
"""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pyoxigraph as ox
import pytest
from rdflib import RDF, RDFS, Graph, Namespace, URIRef
from rdflib.query import Result
from rdflib.term import Node

from tests.w3c import (
    CNT,
    FOLDER,
    HT,
    MF,
    UT,
    Answer,
    Endpoint,
    canonical,
    entries,
    listed,
    manifest,
    needs_suites,
    the,
    write_earl,
)

pytestmark = needs_suites

DESCRIPTION = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/service-description/manifest#"
FORMATS = Namespace("http://www.w3.org/ns/formats/")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")

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
    statuses: frozenset[str]
    """Statuses, or their first digits."""
    form: str | None
    boolean: bool | None
    content_type: str | None
    content: str | None
    location: str | None
    """What stands for the address of what was made in the requests after."""


PROTOCOL = manifest("protocol/manifest.ttl")
STORE = manifest("graph-store-protocol/manifest-direct.ttl") + manifest("graph-store-protocol/manifest-indirect.ttl")
TESTS = entries(PROTOCOL)
STORE_TESTS = entries(STORE)
DESCRIPTION_TESTS = entries(manifest("service-description/manifest.ttl"))
STATUSES = {"OK": "200", "Created": "201", "NoContent": "204", "NotFound": "404"}


def exchanges(suite: Graph, test: str) -> list[Exchange]:
    """The requests of a test with the answers expected, in order."""
    found = []
    connection = suite.value(URIRef(test), MF.action)
    assert connection is not None

    def headers(node: Node) -> dict[str, str]:
        fields = listed(suite, node, HT.headers)
        return {the(suite, field, HT.fieldName): the(suite, field, HT.fieldValue) for field in fields}

    for request in listed(suite, connection, HT.requests):
        body, answer = suite.value(request, HT.body), suite.value(request, HT.resp)
        assert answer is not None
        form, truth = suite.value(answer, MF.expectedFormat), suite.value(answer, MF.expectedBoolean)
        content, location = suite.value(answer, HT.body), suite.value(answer, MF.expectedLocation)
        names = (str(status).rpartition("#")[2] for status in suite.objects(answer, MF.expectedStatus))
        found.append(
            Exchange(
                method=the(suite, request, HT.methodName),
                # The manifests leave the paths to the endpoint, and write /sparql/ and /gsp for them.
                path=re.sub("^/gsp", "/store", re.sub("^/sparql/", "/sparql", the(suite, request, HT.absolutePath))),
                headers=headers(request),
                body=the(suite, body, CNT.chars).encode(the(suite, body, CNT.characterEncoding)) if body else None,
                statuses=frozenset(STATUSES.get(name) or name.removeprefix("StatusCode")[0] for name in names),
                form=None if form is None else str(form),
                boolean=None if truth is None else str(truth) == "true",
                content_type=headers(answer).get("content-type"),
                content=the(suite, content, CNT.chars) if content else None,
                location=None if location is None else str(location),
            )
        )
    return found


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The service with the graphs that the tests of the protocol ask for, under the names they ask for."""
    graphs = {
        the(PROTOCOL, graph, RDFS.label): FOLDER / "protocol" / the(PROTOCOL, graph, UT.graph).rpartition("/")[2]
        for graph in PROTOCOL.objects(None, UT.graphData)
    }
    started = Endpoint(tmp_path_factory.mktemp("protocol"), graphs, "--writable")
    yield started
    started.close()


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The service that was not started for writing."""
    started = Endpoint(tmp_path_factory.mktemp("read-only"), {})
    yield started
    started.close()


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, str]]:
    """The outcome of each test by its IRI; written down as a report when all are done."""
    found = dict.fromkeys((*TESTS, *STORE_TESTS, *DESCRIPTION_TESTS), "untested")
    yield found
    write_earl("protocol", found, {})


def writes(exchange: Exchange) -> bool:
    """Whether a request would change something, and so needs the token."""
    if exchange.path.startswith("/store"):
        return exchange.method not in ("GET", "HEAD")
    said = f"{exchange.path} {(exchange.body or b'').decode('latin-1')}"
    return "update" in exchange.headers.get("content-type", "") or "update=" in said


def send(endpoint: Endpoint, exchange: Exchange) -> Answer:
    if writes(exchange):
        content_type = exchange.headers.get("content-type", "")
        return endpoint.write(exchange.method, exchange.path, content_type, exchange.body)
    return endpoint.send(exchange.method, exchange.path, exchange.headers, exchange.body)


def boolean(answer: Answer) -> bool | None:
    """The answer to an ASK query."""
    assert answer.media_type in BOOLEANS
    result = Result.parse(io.BytesIO(answer.body), format=BOOLEANS[answer.media_type])
    assert result.type == "ASK"
    return result.askAnswer


def judge(answer: Answer, exchange: Exchange) -> None:
    """Hold an answer against what the manifest expects."""
    assert {str(answer.status), str(answer.status)[0]} & exchange.statuses, answer
    if exchange.content_type and exchange.method != "HEAD":
        assert answer.media_type == exchange.content_type.partition(";")[0]
    if exchange.content is not None:
        form = ox.RdfFormat.from_media_type(answer.media_type)
        assert canonical(ox.parse(answer.body, format=form)) == canonical(ox.parse(exchange.content, format=form))
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


def test_the_suites_are_whole() -> None:
    assert len(TESTS) >= 34 and len(STORE_TESTS) >= 13 and len(DESCRIPTION_TESTS) >= 3


@pytest.fixture(scope="module")
def graphs_before(endpoint: Endpoint) -> bytes:
    return endpoint.send("GET", "/store").body


@pytest.mark.parametrize("test", TESTS, ids=str)
def test_protocol(endpoint: Endpoint, graphs_before: bytes, outcomes: dict[str, str], test: str) -> None:
    outcomes[test] = "failed"  # until it is shown not to be
    if "query" in test:  # the tests before may have removed what it asks for
        endpoint.write("POST", "/sparql", "application/sparql-update", b"DROP ALL")
        data = graphs_before.decode().splitlines()
        quads = "".join("GRAPH {3} {{ {0} {1} {2} }}\n".format(*line.removesuffix(" .").split(" ")) for line in data)
        assert endpoint.write("POST", "/sparql", "application/sparql-update", f"INSERT DATA {{ {quads} }}".encode())
    requests = exchanges(PROTOCOL, test)
    assert requests
    for exchange in requests:
        judge(send(endpoint, exchange), exchange)
    outcomes[test] = "passed"


@pytest.mark.parametrize("test", STORE_TESTS, ids=str)
def test_graph_store(endpoint: Endpoint, outcomes: dict[str, str], test: str) -> None:
    outcomes[test] = "failed"
    endpoint.write("POST", "/sparql", "application/sparql-update", b"DROP ALL")
    requests, made = exchanges(STORE, test), {}
    assert requests
    for exchange in requests:
        path, body = exchange.path, exchange.body
        for name, address in made.items():
            path, body = path.replace(name, address), body and body.replace(name.encode(), address.encode())
        answer = send(endpoint, replace(exchange, path=path, body=body))
        judge(answer, exchange)
        if exchange.location:
            assert answer.location
            made[exchange.location] = answer.location
    outcomes[test] = "passed"


@pytest.mark.parametrize("test", [*TESTS, *STORE_TESTS], ids=str)
def test_nothing_is_written_without_leave(endpoint: Endpoint, read_only: Endpoint, test: str) -> None:
    """Each write of the suites is refused without the token, and with it where nobody may write."""
    suite = PROTOCOL if test in TESTS else STORE
    writing = [exchange for exchange in exchanges(suite, test) if writes(exchange)]
    before = endpoint.holdings(), read_only.holdings()
    for exchange in writing:
        answer = endpoint.send(exchange.method, exchange.path, exchange.headers, exchange.body)
        assert answer.status in ((401,) if "bad_" not in test else (400, 401, 405, 415))
        answer = send(read_only, exchange)
        assert answer.status in ((403, 405) if "bad_" not in test else (400, 403, 405, 415))
    assert before == (endpoint.holdings(), read_only.holdings())


def returns_rdf(endpoint: Endpoint) -> Graph:
    answer = endpoint.send("GET", "/sparql")
    assert answer.status == 200 and answer.media_type in GRAPHS
    return Graph().parse(answer.body, format=GRAPHS[answer.media_type])


def has_endpoint_triple(endpoint: Endpoint) -> None:
    address = URIRef(f"http://127.0.0.1:{endpoint.port}/sparql")
    services = list(returns_rdf(endpoint).subjects(SD.endpoint, address))
    assert len(services) == 1


def conforms_to_schema(endpoint: Endpoint) -> None:
    """The terms of the vocabulary are each between things that are said, or known, to be of its domain and range.

    Terms of other vocabularies may stand beside them.
    """
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
            assert thing in CLASSES or thing not in SD
            continue
        if predicate not in SD:
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

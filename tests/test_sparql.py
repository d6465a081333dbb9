"""The W3C suites of SPARQL 1.1 Query, Update and the result formats, sent to the served application over HTTP:
`make conformance`.

The data of a query are put into the store by the graph store protocol, each document as a graph of its own, and the
request names them as its dataset. The data of an update are put into an empty store; what it holds afterwards is
compared with what it must hold. What came of every test goes into `build/earl-sparql.ttl`.
"""

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
from rdflib import RDF, RDFS, Graph, Namespace, URIRef
from rdflib.term import Node

from tests.w3c import (
    ADDRESS,
    MF,
    QT,
    UT,
    Endpoint,
    canonical,
    entries,
    manifest,
    needs_suites,
    path_of,
    the,
    write_earl,
)

pytestmark = [*needs_suites, pytest.mark.slow]

RS = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/result-set#")
TABLES = {
    ".srx": ("application/sparql-results+xml", ox.QueryResultsFormat.XML),
    ".srj": ("application/sparql-results+json", ox.QueryResultsFormat.JSON),
    ".tsv": ("text/tab-separated-values", ox.QueryResultsFormat.TSV),
}
GRAPHS = {".ttl": ox.RdfFormat.TURTLE, ".nt": ox.RdfFormat.N_TRIPLES, ".rdf": ox.RdfFormat.RDF_XML}
ACCEPT = {
    ".csv": "text/csv",
    ".rs": "application/sparql-results+json",
    **dict.fromkeys(GRAPHS, "application/n-triples"),
}
NOWHERE = "urn:x-test:empty"

LOAD_REFUSED = "LOAD is refused: the service calls no address that it was not told to"
LOAD_FIRST = "refused because of LOAD (403), before the engine sees the syntax"
ZERO_LENGTH = "the engine finds by a path of length zero only what is in the graph"
GRAPH_LATE = "the engine joins the name of GRAPH ?g to what is inside only afterwards, or not at all"
TAGS = "the engine gives a plain string where all parts have one language"
EXPECTED = {
    ADDRESS + name: reason
    for name, reason in {
        "property-path/manifest#zero_or_more_set_start": ZERO_LENGTH,
        "property-path/manifest#zero_or_more_set_end": ZERO_LENGTH,
        "property-path/manifest#zero_or_one_set_start": ZERO_LENGTH,
        "property-path/manifest#zero_or_one_set_end": ZERO_LENGTH,
        "aggregates/manifest#agg-groupconcat-04": TAGS,
        "aggregates/manifest#agg-groupconcat-06": TAGS,
        "aggregates/manifest#agg-empty-group-count-graph": GRAPH_LATE,
        "bindings/manifest#graph": GRAPH_LATE,
        "negation/manifest#graph-minus": GRAPH_LATE,
        "functions/manifest#bnode01": "the engine's BNODE(text) gives one node for one text in all solutions",
        "csv-tsv-res/manifest#csv03": "the engine keeps the value 1.0E6, not how it was written",
        "syntax-query/manifest#test_4": "the syntax passes, but a function nobody knows is an error of evaluation",
        "syntax-update-1/manifest#test_8": "the syntax passes, but there is no such graph to drop",
        **{f"syntax-update-1/manifest#test_{number}": LOAD_REFUSED for number in (1, 2, 3, 4, 37)},
        **{f"syntax-update-1/manifest#test_{number}": LOAD_FIRST for number in (41, 47, 48, 49)},
    }.items()
}
"""Tests that must fail, by IRI, and why. One that passes all the same fails the run."""


def _suites() -> dict[str, tuple[Graph, str]]:
    """Every test by its IRI: its manifest and its kind."""
    found = {}
    for name in ("query", "update", "results"):
        top = manifest(f"manifest-sparql11-{name}.ttl")
        for head in top.objects(None, MF.include):
            for part in top.items(head):
                suite = manifest(str(part).removeprefix(ADDRESS))
                for test in entries(suite):
                    found[test] = suite, str(suite.value(URIRef(test), RDF.type)).rpartition("#")[2]
    return found


SUITE = _suites()


def of(*kinds: str) -> list[object]:
    """The tests of some kinds, as parameters."""
    return [
        pytest.param(test, id=test, marks=[pytest.mark.xfail(reason=EXPECTED[test])] if test in EXPECTED else [])
        for test, (_, kind) in SUITE.items()
        if kind in kinds
    ]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    started = Endpoint(tmp_path_factory.mktemp("sparql"), {}, "--writable")
    yield started
    started.close()


@pytest.fixture(scope="module")
def held() -> set[str]:
    """The documents that are in the store as graphs."""
    return set()


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, str]]:
    found = dict.fromkeys(SUITE, "untested")
    yield found
    write_earl("sparql", found, EXPECTED)


@pytest.fixture
def outcome(outcomes: dict[str, str], request: pytest.FixtureRequest) -> Iterator[None]:
    """Notes what comes of a test."""
    test = request.node.callspec.params["test"]
    outcomes[test] = "failed"
    yield
    if request.node.stash.get(PASSED, False):
        outcomes[test] = "passed"


PASSED = pytest.StashKey[bool]()


@pytest.fixture
def passed(request: pytest.FixtureRequest, outcome: None) -> object:
    """To be called at the end of a test."""

    def note() -> None:
        request.node.stash[PASSED] = True

    return note


def with_base(iri: str) -> str:
    """The text of a query or an update, its relative IRIs made absolute as the suite means them."""
    return f"BASE <{iri}>\n{path_of(iri).read_text('utf-8')}"


def graphs(suite: Graph, node: Node, data: URIRef, named: URIRef, graph: URIRef) -> tuple[list[str], dict[str, str]]:
    """The documents of the default graph, and those of named graphs by name."""
    names = {}
    for item in suite.objects(node, named):
        if isinstance(item, URIRef):
            names[str(item)] = str(item)
        else:
            names[the(suite, item, RDFS.label)] = the(suite, item, graph)
    return [str(item) for item in suite.objects(node, data)], names


def put(endpoint: Endpoint, target: str, document: str) -> None:
    file = path_of(document)
    media_type = GRAPHS[file.suffix].media_type
    body = file.read_bytes()
    if file.suffix == ".ttl":
        body = f"@base <{document}> .\n".encode() + body
    assert endpoint.write("PUT", f"/store?{target}", media_type, body).status in (201, 204)


def parse(document: str, graph: ox.NamedNode | None = None) -> list[ox.Quad]:
    file = path_of(document)
    quads = ox.parse(path=str(file), format=GRAPHS[file.suffix], base_iri=document)
    return [ox.Quad(quad.subject, quad.predicate, quad.object, graph or ox.DefaultGraph()) for quad in quads]


def rows(results: object, ordered: bool) -> ox.Dataset | bool:
    """Solutions as a dataset, so that blank nodes can be compared by what is said of them."""
    if isinstance(results, ox.QueryBoolean):
        return bool(results)
    assert isinstance(results, ox.QuerySolutions)
    quads = [
        ox.Quad(
            ox.BlankNode(), ox.NamedNode("urn:variables"), ox.Literal(" ".join(sorted(map(str, results.variables))))
        )
    ]
    for number, solution in enumerate(results):
        row = ox.BlankNode()
        quads.append(ox.Quad(row, ox.NamedNode("urn:row"), ox.Literal(number if ordered else "")))
        for variable in results.variables:
            if (value := solution[variable]) is not None:
                quads.append(ox.Quad(row, ox.NamedNode(f"urn:{variable.value}"), value))
    return canonical(quads)


@pytest.mark.parametrize("test", of("QueryEvaluationTest", "CSVResultFormatTest"))
def test_query(endpoint: Endpoint, held: set[str], test: str, passed: object) -> None:
    suite, _ = SUITE[test]
    action, result = suite.value(URIRef(test), MF.action), the(suite, URIRef(test), MF.result)
    assert action is not None
    query = with_base(the(suite, action, QT.query))
    default, named = graphs(suite, action, QT.data, QT.graphData, QT.graph)
    for name, document in {**named, **{document: document for document in default}}.items():
        if name not in held:
            put(endpoint, f"graph={quote(name, safe='')}", document)
            held.add(name)
    dataset = [("default-graph-uri", name) for name in default or [NOWHERE]]
    dataset += [("named-graph-uri", name) for name in named]
    if re.search(r"^FROM\b", query, re.MULTILINE):
        dataset = []  # the query says it itself
    ending = path_of(result).suffix
    if ending == ".ttl" and RS in path_of(result).read_text("utf-8"):
        ending = ".rs"
    accept = ACCEPT.get(ending) or TABLES[ending][0]
    headers = {"Content-Type": "application/sparql-query", "Accept": accept}
    answer = endpoint.send("POST", f"/sparql?{urlencode(dataset)}", headers, query.encode())
    assert (answer.status, answer.media_type) == (200, accept), answer.body
    expected = path_of(result).read_bytes()
    ordered = bool(re.search(r"ORDER\s+BY", query, re.IGNORECASE))
    if ending in TABLES:
        form = TABLES[ending][1]
        got = rows(ox.parse_query_results(answer.body, format=form), ordered)
        assert got == rows(ox.parse_query_results(expected, format=form), ordered)
    elif ending == ".rs":
        got = rows(ox.parse_query_results(answer.body, format=ox.QueryResultsFormat.JSON), ordered)
        assert got == result_set(result)
    elif ending == ".csv":
        assert table(answer.body) == table(expected)
    else:
        assert canonical(ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES)) == canonical(parse(result))
    passed()  # type: ignore[operator]


def result_set(document: str) -> ox.Dataset:
    """Solutions written as a graph, in the old vocabulary of the suites, as `rows` gives them."""
    said = Graph().parse(path_of(document), publicID=document)
    names = sorted(f"?{name}" for name in said.objects(None, RS.resultVariable))
    text = f'[] <urn:variables> "{" ".join(names)}" . '
    for number, solution in enumerate(said.objects(None, RS.solution)):
        text += f'_:r{number} <urn:row> "" . '
        for binding in said.objects(solution, RS.binding):
            value = said.value(binding, RS.value)
            assert value is not None
            text += f"_:r{number} <urn:{said.value(binding, RS.variable)}> {value.n3()} . "
    return canonical(list(ox.parse(text, format=ox.RdfFormat.TURTLE)))


def table(body: bytes) -> list[object]:
    """The rows of a CSV answer in any order, each cell with its column; blank nodes all alike."""
    head, *lines = csv.reader(io.StringIO(body.decode(), newline=""))
    cells = (
        [f"{name}: {re.sub('^_:.*', '_:', cell)}" for name, cell in zip(head, line, strict=True)] for line in lines
    )
    return [sorted(head), *sorted(sorted(line) for line in cells)]


@pytest.mark.parametrize("test", of("UpdateEvaluationTest"))
def test_update(endpoint: Endpoint, held: set[str], test: str, passed: object) -> None:
    suite, _ = SUITE[test]
    action, result = suite.value(URIRef(test), MF.action), suite.value(URIRef(test), MF.result)
    assert action is not None and result is not None
    held.clear()
    assert endpoint.write("POST", "/sparql", "application/sparql-update", b"DROP ALL").status == 204
    default, named = graphs(suite, action, UT.data, UT.graphData, UT.graph)
    for document in default:
        put(endpoint, "default", document)
    for name, document in named.items():
        put(endpoint, f"graph={quote(name, safe='')}", document)
    text = with_base(the(suite, action, UT.request)).encode()
    answer = endpoint.write("POST", "/sparql", "application/sparql-update", text)
    assert answer.status == 204, answer.body
    default, named = graphs(suite, result, UT.data, UT.graphData, UT.graph)
    expected = [quad for document in default for quad in parse(document)]
    expected += [quad for name, document in named.items() for quad in parse(document, ox.NamedNode(name))]
    assert endpoint.holdings() == canonical(expected)
    passed()  # type: ignore[operator]


def ask(endpoint: Endpoint, test: str) -> int:
    """The status of a syntax test's query or update."""
    suite, _ = SUITE[test]
    text = with_base(the(suite, URIRef(test), MF.action))
    if the(suite, URIRef(test), MF.action).endswith(".ru"):
        return endpoint.write("POST", "/sparql", "application/sparql-update", text.encode()).status
    headers = {"Content-Type": "application/sparql-query"}
    return endpoint.send("POST", f"/sparql?default-graph-uri={NOWHERE}", headers, text.encode()).status


@pytest.mark.parametrize("test", of("PositiveSyntaxTest11", "PositiveUpdateSyntaxTest11"))
def test_good_syntax(endpoint: Endpoint, held: set[str], test: str, passed: object) -> None:
    held.clear()
    assert ask(endpoint, test) in (200, 204)
    passed()  # type: ignore[operator]


@pytest.mark.parametrize("test", of("NegativeSyntaxTest11", "NegativeUpdateSyntaxTest11"))
def test_bad_syntax(endpoint: Endpoint, test: str, passed: object) -> None:
    assert ask(endpoint, test) == 400
    passed()  # type: ignore[operator]


def test_the_suites_are_whole() -> None:
    assert len(SUITE) >= 495
    assert set(EXPECTED) <= set(SUITE)

"""Stores on servers: the service of this project, `oxigraph serve` and Virtuoso are published to, read and killed."""

import csv
import io
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest

from solidarity_spectrum import questions, remote, store
from solidarity_spectrum.remote import Remote, RemoteFailed
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.validation.contribution import validate_files
from tests.conftest import ROOT
from tests.servers import SERVERS, SERVICE_TOKEN, RealServer, answering, oxigraph

RECORDS = 120
"""The stores of these tests hold so many records of the shipped data, and what stands with them."""
JSON = "application/sparql-results+json"
EACH = [name if name == "oxigraph" else pytest.param(name, marks=pytest.mark.slow) for name in SERVERS]
# Virtuoso 7.2.5 fails at others by itself, or answers otherwise than SPARQL 1.1 says: OPTIONAL, CONCAT of what is
# unbound, dates and durations, a path with both ends open, errors of its compiler.
RIGHT_AT_VIRTUOSO = {
    "amendment-history",
    "case-instances",
    "case-on",
    "changes-since",
    "concept",
    "criminalised-practices",
    "disagreements",
    "incompatible-laws",
    "offices-on",
    "practices-of-solidarity",
    "prosecution-outcomes",
    "prosecutions",
    "provision-before-the-courts",
    "punishable-on",
    "quality",
    "slips",
    "statements-by-trope",
    "statements-of-de-solidarity",
    "statements-of-speaker",
    "votes-and-positions",
    "works-behind",
}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(remote.TOKEN, SERVICE_TOKEN)
    monkeypatch.setenv(remote.USER, "dba")
    monkeypatch.setenv(remote.PASSWORD, "dba")
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))


def write_part(whole: Path, folder: Path, without: frozenset[str] = frozenset(), mark: str = "") -> Path:
    """A store with a part of the shipped one: some records with their provenance and conclusions, and what they are
    described by. `without` are records left out, and a title begins with `mark`."""
    lines = (whole / store.DUMP).read_text("utf-8").splitlines(keepends=True)
    graphs = {line.removesuffix(" .\n").rpartition(" ")[2] for line in lines}
    program = {f"<{BASE}graph/{n}>" for n in ("inferred", "links", "provenance", "quality", "void")}
    always = {
        f"<{BASE}graph/{n}>" for n in ("hungary", "cjeu", "hu-kuria", "solidarity", "solidarity-spectrum-project")
    }
    records = sorted(g for g in graphs if f"{g[:-1]}-" not in program and g not in program)[:RECORDS]
    described = {f"<{BASE}graph/{n}>" for n in ("ontology", "vocabularies", "shapes", "questions")}
    kept = ({*records, *(always & graphs), *(described & graphs)}) - {f"<{BASE}graph/{name}>" for name in without}
    ids = {graph.rpartition("/")[2][:-1] for graph in kept}
    label = f'rdf-schema#label> "{mark}'
    dump = []
    for line in lines:
        subject, graph = line.partition(" ")[0], line.removesuffix(" .\n").rpartition(" ")[2]
        name = re.split("[#>]", subject.rpartition("/")[2])[0]
        if graph in kept or (graph in program and name in ids):
            dump.append(line.replace('rdf-schema#label> "', label) if "/hungary" in graph else line)
    manifest = {"version": "0", "hash": f"{hash((without, mark)):x}", "quads": len(dump), "graphs": len(kept)}
    report = json.loads((whole / store.REPORT).read_text("utf-8"))
    store.write(folder, dump, [], manifest, report, "")
    return folder


@pytest.fixture(scope="session")
def part(store_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_part(store_folder, tmp_path_factory.mktemp("part") / "store")


@dataclass
class Published:
    """A server that holds the part."""

    name: str
    server: RealServer
    remote: Remote


@pytest.fixture(scope="session", params=EACH)
def published(
    request: pytest.FixtureRequest, part: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Published]:
    name = request.param
    server = SERVERS[name](tmp_path_factory.mktemp(name))
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in ((remote.TOKEN, SERVICE_TOKEN), (remote.USER, "dba"), (remote.PASSWORD, "dba")):
            patch.setenv(variable, value)
        try:
            with Remote(server.address) as there:
                there.publish(part)
                yield Published(name, server, there)
        finally:
            server.stop()


def lines_of(graph: ox.Store) -> tuple[set[str], int]:
    """The quads that hold no blank node, and how many others there are."""
    named = {str(quad) for quad in graph if "_:" not in str(quad)}
    return named, len(graph) - len(named)


def contributions() -> dict[str, bytes]:
    """Records: the examples of CONTRIBUTING.md, one with a misspelt reference, one that replaces a record, none at all;
    and RDF, one of them about classes, which is judged with the whole graph."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    found = {
        f"example{number}.yaml": block.encode()
        for number, block in enumerate(re.findall(r"```yaml\n(recorded:.*?)```", text, re.DOTALL))
    }
    assert len(found) >= 4
    good = found["example0.yaml"]
    found["misspelt.yaml"] = good.replace(b"country: hungary", b"country: hungry")
    found["replaces.yaml"] = good.replace(b"id: example-village-alliance", b"id: hungary")
    found["empty.yaml"] = b"records: []\n"
    sol = f"@prefix sol: <{BASE}ontology#> . @prefix id: <{BASE}id/> ."
    found["bad.ttl"] = f'{sol} id:x a sol:Decision ; sol:court id:hungary ; sol:sequence "one" .'.encode()
    rdfs = "http://www.w3.org/2000/01/rdf-schema#"
    found["classes.ttl"] = f"{sol} id:x a sol:Event . sol:Event <{rdfs}subClassOf> sol:Actor .".encode()
    return found


# -- the three servers ---------------------------------------------------------------------------------------------


def test_what_is_published_is_what_was_built(published: Published, part: Path) -> None:
    there = published.remote
    assert there.manifest() == store.manifest(part)
    assert there.text(store.NAMES) == (part / store.NAMES).read_text("utf-8")
    assert store.report(there) == store.report(part)
    assert lines_of(there.memory()) == lines_of(store.load_memory(part))
    before = there.requests
    assert there.publish(part) == 0 and there.requests == before


def test_patterns_answer_as_the_store_does(published: Published, part: Path) -> None:
    here = store.open_disk(part)
    hungary, kind = ox.NamedNode(BASE + "id/hungary"), ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    provenance = ox.NamedNode(BASE + "graph/provenance")
    quad = next(here.quads_for_pattern(hungary, None, None))
    absent = ox.NamedNode("urn:absent")
    with Remote(published.server.address) as there:
        for pattern in (
            (hungary, None, None, None),
            (hungary, kind, None, None),
            (None, kind, None, provenance),
            (None, None, hungary, None),
            (quad.subject, quad.predicate, quad.object, None),
            (quad.subject, quad.predicate, quad.object, quad.graph_name),
            (quad.subject, quad.predicate, quad.object, absent),
            (absent, None, None, None),
            (None, absent, None, None),
        ):
            assert set(there.quads_for_pattern(*pattern)) == set(here.quads_for_pattern(*pattern))
        # More than a page, and only the beginning of it: what is not asked for is not fetched.
        some = there.quads_for_pattern(None, None, None, provenance)
        before = there.requests
        assert next(some) in set(here.quads_for_pattern(None, None, None, provenance))
        assert there.requests == before + 1


def test_findings_are_the_same(published: Published, part: Path) -> None:
    for name, data in contributions().items():
        inputs = [(name, data, Path(name).suffix[1:])]
        with Remote(published.server.address) as there:
            found, expected = validate_files(inputs, there), validate_files(inputs, part)
            assert (sorted(map(repr, found[0])), found[1]) == (sorted(map(repr, expected[0])), expected[1]), name
            assert there.requests < 100 or name == "classes.ttl"


def rows(answer: bytes) -> Counter[tuple[str, ...]]:
    """Rows whatever their order, and that of texts put together by GROUP_CONCAT."""
    table = csv.reader(io.StringIO(answer.decode(), newline=""))
    return Counter(tuple(" ; ".join(sorted(cell.split(" ; "))) for cell in row) for row in table)


def test_questions_are_answered_the_same(published: Published, part: Path) -> None:
    here = store.open_disk(part)
    assert questions.catalogue().keys() >= RIGHT_AT_VIRTUOSO
    for question in questions.catalogue().values():
        if published.name == "virtuoso" and question.name not in RIGHT_AT_VIRTUOSO:
            continue
        text = questions.bind(question, {})
        expected = rows(store.query(here, text, "csv"))
        assert rows(store.query(store.open_disk(published.remote), text, "csv")) == expected, question.name
    assert ("Virtuoso" in published.remote.caution) == (published.name == "virtuoso")


def test_forms_of_answers(published: Published, part: Path) -> None:
    here, there = store.open_disk(part), store.open_disk(published.remote)
    ask = f"ASK {{ <{BASE}id/hungary> ?p ?o }}"
    construct = f"CONSTRUCT {{ <{BASE}id/hungary> ?p ?o }} WHERE {{ <{BASE}id/hungary> ?p ?o }}"
    of_one_graph = f"SELECT ?p ?o FROM <{BASE}graph/hungary> {{ <{BASE}id/hungary> ?p ?o }} ORDER BY ?p ?o"
    assert json.loads(store.query(there, ask, "json"))["boolean"] is True
    for kind in ("nt", "ttl"):
        parsed = [
            set(ox.parse(store.query(g, construct, kind), format=store.GRAPH_FORMATS[kind])) for g in (here, there)
        ]
        assert parsed[0] == parsed[1] != set()
    for kind in ("csv", "tsv"):
        assert store.query(there, of_one_graph, kind, False) == store.query(here, of_one_graph, kind, False)
    with pytest.raises(ValueError, match="the answer is a graph"):
        store.query(there, construct, "csv")
    with pytest.raises(ValueError, match="the answer is a table"):
        store.query(there, ask, "ttl")
    with pytest.raises(RemoteFailed, match="status 400"):
        store.query(there, "SELECT ?x { ?x ?y }", "json")


def test_the_commands_take_the_address(published: Published, part: Path, solidarity: object, tmp_path: Path) -> None:
    assert callable(solidarity)
    (tmp_path / "wrong.yaml").write_bytes(contributions()["misspelt.yaml"])
    for arguments in (
        ("query", "SELECT ?l { id:hungary rdfs:label ?l } ORDER BY ?l", "--format", "csv"),
        ("explain", "hungary"),
        ("explain", "nowhere-land"),
        ("validate", str(tmp_path / "wrong.yaml")),
        ("stats",),
    ):
        here = solidarity(*arguments, "--store", str(part))
        there = solidarity(*arguments, "--store", published.server.address)
        assert (there[0], sorted(there[1].split())) == (here[0], sorted(here[1].split())), arguments
    status, _, error = solidarity("query", "SELECT * { ?s <urn:nowhere> ?o }", "--store", published.server.address)
    assert status == 0 and "the graph holds no urn:nowhere" in error


def test_only_what_differs_is_sent(published: Published, part: Path, tmp_path: Path) -> None:
    there = published.remote
    records = [graph for graph in part_graphs(part) if graph not in ("hungary", "provenance", "inferred")]
    gone = next(name for name in records if name.startswith("a"))
    changed = write_part(part, tmp_path / "store", without=frozenset({gone}), mark="X")
    there._change(f"INSERT DATA {{ GRAPH <urn:of-others> {{ <urn:a> <urn:b> <{BASE}id/hungary> }} }}")
    assert there.publish(changed) < 10
    assert lines_of(there.memory()) == lines_of(store.load_memory(changed))
    assert there._truth("ASK { GRAPH <urn:of-others> { ?s ?p ?o } }")
    assert not list(there.quads_for_pattern(ox.NamedNode("urn:a"), None, None))  # of no build
    assert 0 < there.publish(part) < 10
    assert lines_of(there.memory()) == lines_of(store.load_memory(part))


def part_graphs(folder: Path) -> list[str]:
    graph = store.open_disk(folder)
    return sorted(str(node.value).rpartition("/")[2] for node in graph.named_graphs() if isinstance(node, ox.NamedNode))


@pytest.mark.parametrize("name", EACH)
def test_a_server_killed_while_published_to(
    name: str, part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "ATTEMPTS", 2)
    monkeypatch.setattr(remote, "BATCH", 20_000)
    server = SERVERS[name](tmp_path)

    def kill(text: str) -> None:
        if re.match(r"[5-9]\d of \d+ graphs$", text) and server.process and server.process.poll() is None:
            server.kill()

    try:
        with Remote(server.address) as there, pytest.raises(RemoteFailed, match=re.escape(server.address[:20])):
            there.publish(part, kill)
        server.start()
        with Remote(server.address) as reader:
            with pytest.raises(store.NoStore, match="between two builds"):
                store.open_disk(reader)
            with pytest.raises(store.NoStore, match="between two builds"):
                reader.query("ASK {}", "json")
        with Remote(server.address) as there:
            sent = there.publish(part)
            assert 0 < sent < len(part_graphs(part))
            assert lines_of(there.memory()) == lines_of(store.load_memory(part))
            assert there.manifest() == store.manifest(part)
    finally:
        server.stop()


def test_another_build_meanwhile_is_noticed(
    published: Published, part: Path, store_folder: Path, tmp_path: Path
) -> None:
    if published.name != "oxigraph":
        pytest.skip("once is enough")
    changed = write_part(part, tmp_path / "store", mark="Y")
    with Remote(published.server.address) as reader:
        reader.manifest()
        reader.unchanged()
        published.remote.publish(changed)
        with pytest.raises(RemoteFailed, match="another build was published"):
            reader.unchanged()
    published.remote.publish(part)


def test_two_who_publish_at_once(published: Published, part: Path, tmp_path: Path) -> None:
    if published.name != "oxigraph":
        pytest.skip("once is enough")
    changed = write_part(part, tmp_path / "store", mark="Z")
    at = published.server.address
    with Remote(at) as one, Remote(at) as other, pytest.raises(RemoteFailed, match="somebody else publishes"):
        one.publish(changed, lambda text: other.publish(changed) if " of " in text and "differ" not in text else None)
    published.remote._state = None
    published.remote.publish(part)


# -- Virtuoso ------------------------------------------------------------------------------------------------------


def test_terms_come_back_from_virtuoso_as_they_were(published: Published) -> None:
    if published.name != "virtuoso":
        pytest.skip("of Virtuoso")
    xsd = "http://www.w3.org/2001/XMLSchema#"
    typed = {
        "boolean": ["true", "false"],
        "duration": ["P1Y", "P18M", "P90D", "PT1H", "P1DT2H3M4S", "P3W", "P0D"],
        "date": ["2018-06-20", "1951-07-28"],
        "gYear": ["2018"],
        "gYearMonth": ["2018-06"],
        "dateTime": ["2018-01-02T03:04:05Z"],
        "integer": ["7", "-7"],
        "decimal": ["1.5"],
        "anyURI": ["https://example.org/á?b=%C3%A1"],
    }
    terms: set[ox.Literal | ox.NamedNode] = {
        ox.Literal(value, datatype=ox.NamedNode(xsd + kind)) for kind, values in typed.items() for value in values
    }
    terms |= {ox.Literal("2018/2019", datatype=ox.NamedNode("http://id.loc.gov/datatypes/edtf/EDTF"))}
    terms |= {ox.Literal('"\\ é\n\t🏳', language="hu"), ox.Literal("x" * 3000), ox.Literal("", language="en-gb")}
    terms |= {ox.NamedNode("https://example.org/%C3%A1/á?x=1&y=é#z"), ox.NamedNode("HTTP://Example.ORG/../a")}
    graph, subject, predicate = (ox.NamedNode(BASE + f"graph/{n}") for n in ("test-terms", "s", "p"))
    # What Oxigraph makes of them is what every store of this program holds.
    held = ox.Store()
    held.extend(ox.Quad(subject, predicate, term, graph) for term in terms)
    published.remote._put(graph.value, "".join(f"{quad.triple} .\n" for quad in held))
    with Remote(published.server.address) as there:
        assert {q.object for q in there.quads_for_pattern(subject, None, None)} == {q.object for q in held}
        found = store.query(
            store.open_disk(there), f"CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH {graph} {{ ?s ?p ?o }} }}", "nt"
        )
        assert {q.object for q in ox.parse(found, format=ox.RdfFormat.N_TRIPLES)} == {q.object for q in held}
    published.remote._change(f"DROP SILENT GRAPH {graph}")


def test_what_virtuoso_leaves_out_is_noticed(published: Published) -> None:
    if published.name != "virtuoso":
        pytest.skip("of Virtuoso")
    graph, predicate = ox.NamedNode(BASE + "graph/test-many"), ox.NamedNode("urn:many")
    published.remote._put(graph.value, "".join(f'<urn:{i}> {predicate} "{i}" .\n' for i in range(10_500)))
    try:
        with Remote(published.server.address) as there:
            for form in ("SELECT *", "CONSTRUCT { ?s ?p ?o }"):
                kind = "csv" if "SELECT" in form else "nt"
                with pytest.raises(RemoteFailed, match="no more than 10000 rows"):
                    there.query(f"{form} {{ GRAPH {graph} {{ ?s ?p ?o }} }}", kind)
                assert there.query(f"{form} {{ GRAPH {graph} {{ ?s ?p ?o }} }} LIMIT 900", kind).count(b"\n") in (
                    900,
                    901,
                )
            assert len(list(there.quads_for_pattern(None, predicate, None))) == 10_500  # in pages
    finally:
        published.remote._change(f"DROP SILENT GRAPH {graph}")


# -- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["virtuoso", "service"])
def test_wrong_passwords(name: str, published: Published, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if published.name != name:
        pytest.skip("of another server")
    monkeypatch.setenv(remote.PASSWORD, "wrong")
    monkeypatch.setenv(remote.TOKEN, "a-wrong-token-for-tests")
    with Remote(published.server.address) as there:
        there.manifest()
        with pytest.raises(RemoteFailed, match="is refused") as refused:
            there._change("INSERT DATA { GRAPH <urn:x> { <urn:a> <urn:b> 1 } }")
        assert "wrong" not in str(refused.value).replace("wrong-token", "")
    for variable in (remote.TOKEN, remote.USER, remote.PASSWORD):
        monkeypatch.delenv(variable)
    with Remote(published.server.address) as there:
        there.manifest()
        with pytest.raises(RemoteFailed, match=r"asks for a (password|token): set"):
            there._put("urn:x", "<urn:a> <urn:b> 1 .")


def test_passwords_from_netrc(published: Published, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if published.name != "virtuoso":
        pytest.skip("of Virtuoso")
    for variable in (remote.USER, remote.PASSWORD):
        monkeypatch.delenv(variable)
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login dba password dba\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    with Remote(published.server.address) as there:
        there.manifest()
        there._change("DROP SILENT GRAPH <urn:x>")


@pytest.mark.parametrize("scheme", ["Basic realm=x", "Bearer"])
def test_no_password_without_encryption(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    auth = remote._Auth("http://example.org/sparql")
    flow = auth.auth_flow(httpx.Request("POST", "http://example.org/sparql"))
    first = next(flow)
    assert "authorization" not in first.headers
    with pytest.raises(RemoteFailed, match="use https"):
        flow.send(httpx.Response(401, headers={"www-authenticate": scheme}, request=first))


# -- bad answers ---------------------------------------------------------------------------------------------------


def answer(
    body: str | bytes, status: str = "200 OK", kind: str = JSON, length: int | None = None, more: str = ""
) -> bytes:
    body = body.encode() if isinstance(body, str) else body
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\nConnection: close\r\n{more}\r\n"
    return head.encode() + body


def state(**more: object) -> str:
    """The answer to the question what is published."""
    about = {"layout": remote.LAYOUT, "version": "0", "pending": "", "manifest": {"hash": "h", "quads": 1}, **more}
    text = {"type": "literal", "value": json.dumps(about)}
    return json.dumps({"head": {"vars": ["text", "seen"]}, "results": {"bindings": [{"text": text, "seen": text}]}})


GOOD = answer(state())


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (answer("<html><body>Welcome</body></html>", kind="text/html"), "of type text/html, not a table"),
        (answer("<html>", kind=JSON), "breaks off, or is of another kind"),
        (answer('{"head": {"vars": ["x"]}, "results": {"bindings": [', kind=JSON), "breaks off"),
        (answer('{"head": {"vars": ["x"]}, "results"', length=1000), "(?i)peer closed connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: " + JSON.encode() + b"\r\n\r\n" + b'{"head"', "breaks off"),
        (b"nonsense\r\n\r\n", "(?i)illegal|protocol|status line"),
        (b"", "(?i)disconnected|without"),
        (answer("<h1>Oh</h1>\r\n<p>no \x00\x1b[31mtable</p>", "500 X", "text/html"), r"status 500: Oh no \[31mtable"),
        (answer("", "302 Found", more="Location: http://other.example/\r\n"), "redirects to http://other.example/"),
        (answer("", "404 Not Found"), "status 404"),
        (answer("[" * 100_000), "breaks off"),
        (answer('{"head": {}, "boolean": true}'), "breaks off, or is of another kind"),
        (answer("x" * 3_000_000), "larger than 1000000 bytes"),
        (answer(state(), more="X-SPARQL-MaxRows: 10000\r\n"), "no more than 10000 rows"),
        (answer(state(), more="X-SQL-State: S1TAT\r\n"), "broke off"),
    ],
)
def test_answers_that_are_none(bad: bytes, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "ATTEMPTS", 1)
    with (
        answering(bad) as address,
        Remote(address, max_bytes=1_000_000, deadline=10) as there,
        pytest.raises(RemoteFailed, match=reason) as failed,
    ):
        there.manifest()
    assert address in str(failed.value) and len(str(failed.value)) < 600


def test_a_slow_answer_ends_at_the_deadline() -> None:
    """Byte by byte, so that no single wait is long: in the head, and in the body."""
    for slow in (GOOD, GOOD.replace(b"Content-Type", b"X: " + b"y" * 500 + b"\r\nContent-Type")):
        with answering(slow, pause=0.05) as address, Remote(address, deadline=0.7) as there:
            start = time.monotonic()
            with pytest.raises(RemoteFailed, match=r"no answer within 0\.7 seconds"):
                there.manifest()
            assert time.monotonic() - start < 2


def test_what_passes_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = answer("busy", "503 Service Unavailable", "text/plain", more="Retry-After: 1\r\n")
    start = time.monotonic()
    with answering(busy, b"", GOOD) as address, Remote(address) as there:
        assert there.manifest()["hash"] == "h"
        assert there.requests == 3
    assert 1 <= time.monotonic() - start < 6
    with (
        answering(busy) as address,
        Remote(address, deadline=0.5) as there,
        pytest.raises(RemoteFailed, match=r"within 0\.5 seconds \(status 503: busy\)"),
    ):
        there.manifest()
    with (
        answering(answer("no", "400 Bad", "text/plain")) as address,
        Remote(address) as there,
        pytest.raises(RemoteFailed, match="status 400: no"),
    ):
        there.manifest()
        assert there.requests == 1


def test_stores_of_other_kinds() -> None:
    nothing = answer('{"head": {"vars": ["text"]}, "results": {"bindings": []}}')
    for given, reason in (
        (nothing, "nothing is published"),
        (answer(state(layout=99, version="7.0")), r"another version of the program \(7\.0\)"),
        (answer(state(pending="x")), "between two builds"),
        (GOOD.replace(b"layout", b"lay-ou"), "is broken"),
    ):
        with answering(given) as address, Remote(address) as there, pytest.raises(store.NoStore, match=reason):
            store.open_disk(there)


def test_a_default_graph_that_is_not_the_union() -> None:
    document = json.loads(state())
    del document["results"]["bindings"][0]["seen"]
    no = answer('{"head": {}, "boolean": false}')
    with (
        answering(answer(json.dumps(document)), no) as address,
        Remote(address) as there,
        pytest.raises(RemoteFailed, match="not the union"),
    ):
        there.query("ASK {}", "json")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("ftp://example.org/sparql", "not an address"),
        ("https://", "not an address"),
        ("http://[::1/sparql", "not an address"),
        ("http://host:99999/sparql", "not an address"),
        ("https://example.org/sparql?x=1", "not an address"),
        ("https://user:secret@example.org/sparql", "no name and password in an address"),
    ],
)
def test_addresses_that_are_none(address: str, reason: str, solidarity: object) -> None:
    assert callable(solidarity)
    status, _, error = solidarity("query", "ASK {}", "--store", address)
    assert status == 2 and reason in error and "secret" not in error


def test_the_address_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from solidarity_spectrum import cli

    with answering(GOOD) as address:
        monkeypatch.setenv("SOLIDARITY_STORE", address)
        assert cli.main(["stats"]) == 0


def test_verbs_that_need_a_folder(solidarity: object) -> None:
    assert callable(solidarity)
    for arguments in (("export",), ("serve",)):
        status, _, error = solidarity(*arguments, "--store", "http://127.0.0.1:9/sparql")
        assert status == 2 and "a store in a folder" in error
    status, _, error = solidarity("validate", "x.yaml", "--format", "html", "--store", "http://127.0.0.1:9/sparql")
    assert status == 2 and "a store in a folder" in error


def test_other_addresses_for_writing() -> None:
    with Remote("http://example.org/endpoint") as there:
        there._query = there.address
        with pytest.raises(RemoteFailed, match="--update-url and --graph-store-url"):
            there._addresses()
    with Remote("http://example.org/endpoint", "http://example.org/u", "http://example.org/g") as there:
        assert there._addresses() == ("http://example.org/u", "http://example.org/g")


BOOKS = """@book{one, title = {On Solidarity}, author = {Doe, Jane}, year = {2019}, publisher = {Press}}
@article{two, title = {Rafts}, author = {Doe, Jane}, year = {2020}, journal = {Seas}, doi = {10.1234/rafts}}
"""


def small_data(folder: Path) -> Path:
    """A folder of records with who records, and one other."""
    (folder / "actors").mkdir(parents=True)
    file = (ROOT / "data" / "actors" / "scholars.yaml").read_text("utf-8")
    head, _, rest = file.partition("- id: solidarity-spectrum-project")
    text = "- id: solidarity-spectrum-project" + rest.partition("\n- id:")[0]
    (folder / "actors" / "all.yaml").write_text(head + text + "\n", "utf-8")
    return folder


@pytest.mark.parametrize("name", EACH)
def test_a_source_is_loaded_into_a_server(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As into a folder; nothing is sent of what is refused, and what is interrupted is completed."""
    from solidarity_spectrum import build, cli

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(remote, "ATTEMPTS", 2)
    monkeypatch.setattr(remote, "BATCH", 1)
    folder, source = tmp_path / "here", tmp_path / "books.bib"
    assert not build.build(small_data(tmp_path / "data"), folder).refused
    server = SERVERS[name](tmp_path)
    load = ("load", "bibliography", str(source), "--recorded", "2026-11-22", "--into-store", "--store")

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(arguments)
        output = capfd.readouterr()
        return status, output.out, output.err

    try:
        status, _, error = run(*load, server.address)
        assert status == 2 and "nothing is published" in error
        with Remote(server.address) as there:
            there.publish(folder)
            before = there.manifest()
        for wrong, code, reason in ((BOOKS.replace("2020", "soon"), 2, "soon"), (BOOKS, 1, "nobody")):
            source.write_text(wrong, "utf-8")
            status, _, error = run(*load, server.address, "--recorded-by", "nobody")
            assert status == code and reason in error
            with Remote(server.address) as there:
                assert there.manifest() == before and lines_of(there.memory()) == lines_of(store.load_memory(folder))
        status, _, error = run(*load, str(folder))
        assert status == 0, error
        tell = cli._progress

        def kill(text: str) -> None:
            if re.match(r"\d+ of \d+ graphs$", text):
                server.kill()
            tell(text)

        with monkeypatch.context() as patch:
            patch.setattr(cli, "_progress", kill)
            status, _, error = run(*load, server.address)
        assert status == 2 and server.address[:20] in error.splitlines()[-1]
        server.start()
        with Remote(server.address) as reader, pytest.raises(store.NoStore, match="between two builds"):
            store.open_disk(reader)
        status, out, error = run(*load, server.address)
        assert status == 0 and "completing what was interrupted" in error and "Work 2" in out, error
        with Remote(server.address) as there:
            assert there.manifest() == store.manifest(folder)
            assert lines_of(there.memory()) == lines_of(store.load_memory(folder))
    finally:
        server.stop()


@pytest.mark.slow
def test_a_build_is_published_by_the_command(tmp_path: Path, solidarity: object) -> None:
    """A small one, from records to the server, twice; and one that is refused, which changes nothing there."""
    assert callable(solidarity)
    server = oxigraph(tmp_path)
    data = tmp_path / "records"
    (data / "actors").mkdir(parents=True)
    text = (
        contributions()["example0.yaml"].decode().partition("- id: statement-")[0].replace("  country: hungary\n", "")
    )
    who = (
        (ROOT / "data" / "actors" / "scholars.yaml")
        .read_text("utf-8")
        .partition("- id: solidarity-spectrum-project")[2]
    )
    text += "- id: solidarity-spectrum-project" + who.partition("\n- id:")[0] + "\n"
    file = data / "actors" / "all.yaml"
    file.write_text(text, "utf-8")
    try:
        command = ("build", "--data", str(data), "--store", server.address)
        status, _, error = solidarity(*command)
        assert status == 0, error
        status, out, _ = solidarity("explain", "example-village-alliance", "--store", server.address)
        assert status == 0 and "Example Village Alliance" in out
        status, _, error = solidarity(*command)
        assert status == 0 and "holds this build" in error
        file.write_text(text.replace("type: Organisation", "type: Organization"), "utf-8")
        assert solidarity(*command)[0] in (1, 2)
        assert solidarity("explain", "example-village-alliance", "--store", server.address)[0] == 0
    finally:
        server.stop()

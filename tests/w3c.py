"""What the tests of the W3C suites share: where the suites are, a server of our own, manifests, comparison, reports."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import IdentifiedNode, Node

from tests.conftest import ROOT

SUITES = Path(os.environ.get("SUITES") or ROOT.parent / "shared" / "suites")
FOLDER = SUITES / "rdf-tests" / "sparql" / "sparql11"
ADDRESS = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
TOKEN = "a-token-for-tests-only"

CNT = Namespace("http://www.w3.org/2011/content#")
HT = Namespace("http://www.w3.org/2011/http#")
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")

# In continuous integration a suite that is missing is a failure: the tests of what is there then fail.
needs_suites = [
    pytest.mark.conformance,
    pytest.mark.skipif(
        not FOLDER.is_dir() and os.environ.get("CI") != "true",
        reason=f"no suites at {SUITES}: set SUITES to a folder that holds them",
    ),
]


def manifest(name: str) -> Graph:
    """A manifest by its path in the folder of the suites; empty where there are no suites."""
    file = FOLDER / name
    return Graph().parse(file, publicID=ADDRESS + name) if file.is_file() else Graph()


def entries(suite: Graph) -> list[str]:
    """The tests of a manifest, in its order."""
    return [str(test) for head in suite.objects(None, MF.entries) for test in suite.items(head)]


def listed(suite: Graph, subject: Node, predicate: URIRef) -> list[Node]:
    """The members of the list that a property leads to; none if it leads nowhere."""
    head = suite.value(subject, predicate)
    return list(Collection(suite, head)) if isinstance(head, IdentifiedNode) else []


def the(suite: Graph, subject: Node, predicate: URIRef) -> str:
    """The one value of a property."""
    return str(suite.value(subject, predicate, any=False))


def path_of(iri: str) -> Path:
    """The file of the suites that an IRI of a manifest means."""
    return FOLDER / iri.removeprefix(ADDRESS)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    media_type: str
    body: bytes
    location: str


class Endpoint:
    """The served application over a store of its own, and one connection to each request."""

    def __init__(self, folder: Path, quads: Mapping[str, Path], *options: str) -> None:
        store = folder / "store"
        store.mkdir()
        lines = set()
        for name, file in quads.items():
            for quad in ox.parse(path=str(file), format=ox.RdfFormat.N_TRIPLES):
                lines.add(f"{ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(name))} .\n")
        (store / "dump.nq").write_text("".join(sorted(lines)), "utf-8")
        (store / "manifest.json").write_text(json.dumps({"hash": "suites"}), "utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "solidarity_spectrum.service", str(store), "--port", str(self.port)]
        self._server = subprocess.Popen(
            [*command, "--quick-workers", "1", *options],
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SOLIDARITY_TOKEN": TOKEN},
        )
        end = time.monotonic() + 15
        while True:
            assert self._server.poll() is None and time.monotonic() < end, "the server is not up"
            try:
                if self.send("GET", "/ready").status == 200:
                    return
            except OSError:
                time.sleep(0.05)

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            location = response.headers.get("location", "")
            return Answer(response.status, response.headers.get_content_type(), response.read(), location)
        finally:
            connection.close()

    def write(self, method: str, path: str, content_type: str = "", body: bytes | None = None) -> Answer:
        """Send as one who may write."""
        headers = {"Authorization": f"Bearer {TOKEN}"} | ({"Content-Type": content_type} if content_type else {})
        return self.send(method, path, headers, body)

    def holdings(self) -> ox.Dataset:
        """All that the store holds."""
        answer = self.send("GET", "/store", {"Accept": "application/n-quads"})
        assert answer.status == 200
        return canonical(ox.parse(answer.body, format=ox.RdfFormat.N_QUADS))

    def close(self) -> None:
        self._server.terminate()
        self._server.wait(20)


def canonical(quads: Iterator[ox.Quad] | list[ox.Quad]) -> ox.Dataset:
    """The quads with blank nodes named by what is said of them, and literals as a store holds them."""
    store = ox.Store()
    store.extend(quads)
    dataset = ox.Dataset(store)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def write_earl(name: str, outcomes: dict[str, str], reasons: Mapping[str, str]) -> None:
    """Write an EARL report (https://www.w3.org/TR/EARL10-Schema/) in Turtle, the same for the same outcomes."""
    parts = [
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
        "@prefix earl: <http://www.w3.org/ns/earl#> .\n\n"
        '_:service a earl:Software , earl:TestSubject ; dcterms:title "solidarity-spectrum"@en .\n'
        f'_:tests a earl:Software , earl:Assertor ; dcterms:title "tests/test_{name.partition("-")[0]}.py"@en .\n'
    ]
    for test, outcome in outcomes.items():
        why = f" ; dcterms:description {json.dumps(reasons[test])}@en" if test in reasons else ""
        parts.append(
            f"\n[] a earl:Assertion ; earl:assertedBy _:tests ; earl:subject _:service ; earl:mode earl:automatic ;\n"
            f"  earl:test <{test}> ;\n"
            f"  earl:result [ a earl:TestResult ; earl:outcome earl:{outcome}{why} ] .\n"
        )
    file = ROOT / "build" / f"earl-{name}.ttl"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(parts), "utf-8")

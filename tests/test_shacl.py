"""The W3C suite of SHACL (core and SPARQL), through our own judging and both engines: `make conformance`.

Each test gives a data graph, shapes, and the report that they must give; a failure is an error that says so. What is
compared of a result is what ours hold: focus node, path, value, severity, component and shape. What came of every test
goes into `build/earl-shacl-ENGINE.ttl`.
"""

import os
from collections.abc import Iterator
from functools import cache

import pyoxigraph as ox
import pytest

from solidarity_spectrum.validation.shapes import Engine, judge
from tests.w3c import SUITES, write_earl

FOLDER = SUITES / "data-shapes" / "data-shapes-test-suite" / "tests"
ADDRESS = "https://w3c.github.io/data-shapes/data-shapes-test-suite/tests/"
ENGINES: tuple[Engine, ...] = ("fast", "reference")

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(
        not FOLDER.is_dir() and os.environ.get("CI") != "true",
        reason=f"no suites at {SUITES}: set SUITES to a folder that holds them",
    ),
    # pySHACL tells so of parameters that the suite puts at a node shape to see them ignored.
    pytest.mark.filterwarnings("ignore::pyshacl.errors.ConstraintLoadWarning"),
]

ONE_FOR_TRUE = "the engine takes 1 for true, as RDF does and the suite does not"
EXPECTED: dict[tuple[Engine, str], str] = {
    (engine, ADDRESS + name): reason
    for engine, name, reason in (
        ("fast", "core/property/uniqueLang-002", ONE_FOR_TRUE),
        ("reference", "core/property/uniqueLang-002", ONE_FOR_TRUE),
        ("reference", "sparql/node/prefixes-001", "the engine finds no prefixes behind owl:imports"),
        ("reference", "sparql/pre-binding/shapesGraph-001", "the engine does not offer $shapesGraph"),
    )
}
"""Tests that must fail, by engine and IRI, and why. One that passes all the same fails the run."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_SHT = "http://www.w3.org/ns/shacl-test#"
_SH = "http://www.w3.org/ns/shacl#"
Said = dict[object, dict[str, list[object]]]


@cache
def triples_of(iri: str) -> list[ox.Triple]:
    """The triples of a file of the suite; the same blank nodes whenever it is asked for."""
    data = (FOLDER / iri.removeprefix(ADDRESS)).read_bytes()
    return [quad.triple for quad in ox.parse(data, format=ox.RdfFormat.TURTLE, base_iri=iri)]


def said_in(iri: str) -> Said:
    """What a file of the suite says, by subject and property."""
    said: Said = {}
    for triple in triples_of(iri):
        said.setdefault(triple.subject, {}).setdefault(triple.predicate.value, []).append(triple.object)
    return said


def _suite() -> dict[str, Said]:
    """Every test by its IRI, and what its file says."""
    found = {}
    for file in sorted(FOLDER.rglob("*.ttl")):
        said = said_in(ADDRESS + str(file.relative_to(FOLDER)))
        for subject, properties in said.items():
            if ox.NamedNode(_SHT + "Validate") in properties.get(_RDF + "type", ()):
                assert isinstance(subject, ox.NamedNode)
                found[subject.value] = said
    return found


SUITE = _suite()


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[Engine, dict[str, str]]]:
    found = {engine: dict.fromkeys(SUITE, "untested") for engine in ENGINES}
    yield found
    for engine in ENGINES:
        reasons = {test: reason for (which, test), reason in EXPECTED.items() if which == engine}
        write_earl(f"shacl-{engine}", found[engine], reasons)


def text(said: dict[str, list[object]], name: str) -> str:
    """The one value of a property of SHACL, as our results hold it."""
    values = said.get(_SH + name, [])
    assert len(values) < 2
    return "" if not values or isinstance(values[0], ox.BlankNode) else str(values[0].value)  # type: ignore[attr-defined]


def local(iri: str) -> str:
    return iri.rpartition("#")[2]


def cases() -> list[object]:
    return [
        pytest.param(
            engine,
            test,
            id=f"{engine}-{test.removeprefix(ADDRESS)}",
            marks=[pytest.mark.xfail(reason=EXPECTED[engine, test])] if (engine, test) in EXPECTED else [],
        )
        for test in SUITE
        for engine in ENGINES
    ]


def test_the_suite_is_there() -> None:
    assert len(SUITE) == 121
    assert {test for _, test in EXPECTED} <= set(SUITE)


@pytest.mark.parametrize(("engine", "test"), cases())
def test_validation(engine: Engine, test: str, outcomes: dict[Engine, dict[str, str]]) -> None:
    outcomes[engine][test] = "failed"
    said = SUITE[test]
    about = said[ox.NamedNode(test)]
    (action,), (expected,) = about[_MF + "action"], about[_MF + "result"]
    data, shapes = (triples_of(said[action][_SHT + name][0].value) for name in ("dataGraph", "shapesGraph"))  # type: ignore[attr-defined]
    shapes_text = ox.serialize(shapes, format=ox.RdfFormat.N_TRIPLES)
    if expected == ox.NamedNode(_SHT + "Failure"):
        with pytest.raises(ValueError):
            judge(data, engine, shapes_text)
    else:
        results = [said[result] for result in said[expected].get(_SH + "result", ())]
        names = ("focusNode", "resultPath", "value", "resultSeverity", "sourceConstraintComponent", "sourceShape")
        due = {tuple(text(result, name) for name in names) for result in results}
        given = {(r.focus, r.path, r.value, r.severity, r.component, r.rule) for r in judge(data, engine, shapes_text)}
        assert {
            (*terms, local(severity).lower(), local(by), local(shape)) for *terms, severity, by, shape in due
        } == given
    outcomes[engine][test] = "passed"

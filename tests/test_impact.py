"""A contribution is judged by what it touches, and that says the same as judging the whole graph."""

import copy
import random
import re
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import event, given, settings
from hypothesis import strategies as st
from rdflib.paths import MulPath, SequencePath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from solidarity_spectrum import build, patterns, reasoning, store
from solidarity_spectrum.records import Record, compile_records, context, graph_iri, read_records
from solidarity_spectrum.resources import BASE, DATA, ONTOLOGY
from solidarity_spectrum.validation import impact
from solidarity_spectrum.validation.contribution import _record
from solidarity_spectrum.validation.footprint import Footprint, footprint
from solidarity_spectrum.validation.shapes import finding
from solidarity_spectrum.view import View
from solidarity_spectrum.vocabulary import SOL, vocabulary
from tests.bench import CONTRIBUTION
from tests.grow import grow

PIECES = (
    "actors/hungary",
    "statements/hungary",
    "connections/hungary-classification",
    "laws/greece",
    "cases/greece",
    "connections/greece",
)
"""Enough for every kind of record and of conclusion; much that they refer to is not there, so much is wrong."""
PER_TYPE = 20
"""So many records of each type, and of the concepts of solidarity, are plenty: judging the whole again takes time."""
KEYS = ("subject", "object", "relation", "speaker", "inCase", "partOf", "court", "broader", "expresses", "offices")
DATES = ("date", "startDate", "endDate", "adopted", "inForce", "asOf", "lodged")


def read(name: str) -> list[Record]:
    file = DATA / f"{name}.yaml"
    return list(read_records(file.read_bytes(), str(file)))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A small store, with what is wrong in it, and its records: no texts about terms, nor what describes the graph."""
    of_type: dict[str, list[Record]] = {}
    for name in (*PIECES, "concepts/solidarity"):
        for record in read(name):
            of_type.setdefault(str(record.data["type"]), []).append(record)
    records = [record for some in of_type.values() for record in some[:PER_TYPE]]
    folder = tmp_path_factory.mktemp("small") / "store"
    store_of(records, folder)
    return folder, [record.data for record in records]


def store_of(records: list[Record], folder: Path) -> None:
    """Write such a store."""
    built = build.assemble(records)
    for name in ("shapes", "questions", "void", "quality"):
        built.graph.remove_graph(ox.NamedNode(f"{BASE}graph/{name}"))
    for quad in built.graph.quads_for_pattern(None, None, None, ox.NamedNode(BASE + "graph/ontology")):
        if not isinstance(quad.subject, ox.NamedNode) or not isinstance(quad.object, ox.NamedNode):
            built.graph.remove(quad)
    results = impact.judge({quad.triple for quad in built.graph})
    report = [asdict(finding(result, [])) for result in results]
    manifest = {"hash": "0" * 16, **built.counts, "quads": len(built.graph)}
    store.write(folder, store.sorted_lines(built.graph), [], manifest, report, "")


def compiled(data: list[dict[str, Any]]) -> tuple[set[ox.Quad], set[str]]:
    """The quads of records, and the IRIs of their graphs."""
    done = compile_records((Record(copy.deepcopy(each), "f") for each in data), vocabulary().documented_relations())
    graphs = {graph_iri(str(each["id"])) for each in data}
    return set(done.accepted), {iri for iri in graphs if iri in done.nodes}


def changed(records: list[dict[str, Any]], chance: random.Random) -> tuple[list[dict[str, Any]], list[str], str]:
    """One change to some records: records as they would be, ids of those taken away, and what kind of change it is."""
    one, other = copy.deepcopy(chance.choice(records)), chance.choice(records)
    kind = chance.choice(("drop", "retype", "refer", "dangle", "redate", "copy", "remove", "swap", "claim", "plain"))
    present = [key for key in (*KEYS, *DATES) if key in one]
    if kind == "drop":
        one.pop(chance.choice([key for key in one if key != "id"]))
    elif kind == "retype":
        one["type"] = chance.choice(["Person", "Organisation", "LegalInstrument", "Case", "Statement", other["type"]])
    elif kind in ("refer", "dangle"):
        key = chance.choice([key for key in KEYS if key in one] or list(KEYS))
        one[key] = str(other["id"]) if kind == "refer" else "nobody-recorded-this"
    elif kind == "redate":
        for key in [key for key in DATES if key in one] or [chance.choice(DATES)]:
            one[key] = chance.choice(["1999", "2018-05", "2018-06-20", "2031-01-01", "2016/2019"])
    elif kind == "copy":
        one["id"] = f"{one['id']}-again"
    elif kind == "remove":
        return [], [str(one["id"])], kind
    elif kind == "swap":  # one thing takes the place of another
        one["id"] = other["id"]
    elif kind == "claim" and present:
        one.pop(chance.choice(present))
    return [one], [], kind


def random_triples(graph: ox.Store, records: list[dict[str, Any]], chance: random.Random) -> set[ox.Quad]:
    """Statements such as stand in the graph, but about other things."""
    quads = set()
    for _ in range(chance.randint(1, 4)):
        about, like = (f"{BASE}id/{chance.choice(records)['id']}" for _ in range(2))
        known = list(graph.quads_for_pattern(ox.NamedNode(like.replace("concept:", "")), None, None, None))
        if known:
            quad = chance.choice(sorted(known, key=str))
            quads.add(
                ox.Quad(ox.NamedNode(about.replace("concept:", "")), quad.predicate, quad.object, impact.CONTRIBUTION)
            )
    return quads


def named(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """Those without blank nodes, whose names change whenever they are read."""
    return {triple for triple in triples if not any(isinstance(term, ox.BlankNode) for term in triple)}


def compare(folder: Path, records: list[dict[str, Any]], chance: random.Random) -> None:
    """Judge a random change both ways: the conclusions and the results must be the same."""
    base = store.open_disk(folder)
    written: list[dict[str, Any]] = []
    removed: list[str] = []
    quads: set[ox.Quad] = set()
    for _ in range(chance.randint(1, 3)):
        if chance.random() < 0.25:
            quads |= random_triples(base, records, chance)
            event("triples")
            continue
        more, taken, kind = changed(records, chance)
        written += [each for each in more if each["id"] not in {one["id"] for one in written}]
        removed += taken
        event(kind)
    new, graphs = compiled(written)
    quads |= new
    gone = set().union(*(_record(base, iri) for iri in graphs | {graph_iri(each) for each in removed}))
    change = impact.Change(base, gone, quads)
    assert not change.of_schema
    touched = {quad.subject for quad in quads}

    after = named(quad.triple for quad in impact.carried_out(change, folder))
    held = named(change.view.triples(None, None, None))
    assert after == held, f"missing {sorted(map(str, after - held))[:4]}, too much {sorted(map(str, held - after))[:4]}"
    before = View(base)
    assert all(triple in after and not before.holds(triple) for triple in change.came)
    assert all(triple not in after and before.holds(triple) for triple in change.went)

    results = impact.judge_touched(change, touched)
    assert results == impact.judge_whole(change, touched, folder)
    event("clean" if not results else "results")
    event("elsewhere" if {r.focus for r in results} - {n.value for n in touched} else "at home")


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32))
def test_what_is_touched_says_the_same_as_the_whole(small: tuple[Path, list[dict[str, Any]]], seed: int) -> None:
    compare(*small, random.Random(seed))


@pytest.mark.slow
@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_and_so_it_does_for_many_more(small: tuple[Path, list[dict[str, Any]]], seed: int) -> None:
    compare(*small, random.Random(seed))


@pytest.mark.slow
@settings(max_examples=2)
@given(seed=st.integers(0, 2**32))
def test_and_so_it_does_on_the_shipped_graph(store_folder: Path, shipped: list[dict[str, Any]], seed: int) -> None:
    compare(store_folder, shipped, random.Random(seed))


@pytest.fixture(scope="session")
def shipped() -> list[dict[str, Any]]:
    return [record.data for record in build.read_data(DATA)]


def test_on_two_engines(small: tuple[Path, list[dict[str, Any]]]) -> None:
    """What pySHACL says of the slice, the fast engine says too."""
    folder, records = small
    base = store.open_disk(folder)
    for seed in range(3):
        written, _, _ = changed(records, random.Random(seed))
        quads, graphs = compiled(written)
        change = impact.Change(base, set().union(*(_record(base, iri) for iri in graphs)), quads)
        touched = {quad.subject for quad in quads}
        assert impact.judge_touched(change, touched, "reference") == impact.judge_touched(change, touched)


@pytest.mark.slow
@pytest.mark.parametrize("quads", [25_000])
def test_both_engines_report_the_same_of_a_grown_graph(
    small: tuple[Path, list[dict[str, Any]]], tmp_path: Path, quads: int
) -> None:
    grow(small[0], tmp_path / "store", quads)
    triples = {quad.triple for quad in store.load_memory(tmp_path / "store")}
    results = impact.judge(triples)
    assert len(results) > 100 and results == impact.judge(triples, "reference")


def test_changes_of_the_ontology_are_judged_on_the_whole(small: tuple[Path, list[dict[str, Any]]]) -> None:
    """A class below another one may change what is said of any thing."""
    base = store.open_disk(small[0])
    subclass = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
    quad = ox.Quad(ox.NamedNode(SOL + "Statement"), subclass, ox.NamedNode(SOL + "Case"), impact.CONTRIBUTION)
    change = impact.Change(base, set(), [quad])
    assert change.of_schema
    results = impact.judge_whole(change, {quad.subject}, small[0])
    assert len({result.focus for result in results if result.rule.startswith("Case-")}) > 5


def test_a_contribution_reads_little_of_a_big_graph(small: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """As many triples are looked at in a graph four times as big: those that other records hold play no part."""
    text = CONTRIBUTION.replace("viktor-orban", "judit-varga").encode()
    grown = tmp_path / "store"
    grow(small[0], grown, 50_000)
    sizes = []
    for folder in (small[0], grown):
        done = compile_records(read_records(text, "f"), vocabulary().documented_relations())
        change = impact.Change(store.open_disk(folder), set(), done.accepted)
        touched = {quad.subject for quad in done.accepted}
        sizes.append(len(footprint().slice(change.view, touched)) + len(change.came))
        assert not impact.judge_touched(change, touched) ^ impact.judge_whole(change, touched, folder)
    assert sizes[0] == sizes[1]


def test_the_patterns_of_a_rule_are_read_as_sparql_means_them() -> None:
    """Every triple pattern that rdflib's parser finds in a rule, this reader finds too, and no more."""
    for file in sorted((ONTOLOGY / "rules").glob("*.rq")):
        text = file.read_text("utf-8")
        ours = patterns.read(text)
        found: set[tuple[str, ...]] = set()

        def visit(node: Any, found: set[tuple[str, ...]] = found) -> None:
            if isinstance(node, CompValue):
                for triple in node["triples"] if "triples" in node else ():  # noqa: SIM401 (get gives its name)
                    found.update(_shown(triple))
                for value in node.values():
                    visit(value)
            elif isinstance(node, list | tuple):
                for each in node:
                    visit(each)

        algebra = translateQuery(parseQuery(text)).algebra
        visit(algebra.p)
        read = {
            (*map(_name, patterns.slots(pattern)), str(pattern.many))
            for body in ours.bodies
            for pattern in (*body.patterns, *(each for group in body.optional for each in group))
        }
        assert {_blurred(each) for each in read} == {_blurred(each) for each in found}, file.name
        assert len(ours.head) == len(algebra.template)


def _shown(triple: tuple[Any, Any, Any]) -> list[tuple[str, ...]]:
    """A triple pattern of rdflib's as ours are; a sequence of properties as several."""
    subject, path, obj = triple
    if isinstance(path, SequencePath):
        ends = [subject, *(rdflib.BNode() for _ in path.args[1:]), obj]
        return [each for n, step in enumerate(path.args) for each in _shown((ends[n], step, ends[n + 1]))]
    many = isinstance(path, MulPath)
    assert not many or path.mod == "+"
    return [(str(subject), str(path.path if many else path), str(obj), str(many))]


def _name(slot: Any) -> str:
    return slot if isinstance(slot, str) else str(slot.value)


def _blurred(pattern: tuple[str, ...]) -> tuple[str, ...]:
    """The variables inside a path have other names here and there."""
    return tuple("" if re.fullmatch(r" \d+|N[0-9a-f]{32}", each) else each for each in pattern)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?a <urn:p>* ?b }",
        "SELECT * { ?a <urn:p>|<urn:q> ?b }",
        "SELECT * { ?a ^<urn:p> ?b }",
        "SELECT * { FILTER NOT EXISTS { ?a <urn:p> ?b } }",
        "SELECT * { ?a <urn:p> ?b MINUS { ?a <urn:q> ?b } }",
        "SELECT * { OPTIONAL { { ?a <urn:p> ?b } UNION { ?a <urn:q> ?b } } }",
        "SELECT * { ?a <urn:p> 'x' }",
        "SELECT * { ?a <urn:p> ",
        "ASK { ?a <urn:p> ?b }",
    ],
)
def test_a_query_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        patterns.read(text)


@pytest.mark.parametrize(
    "shape",
    [
        "sh:property [ sh:path ex:p ; ex:other true ; sh:closed true ]",
        "sh:property [ sh:path ex:p ; sh:node ex:S ]",
        "sh:property [ sh:path [ sh:zeroOrMorePath ( ex:p ex:q ) ] ; sh:minCount 1 ]",
        "sh:sparql [ sh:select 'SELECT $this { ?other <urn:p> ?value }' ]",
        "sh:targetNode ex:x",
    ],
)
def test_a_shape_whose_reach_is_not_known_is_refused(shape: str) -> None:
    with pytest.raises(ValueError):
        reach_of(f"ex:S a sh:NodeShape ; sh:targetClass ex:C ; {shape} .")


def reach_of(turtle: str) -> Footprint:
    shapes = ox.Store()
    prefixes = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <urn:> ."
    graph = ox.NamedNode("urn:shapes")
    for quad in ox.parse(f"{prefixes} {turtle}", format=ox.RdfFormat.TURTLE):
        shapes.add(ox.Quad(quad.subject, quad.predicate, quad.object, graph))
    return Footprint(shapes, graph)


@pytest.mark.parametrize(
    ("shape", "triple", "affected"),
    [
        ("sh:property [ sh:path ex:p ; sh:minCount 1 ]", "a p b", "a"),
        ("sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:maxCount 1 ]", "b p a", "a"),
        ("sh:property [ sh:path ( ex:r ex:p ) ; sh:hasValue ex:x ]", "b p x", "a"),
        ("sh:property [ sh:path ( [ sh:inversePath ex:back ] ex:p ) ; sh:hasValue ex:x ]", "d p x", "a"),
        ("sh:property [ sh:path [ sh:alternativePath ( ex:p ex:r ) ] ; sh:minCount 1 ]", "a p x", "a"),
        ("sh:property [ sh:path [ sh:zeroOrMorePath ex:r ] ; sh:hasValue ex:x ]", "c r x", "a"),
        ("sh:property [ sh:path ex:r ; sh:class ex:K ]", "b type K", "a"),
        ("sh:property [ sh:path ex:r ; sh:node [ sh:property [ sh:path ex:r ; sh:class ex:K ] ] ]", "c type K", "a"),
        ("sh:not [ sh:property [ sh:path ex:p ; sh:minCount 1 ] ]", "a p x", "a"),
        ("sh:or ( [ sh:property [ sh:path ex:p ; sh:minCount 1 ] ] )", "a p x", "a"),
        ("sh:property [ sh:path ex:r ; sh:qualifiedValueShape [ sh:class ex:K ] ; sh:qualifiedMinCount 1 ]",
         "b type K", "a"),
        ("sh:property [ sh:path ex:q ; sh:lessThan ex:p ]", "a p x", "a"),
        ("sh:sparql [ sh:select 'SELECT $this { $this <urn:r> ?b . ?b <urn:p> ?value }' ]", "b p x", "a"),
        ("sh:property [ sh:path ex:p ; sh:minCount 1 ]", "a unrelated x", ""),
        ("sh:property [ sh:path ex:p ; sh:minCount 1 ]", "e p x", ""),
    ],
)  # fmt: skip
def test_what_a_triple_can_put_right_or_wrong(shape: str, triple: str, affected: str) -> None:
    """In a graph a -r-> b -r-> c, d -back-> a, of which a alone is of the class that the shape is about."""
    type_ = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

    def quad(text: str) -> ox.Quad:
        s, p, o = text.split()
        predicate = ox.NamedNode(type_ if p == "type" else f"urn:{p}")
        return ox.Quad(ox.NamedNode(f"urn:{s}"), predicate, ox.NamedNode(f"urn:{o}"))

    graph = ox.Store()
    graph.extend(map(quad, ("a type C", "a r b", "b r c", "d back a", triple)))
    reach = reach_of(f"ex:S a sh:NodeShape ; sh:targetClass ex:C ; {shape} .")
    found = reach.affected(View(graph), [quad(triple).triple])
    assert {node.value.removeprefix("urn:") for node in found} == set(affected.split())
    if affected:
        assert quad(triple).triple in reach.slice(View(graph), found)


def _statements() -> list[ox.Triple]:
    """All that can be said of a few things in terms that the rules conclude something from."""
    things = [ox.NamedNode(f"urn:{name}") for name in "abcd"]
    term = context().expand
    days = [
        ox.Literal(day, datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#date"))
        for day in ("2017-01-01", "2018-01-01", "2019-01-01")
    ]
    kinds = ("Statement", "Office", "Connection", "Case", "LegalInstrument", "SolidarityPractice", "Provision")
    links = ("speaker", "expresses", "subject", "object", "challengedIn", "criminalises")
    pairs = [SOL + each for each in links] + [term(each) for each in ("org:hasMembership", "skos:broader")]
    said = [ox.Triple(a, patterns.RDF_TYPE, ox.NamedNode(SOL + kind)) for a in things for kind in kinds]
    said += [ox.Triple(a, ox.NamedNode(each), b) for a in things for b in things for each in pairs]
    said += [
        ox.Triple(a, ox.NamedNode(SOL + each), day) for a in things for each in ("earliest", "latest") for day in days
    ]
    relations = ("motivates", "expresses", "annuls")
    said += [
        ox.Triple(a, ox.NamedNode(SOL + "relation"), ox.NamedNode(SOL + each)) for a in things for each in relations
    ]
    return said


@cache
def _schema() -> list[ox.Quad]:
    """What the ontology says of its terms to the rules."""
    return [q for q in vocabulary().store if reasoning.is_schema(q.triple) and named([q.triple])]


@settings(max_examples=150)
@given(chance=st.randoms(use_true_random=False))
def test_what_follows_after_a_change_is_what_follows_from_the_rest(chance: random.Random) -> None:
    """Conclusions that lose one reason and keep another, go in a ring, or hang on what is not said."""
    said = _statements()
    before = set(chance.sample(said, chance.randint(3, 40)))
    went = {triple for triple in before if chance.random() < 0.2}
    after = (before - went) | set(chance.sample(said, chance.randint(0, 4)))

    def concluded(triples: set[ox.Triple]) -> ox.Store:
        graph = ox.Store()
        graph.extend(_schema())
        graph.extend(ox.Quad(t.subject, t.predicate, t.object, impact.CONTRIBUTION) for t in triples)
        reasoning.materialise(graph)
        return graph

    base = concluded(before)
    gone = {ox.Quad(t.subject, t.predicate, t.object, impact.CONTRIBUTION) for t in went - after}
    new = [ox.Quad(t.subject, t.predicate, t.object, impact.CONTRIBUTION) for t in after - before]
    change = impact.Change(base, gone, new)
    held = named(change.view.triples(None, None, None))
    assert held == named(quad.triple for quad in concluded(after))
    assert held == (named(quad.triple for quad in base) | change.came) - change.went

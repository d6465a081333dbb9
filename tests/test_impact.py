"""A contribution is judged by what it touches, and that says the same as judging the whole graph."""

import copy
import json
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from solidarity_spectrum import build, reasoning, store
from solidarity_spectrum.records import Record, compile_records, graph_iri, read_records
from solidarity_spectrum.resources import BASE, DATA
from solidarity_spectrum.validation import impact
from solidarity_spectrum.validation.contribution import _record
from solidarity_spectrum.validation.shapes import finding
from solidarity_spectrum.view import View
from solidarity_spectrum.vocabulary import vocabulary

PIECES = (
    "actors/hungary",
    "statements/hungary",
    "connections/hungary-classification",
    "laws/greece",
    "cases/greece",
    "connections/greece",
)
"""Enough for every kind of record and of conclusion; much that they refer to is not there, so much is wrong."""
CONCEPTS = 60
KEYS = ("subject", "object", "relation", "speaker", "inCase", "partOf", "court", "broader", "expresses", "offices")
DATES = ("date", "startDate", "endDate", "adopted", "inForce", "asOf", "lodged")


def read(name: str) -> list[Record]:
    file = DATA / f"{name}.yaml"
    return list(read_records(file.read_bytes(), str(file)))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A small store, with what is wrong in it, and its records."""
    records = [record for name in PIECES for record in read(name)] + read("concepts/solidarity")[:CONCEPTS]
    built = build.assemble(records)
    results = impact.judge({quad.triple for quad in built.graph})
    report = [asdict(finding(result, [])) for result in results]
    folder = tmp_path_factory.mktemp("small") / "store"
    manifest = {"hash": "0" * 16, **built.counts}
    store.write(folder, store.sorted_lines(built.graph), [], manifest, report, "")
    return folder, [record.data for record in records]


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
        known = [q for q in graph.quads_for_pattern(ox.NamedNode(like.replace("concept:", "")), None, None, None)]
        if known:
            quad = chance.choice(sorted(known, key=str))
            quads.add(ox.Quad(ox.NamedNode(about.replace("concept:", "")), quad.predicate, quad.object, impact.CONTRIBUTION))
    return quads


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

    after = {quad.triple for quad in impact.carried_out(change, folder)}
    held = set(change.view.triples(None, None, None))
    assert after == held, f"missing {sorted(map(str, after - held))[:4]}, too much {sorted(map(str, held - after))[:4]}"
    before = View(base)
    assert all(triple in after and not before.holds(triple) for triple in change.came)
    assert all(triple not in after and before.holds(triple) for triple in change.went)

    results = impact.slice(change, touched)
    assert results == impact.whole(change, touched, folder)
    event("clean" if not results else "results")
    event("elsewhere" if {r.focus for r in results} - {n.value for n in touched} else "at home")


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_what_is_touched_says_the_same_as_the_whole(small: tuple[Path, list[dict[str, Any]]], seed: int) -> None:
    compare(*small, random.Random(seed))

"""What a contribution would change is what differs between the build before and the build after it."""

import copy
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from solidarity_spectrum import difference, questions, store
from solidarity_spectrum.difference import compute, reads, show
from solidarity_spectrum.difference.compute import Answer, Difference
from solidarity_spectrum.records import Record, yaml
from solidarity_spectrum.validation import impact
from solidarity_spectrum.validation.contribution import examine
from solidarity_spectrum.view import View
from tests.bench import CONTRIBUTION
from tests.test_impact import changed, small, store_of

__all__ = ["small"]


def compare(
    before: tuple[Path, list[dict[str, Any]]], after: Path, chance: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, records = before
    written: dict[str, dict[str, Any]] = {}
    while not written:
        for _ in range(chance.randint(1, 4)):
            more, _, _ = changed(records, chance)
            written |= {str(each["id"]): each for each in more}
    contribution = yaml.dump({"records": list(written.values())}).encode()
    examined = examine([("c.yaml", contribution, "yaml")], folder)
    assert examined.change
    told = difference.of_contribution(examined, folder)
    whole = {str(each["id"]): each for each in records} | written
    store_of([Record(copy.deepcopy(data), "f") for data in whole.values()], after)
    with monkeypatch.context() as patch:
        patch.setattr(compute, "MANY", -1)  # so that every question is asked
        real = difference.of_stores(folder, after)

    assert told.entities == real.entities
    assert [e.keys for e in told.entities] == [e.keys for e in real.entities]
    assert told.follows == real.follows and told.follows_no_more == real.follows_no_more
    assert {compute._identity(f) for f in told.fires} == {compute._identity(f) for f in real.fires}
    assert {compute._identity(f) for f in told.stops} == {compute._identity(f) for f in real.stops}
    # What a build measures of the whole is no part of a contribution's difference.
    assert told.answers == [answer for answer in real.answers if answer.question != "quality"]
    assert not told.left and not real.left and real.unaffected == 0


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(n, marks=pytest.mark.slow) for n in range(3, 9))])
def test_a_contribution_changes_what_building_with_it_changes(
    small: tuple[Path, list[dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    compare(small, tmp_path / "store", random.Random(seed), monkeypatch)


NODES = [ox.NamedNode(f"urn:{name}") for name in "abcd"]
SAID = [
    ox.Quad(s, ox.NamedNode(f"urn:{p}"), o, g)
    for s in NODES
    for p in "pqr"
    for o in (*NODES, ox.Literal("x"))
    for g in NODES[:2]
]
QUERIES = [
    "SELECT ?x { ?x <urn:p> <urn:a> . ?x <urn:q> ?y }",
    "SELECT ?x ?z { ?x <urn:p> ?y OPTIONAL { ?y <urn:q> ?z . ?z <urn:r> <urn:b> } }",
    "SELECT ?x ?z { <urn:a> <urn:p> ?x OPTIONAL { ?x <urn:q> ?z } ?z <urn:r> ?w }",
    "SELECT ?x { <urn:a> <urn:p> ?x FILTER NOT EXISTS { ?x <urn:q> ?y . ?y <urn:r> <urn:c> } }",
    "SELECT ?x { ?x <urn:p> <urn:a> FILTER(?x = <urn:b> || EXISTS { ?x <urn:q> ?x }) }",
    "SELECT ?x { ?x <urn:p> <urn:b> MINUS { ?x <urn:q> <urn:c> } }",
    "SELECT ?x ?y { { ?x <urn:p> <urn:a> } UNION { ?x <urn:q> <urn:b> } ?x <urn:r> ?y }",
    "SELECT ?n { { ?x <urn:p> <urn:a> BIND(?x AS ?n) } UNION { ?n <urn:q> <urn:b> } OPTIONAL { ?n <urn:r> ?y } }",
    'SELECT ?l { ?x <urn:p> <urn:a> OPTIONAL { ?x <urn:q> ?y} BIND(COALESCE(?y, "") AS ?z) OPTIONAL { ?z <urn:r> ?l }}',
    'SELECT ?l { <urn:a> <urn:p> ?y BIND(COALESCE(?y, "") AS ?z) OPTIONAL { ?z <urn:r> ?l }}',
    'SELECT ?l { <urn:a> <urn:p> ?y BIND(COALESCE(?n, "x") AS ?z) OPTIONAL { ?l <urn:r> ?z } }',
    'SELECT ?l { <urn:a> <urn:p> ?y BIND(COALESCE(?n, "") AS ?z) ?l <urn:r> ?z }',
    "SELECT ?x (COUNT(?y) AS ?n) { <urn:a> <urn:p> ?x . ?x <urn:q> ?y } GROUP BY ?x",
    "SELECT ?x ?n { ?x <urn:r> <urn:a> { SELECT ?x (COUNT(?y) AS ?n) { ?x <urn:p> ?y . ?y <urn:q> ?z } GROUP BY ?x } }",
    "SELECT ?x { ?x <urn:r> <urn:a> { SELECT ?x { ?x <urn:p> ?y } GROUP BY ?x HAVING (COUNT(?y) > 1) } }",
    "SELECT ?y { ?y <urn:r> <urn:a> { SELECT ?x { ?x <urn:p> ?y . ?y <urn:q> <urn:b> } } }",
    "SELECT ?x { ?x <urn:p>+ <urn:a> . ?x <urn:q> ?y }",
    "SELECT ?x { <urn:b> <urn:q> ?x . ?x <urn:p>* <urn:a> }",
    "SELECT ?x { ?x <urn:p>?/<urn:q> <urn:a> . ?x <urn:r> ?y }",
    "SELECT ?x { <urn:a> (<urn:p>|^<urn:q>)?/<urn:r> ?x }",
    "SELECT ?x { <urn:a> <urn:p>|<urn:q> ?x . ?x <urn:r> ?y }",
    "SELECT ?x { <urn:a> (<urn:p>/^<urn:q>)|<urn:r> ?x }",
    "SELECT ?x ?y { VALUES ?x { <urn:a> <urn:b> } VALUES (?p ?y) { (<urn:p> <urn:c>) (UNDEF <urn:d>) } ?x ?p ?y }",
    "SELECT ?g { GRAPH ?g { <urn:a> ?p <urn:b> } ?g <urn:q> ?x }",
    'SELECT ?x { ?x <urn:p> "x" , <urn:a> ; <urn:q> <urn:b> ; }',
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_question_that_is_not_reached_answers_the_same(query: str) -> None:
    """On random small graphs; and in some of them a question is not reached, or nothing would be gained."""
    uses = reads.read(query)
    chance = random.Random(query)
    spared = 0
    for _ in range(400):
        before = chance.sample(SAID, chance.randint(0, 14))
        went = [quad for quad in before if chance.random() < 0.1]
        came = [quad for quad in chance.sample(SAID, chance.randint(0, 2)) if quad not in before]
        graphs = []
        for quads in (before, [quad for quad in before if quad not in went] + came):
            graph = ox.Store()
            graph.extend(quads)
            rows = graph.query(query, use_default_graph_as_union=True)
            graphs.append((graph, sorted(map(str, rows))))
        both = View(graphs[0][0], added=graphs[1][0])
        reached = reads.affected(uses, both, [quad.triple for quad in went + came])
        assert reached or graphs[0][1] == graphs[1][1], (before, went, came)
        spared += not reached and bool(went + came)
    assert spared > 20


@pytest.mark.parametrize(
    "query",
    ["SELECT ?x { { SELECT ?x { ?x <urn:p> ?y } LIMIT 1 } }", "SELECT ?x { ?x (<urn:p>/<urn:q>)* ?y }", "SELECT ?x {"],
)
def test_what_is_not_read_is_said(query: str) -> None:
    with pytest.raises(ValueError):
        reads.read(query)


@pytest.mark.parametrize("name", questions.catalogue())
def test_every_question_of_the_catalogue_is_read(name: str) -> None:
    assert reads.read(questions.bind(questions.find(name), {}))


def test_rdf_changes_what_the_graph_with_it_answers(
    small: tuple[Path, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Triples without a record, and a class below another one: as on a graph of which all is asked anew."""
    folder, _ = small
    for data in (
        b"id:viktor-orban rdfs:label 'Another name'@en ; org:memberOf id:fidesz .",
        b"sol:Statement rdfs:subClassOf sol:Case .",
    ):
        prefixes = "".join(
            f"@{line[:-1]} .\n" for line in questions.prefixes().replace("PREFIX", "prefix").splitlines(True)
        )
        examined = examine([("c.ttl", prefixes.encode() + data, "ttl")], folder)
        assert examined.change
        told = difference.of_contribution(examined, folder)
        after = impact.carried_out(examined.change, folder)
        before = store.load_memory(folder)
        real = Difference()
        monkeypatch.setattr(compute, "MANY", -1)
        compute._ask(real, before, set(), set(), lambda: (lambda: before, lambda: after), lambda _: None, 60)  # noqa: B023
        monkeypatch.undo()
        assert told.entities and told.answers == real.answers


def test_what_is_shown(small: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, records = small
    statement = next(each for each in records if each["type"] == "Statement" and each.get("speaker") == "viktor-orban")
    text = yaml.dump({"records": [statement | {"date": "2001-02-03"}]}) + CONTRIBUTION.partition("records:\n")[2]
    examined = examine([("c.yaml", text.encode(), "yaml")], folder)
    told = difference.of_contribution(examined, folder)
    english, hungarian = difference.text(told), difference.text(told, "hu")
    assert "+ statement-bench  Statement  A statement\n" in english
    assert f"      date: {statement['date']} → 2001-02-03\n" in english
    assert "statements-of-speaker" in english and "Megv" not in english
    assert "Megváltozó válaszok" in hungarian and "Answers" not in hungarian
    document = json.loads(difference.as_json(told))
    assert document["differs"]
    answer = next(each for each in document["answers"] if each["question"] == "statements-of-speaker")
    assert {row["statement"] for row in answer["added"]} >= {"statement-bench", statement["id"]}
    tables = difference.tables(told)
    assert {len(table.rows[0]) - len(table.columns["hu"]) for table in tables} == {0}
    assert ("~", statement["id"], "Statement", "date", statement["date"], "2001-02-03") in tables[0].rows


def test_a_row_of_which_most_stays_is_shown_as_changed() -> None:
    answer = Answer(
        "q", {"en": "Q"}, ("a", "b", "c"), (("1", "2", "4"), ("7", "8", "9")), (("1", "2", "3"), ("5", "6", "0"))
    )
    came, went, differ = show.pairs(answer)
    assert (came, went, differ) == ([("7", "8", "9")], [("5", "6", "0")], [(("1", "2", "3"), ("1", "2", "4"))])


def test_what_there_is_no_time_for_is_named(small: tuple[Path, list[dict[str, Any]]]) -> None:
    examined = examine([("c.yaml", CONTRIBUTION.encode(), "yaml")], small[0])
    told = difference.of_contribution(examined, small[0], seconds=0)
    assert "statements-of-speaker" in told.left and not told.answers
    assert "statements-of-speaker" in difference.text(told).splitlines()[-1]


def run(*arguments: str, input: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "solidarity_spectrum", "diff", *arguments], input=input, capture_output=True, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_the_command(small: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """0: nothing differs, 1: something does, 2: trouble, as the command diff has it."""
    folder, records = small
    here = ("--store", str(folder))
    status, out, err = run("-", "--input", "yaml", "--format", "json", *here, input=CONTRIBUTION.encode())
    assert status == 1 and json.loads(out)["entities"] and "asking" in err and "Traceback" not in err
    same = tmp_path / "same.json"
    same.write_text(json.dumps(records[0]))
    assert run(str(same), *here)[:2] == (0, "nothing would change\n")
    status, out, err = run("-", "--input", "yaml", *here, input=b"- [")
    assert (status, out) == (2, "") and "<stdin>:2" in err
    assert run(str(folder), str(folder))[0] == 0
    assert run(str(folder), str(tmp_path))[0] == 2
    assert run(str(folder), *here)[0] == 2

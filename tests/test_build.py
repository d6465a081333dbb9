"""Building: whole or not at all, the same bytes each time, and what follows from the records."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest

from solidarity_spectrum import build, reasoning, store
from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading import catalogue, load, states
from solidarity_spectrum.resources import BASE, DATA
from solidarity_spectrum.vocabulary import vocabulary

GOOD = """
recorded: 2026-11-22
recordedBy: solidarity-spectrum-project
records:
- id: some-person
  type: Person
  label: {en: Some Person, hu: Valaki}
  sources: [{url: 'https://example.org/a', title: A, tier: primary, consulted: true}]
  status: verified
- id: solidarity-spectrum-project
  type: Contributor
  label: {en: The project, hu: A projekt}
  sources: [{url: 'https://example.org/b', title: B, tier: primary, consulted: true}]
  status: verified
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small folder of records."""
    folder = tmp_path / "data" / "actors"
    folder.mkdir(parents=True)
    (folder / "test.yaml").write_text(GOOD)
    return folder.parent


def ask(graph: ox.Store, pattern: str) -> bool:
    prefixes = f"PREFIX sol: <{BASE}ontology#> PREFIX id: <{BASE}id/> PREFIX concept: <{BASE}concept/> "
    return bool(graph.query(prefixes + f"ASK {{ {pattern} }}", use_default_graph_as_union=True))


def test_the_same_input_gives_the_same_bytes(tmp_path: Path):
    dumps = set()
    for seed in ("1", "2"):
        target = tmp_path / seed
        subprocess.run(
            [sys.executable, "-m", "solidarity_spectrum", "build", "--store", str(target)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
        dumps.add((target / store.DUMP).read_bytes() + (target / store.CANDIDATES).read_bytes())
    assert len(dumps) == 1


def test_the_dump_is_sorted_and_without_blank_nodes(store_folder: Path):
    lines = (store_folder / store.DUMP).read_text("utf-8").splitlines()
    assert lines == sorted(lines) and len(lines) == len(set(lines))
    shapes = f"<{BASE}graph/shapes> ."
    assert not [line for line in lines if "_:" in line.split('"')[0] and not line.endswith((shapes, "ontology> ."))]


def test_a_refused_build_leaves_the_store_as_it_was(data: Path, tmp_path: Path):
    target = tmp_path / "store"
    assert not build.build(data, target).refused
    before = (target / store.DUMP).read_bytes()
    (data / "actors" / "test.yaml").write_text(GOOD.replace("type: Person", "type: Persn"))
    built = build.build(data, target)
    assert [finding.rule for finding in built.refused][:1] == ["type"]
    (data / "actors" / "broken.yaml").write_text("records: [")
    with pytest.raises(InputError):
        build.build(data, target)
    assert (target / store.DUMP).read_bytes() == before


def test_a_new_build_replaces_the_old_one_and_leaves_nothing_behind(data: Path, tmp_path: Path):
    target = tmp_path / "store"
    build.build(data, target)
    (data / "actors" / "test.yaml").write_text(GOOD.replace("Some Person", "Another"))
    build.build(data, target)
    assert "Another" in (target / store.DUMP).read_text("utf-8")
    assert len([p for p in tmp_path.iterdir() if p.name.startswith("store")]) == 2, "the link and what it names"


@pytest.mark.slow
def test_a_build_killed_at_any_moment_harms_nothing(data: Path, tmp_path: Path):
    target = tmp_path / "store"
    build.build(data, target)
    before = (target / store.DUMP).read_bytes()
    command = [sys.executable, "-m", "solidarity_spectrum", "build", "--store", str(target)]
    for delay in (0.2, 0.8, 1.6, 2.4, 3.0):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        after = (target / store.DUMP).read_bytes()
        store.manifest(target)
        assert after == before or process.returncode == 0 or after.count(b"\n") > 10_000, "old or new, never half"
        assert len(store.open_disk(target)) == after.count(b"\n")
    build.build(data, target)
    assert len([p for p in tmp_path.iterdir() if p.name.startswith("store")]) == 2, "what was left is cleared away"


def test_a_real_folder_in_the_way_is_not_touched(data: Path, tmp_path: Path):
    target = tmp_path / "store"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        build.build(data, target)
    assert (target / "mine.txt").read_text() == "mine"


def test_counts_of_the_manifest_are_those_of_the_store(store_folder: Path):
    manifest = store.manifest(store_folder)
    graph = store.load_memory(store_folder)
    assert manifest["quads"] == len(graph) == len(store.open_disk(store_folder))
    assert manifest["records"] == sum(manifest["records by type"].values())
    records = list(build.read_data(DATA))
    assert manifest["records"] == len(records)


def test_every_record_is_a_graph_with_provenance(graph: ox.Store):
    named = {name.value for name in graph.named_graphs()}
    for record in build.read_data(DATA):
        iri = f"{BASE}graph/{record.id.rpartition(':')[2]}"
        if record.data["status"] == "unverified":
            assert iri not in named
        else:
            assert iri in named
            assert ask(graph, f"GRAPH <{BASE}graph/provenance> {{ <{iri}> sol:citation ?c ; sol:contentHash ?h }}")


def test_nothing_unverified_is_in_the_default_view(graph: ox.Store):
    assert not ask(graph, f"?graph sol:status <{BASE}concept/status/unverified>")


@pytest.mark.parametrize(
    "pattern",
    [
        "id:hu-btk-353a a sol:Provision, sol:Entity, sol:CriminalisingProvision",  # sub-class and defined class
        "id:hu-act-vi-2018 sol:creates id:hu-btk-353a",  # inverse of insertedBy
        "id:decision-cjeu-c-821-19 sol:documented id:hu-btk-353a",  # sub-property
        "id:statement-toroczkai-suicide a sol:DeSolidarityStatement",  # chain over skos:broader, then class
        "id:statement-orban-mixed-race-2022 sol:inCapacity ?office . ?office sol:earliest ?from",  # office at the time
        "?c sol:subject id:statement-pinter-justification-2018 ; sol:object id:hu-act-vi-2018 ;"
        " sol:chronology <https://w3id.org/solidarity-spectrum/concept/chronology/before> ; a sol:ArguedConnection",
        "id:hu-act-vi-2018 <http://data.europa.eu/eli/ontology#date_document> ?day",
        "concept:solidarity <http://www.w3.org/2004/02/skos/core#exactMatch> <http://zbw.eu/stw/descriptor/16651-0>",
    ],
)
def test_what_follows(pattern: str, graph: ox.Store):
    assert ask(graph, pattern)


def test_an_argued_relation_is_never_a_bare_fact(graph: ox.Store):
    assert not ask(graph, "?statement sol:motivates ?law")
    assert not ask(graph, f"GRAPH ?g {{ ?s sol:expresses ?c }} FILTER(?g != <{BASE}graph/inferred>)")


def test_the_rules_agree_with_a_standard_reasoner_on_what_they_share():
    """Sub-class, sub-property, inverse, symmetric and transitive, against owlrl on a small graph."""
    import owlrl
    import rdflib

    turtle = """
    @prefix : <http://e/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
    @prefix owl: <http://www.w3.org/2002/07/owl#> .
    :A rdfs:subClassOf :B . :B rdfs:subClassOf :C . :x a :A .
    :p rdfs:subPropertyOf :q . :q owl:inverseOf :r . :x :p :y .
    :s a owl:SymmetricProperty . :x :s :z . :t a owl:TransitiveProperty . :a :t :b . :b :t :c . :c :t :d .
    """
    ours = ox.Store()
    ours.load(turtle.encode(), format=ox.RdfFormat.TURTLE)
    reasoning.materialise(ours)
    reference = rdflib.Graph().parse(data=turtle, format="turtle")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(reference)
    instances = ("http://e/x", "http://e/y", "http://e/z", "http://e/a", "http://e/b", "http://e/c", "http://e/d")
    mine = {str(quad.triple) for quad in ours if quad.subject.value in instances}
    theirs = {
        f"{s.n3()} {p.n3()} {o.n3()}"
        for s, p, o in reference
        if str(s) in instances and s != o and str(o).startswith("http://e/")
    }
    assert mine == theirs


def test_every_class_in_use_has_a_shape_of_its_own_or_of_a_wider_class(graph: ox.Store):
    """`sol:Entity` alone does not count: what holds for everything says little."""
    query = f"""
    PREFIX sol: <{BASE}ontology#> PREFIX sh: <http://www.w3.org/ns/shacl#>
    PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
    SELECT DISTINCT ?class {{
      ?record a sol:RecordGraph . GRAPH ?record {{ ?thing a ?class }}
      FILTER NOT EXISTS {{ ?class rdfs:subClassOf* ?wider . ?shape sh:targetClass ?wider FILTER(?wider != sol:Entity) }}
    }}"""
    assert not list(graph.query(query, use_default_graph_as_union=True))  # type: ignore[arg-type]


def test_loaders_describe_themselves_and_read_the_shipped_files():
    assert {"sssom", "treaty-actions", "unga-votes"} <= catalogue().keys()
    votes = list(load("unga-votes", [DATA / "votes" / "unga.csv"]))
    counted = Counter((v.data["object"], v.data["relation"]) for v in votes)
    kinds = ("votesInFavourOf", "votesAgainstAdoptionOf", "abstainsOn", "doesNotVoteOn")
    # As the General Assembly announced the results; the rest of its 193 members did not vote.
    assert [counted["a-res-73-151", kind] for kind in kinds] == [181, 2, 3, 7]
    assert [counted["a-res-73-195", kind] for kind in kinds] == [152, 5, 12, 24]
    assert {v.data["date"] for v in votes} == {"2018-12-17", "2018-12-19"}
    actions = {a.data["id"]: a.data for a in load("treaty-actions", [DATA / "treaties" / "actions.csv"])}
    assert len(actions) == 888
    assert actions["accession-refugee-convention-1951-hun"]["date"] == "1989-03-14"
    assert actions["ratification-smuggling-protocol-2000-hun"]["date"] == "2006-12-22"
    assert actions["approval-untoc-2000-eue"]["subject"] == "european-union"
    later = actions["accession-refugee-convention-1951-ssd"]
    assert (later["date"], later["status"]) == ("2018", "single-source")
    assert later["sources"][0]["title"] != actions["accession-refugee-convention-1951-hun"]["sources"][0]["title"]


def test_states_are_found_by_code_and_named_in_both_languages():
    known = states()
    assert len(known) == len({state["id"] for state in known.values()}) == 196
    assert (known["HUN"]["id"], known["CIV"]["label"]["hu"]) == ("hungary", "Elefántcsontpart")


HEADER = "resolution,iso3,country,vote,source\n"


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        (HEADER + "A/RES/73/151,HUN,Hungary,maybe,http://e/ (x)\n", "unknown-value", 2),
        (HEADER + "A/RES/1/1,HUN,Hungary,no,http://e/ (x)\n", "unknown-value", 2),
        (HEADER + "A/RES/73/151,XXX,Atlantis,no,http://e/ (x)\n", "unknown-value", 2),
        (HEADER + "A/RES/73/151,HUN,Hungary,no,from memory\n", "syntax", 2),
        (HEADER + "A/RES/73/151,HUN,Hungary,no\n", "syntax", 2),
        (HEADER + 'A/RES/73/151,HUN,"Hungary,no,x\n', "syntax", 2),
        ("resolution,iso3,country,vote\n", "missing-column", 1),
        ("resolution,iso3,country,vote,source,extra\n", "unknown-column", 1),
        ("", "syntax", 0),
    ],
)
def test_a_loader_says_what_it_does_not_know(text: str, rule: str, line: int, tmp_path: Path):
    file = tmp_path / "votes.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        list(load("unga-votes", [file]))
    assert (caught.value.findings[0].rule, caught.value.findings[0].place.line) == (rule, line)


def test_a_mapping_with_an_undeclared_prefix_is_refused(tmp_path: Path):
    file = tmp_path / "x.sssom.tsv"
    file.write_text(
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
        "concept:solidarity\tskos:exactMatch\tstw:1\tsemapv:ManualMappingCuration\n"
    )
    with pytest.raises(InputError) as caught:
        list(load("sssom", [file]))
    assert caught.value.findings[0].rule == "unknown-prefix"


def test_the_report_of_the_build_is_kept(store_folder: Path):
    report = json.loads((store_folder / store.REPORT).read_text("utf-8"))
    assert {entry["severity"] for entry in report} <= {"warning", "info"}


def test_the_ontology_is_read_whole():
    assert {"creates", "findsIncompatible"} <= vocabulary().documented_relations()
    assert "motivates" not in vocabulary().documented_relations()


def test_an_id_that_was_taken_out_is_gone_and_not_used_again(data: Path, tmp_path: Path):
    entry = "- {id: NAME, date: 2026-11-25, reason: {en: It was wrong., hu: Hibás volt.}}\n"
    (data / "withdrawn.yaml").write_text(entry.replace("NAME", "taken-out"), "utf-8")
    built = build.build(data, tmp_path / "store")
    assert not built.refused
    gone = (
        f"ASK {{ GRAPH <{BASE}graph/withdrawn> {{ <{BASE}id/taken-out> ?day ?d . <{BASE}graph/taken-out> ?day ?d }} }}"
    )
    assert bool(built.graph.query(gone))
    used = next(iter(built.compiled.nodes)).removeprefix(BASE + "graph/")
    (data / "withdrawn.yaml").write_text(entry.replace("NAME", used), "utf-8")
    refused = build.build(data, tmp_path / "store").refused
    assert [finding.rule for finding in refused] == ["withdrawn"] and refused[0].place.line
    (data / "withdrawn.yaml").write_text("- {id: x, date: soon, reason: {en: a, hu: b}}\n")
    with pytest.raises(InputError, match=r"withdrawn.yaml:1"):
        build.build(data, tmp_path / "store")

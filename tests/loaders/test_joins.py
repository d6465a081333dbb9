"""What loaders bring meets what the graph holds: the real samples together, and questions over the whole."""

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from solidarity_spectrum import questions, store, table
from solidarity_spectrum.loading import Index, index, load
from solidarity_spectrum.loading.helpers import index_of
from solidarity_spectrum.records import Compiled, Record, compile_records
from solidarity_spectrum.vocabulary import vocabulary
from tests.loaders.bench import CATALOGUE, Sample

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
HEAD = {"recorded": "2026-11-26", "recordedBy": "solidarity-spectrum-project"}

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real samples are not beside the project")


def compiled(source: str, known: Index, *names: str) -> Compiled:
    """The quads of samples, all of them accepted by the compiler."""
    records = load(source, [SAMPLES / name for name in names], index=known)
    whole = [Record(HEAD | record.data, record.file, record.places, record.base) for record in records]
    result = compile_records(whole, vocabulary().documented_relations())
    assert not [finding for finding in result.findings if finding.severity == "violation"]
    return result


@pytest.fixture(scope="module")
def known(store_folder: Path) -> Index:
    return index(store_folder)


@pytest.fixture(scope="module")
def joined(store_folder: Path, known: Index) -> Iterator[ox.Store]:
    """The shipped graph with the cases of the Court, the members of parliament, and what they said (candidates too)."""
    graph = store.load_memory(store_folder)
    graph.extend(compiled("cjeu", known, "cjeu/cjeu-cases.csv").accepted)
    graph.extend(compiled("unvotes", known, "un-votes/un_votes.csv").accepted)
    graph.extend(compiled("everypolitician", known, "everypolitician/Hungary_Assembly_ep-popolo-v1.0.json").accepted)
    speeches = compiled("parlamint", index_of(graph), "parlamint-hu")
    graph.extend([*speeches.accepted, *speeches.candidates])
    yield graph


def ask(graph: ox.Store, name: str, **values: str) -> list[dict[str, str]]:
    columns, rows = table.from_json(store.query(graph, questions.bind(questions.find(name), values), "json"))
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_who_spoke_in_parliament_before_a_law_was_adopted(joined: ox.Store) -> None:
    rows = ask(joined, "said-before-a-law", law="hu-act-cxl-2015", since="2015-09-03")
    spoken = [row for row in rows if "parlamint-hu-2015-09-03" in row["statement"]]
    speeches = list(load("parlamint", [SAMPLES / "parlamint-hu"], index={}, chosen={"to": "2015-09-03"}))
    assert len(spoken) == sum(record.data["type"] == "Statement" for record in speeches)
    assert len(spoken) > 10 and all(row["adopted"] == "2015-09-04" for row in spoken)
    members = {row["speakerLabel"] for row in spoken if "everypolitician-" in row["speaker"]}
    assert "Lajos Rig" in members


def test_a_judgment_of_the_list_is_the_one_of_the_graph(joined: ox.Store) -> None:
    query = """SELECT DISTINCT ?record WHERE { GRAPH ?record {
      <https://w3id.org/solidarity-spectrum/id/decision-cjeu-c-821-19> sol:ecli "ECLI:EU:C:2021:930" } }"""
    _, rows = table.from_json(store.query(joined, questions.prefixes() + query, "json"))
    assert len(rows) == 2  # what we hold and what the list says, each in its own graph


def test_votes_of_the_table_are_votes_of_our_states_on_our_resolutions(joined: ox.Store) -> None:
    query = """SELECT ?state WHERE { ?vote sol:relation sol:votesAgainstAdoptionOf ; sol:subject ?state ;
      sol:object <https://w3id.org/solidarity-spectrum/id/a-res-73-195> } GROUP BY ?state HAVING (COUNT(?vote) = 2)"""
    _, rows = table.from_json(store.query(joined, questions.prefixes() + query, "json"))
    assert sorted(row[0].rpartition("/")[2] for row in rows) == [
        "czechia",
        "hungary",
        "israel",
        "poland",
        "united-states",
    ]


@pytest.mark.parametrize("sample", CATALOGUE, ids=lambda sample: sample.source)
def test_what_was_loaded_before_is_loaded_the_same_again(known: Index, sample: Sample, tmp_path: Path) -> None:
    sample.grow(tmp_path, 1)
    first = [record.data for record in load(sample.source, [tmp_path], index=known)]
    graph = ox.Store()
    result = compile_records([Record(HEAD | data, "", {}) for data in first], vocabulary().documented_relations())
    graph.extend([*result.accepted, *result.candidates])
    both = {key: [*known.get(key, ()), *holders] for key, holders in index_of(graph).items()}
    again = [record.data for record in load(sample.source, [tmp_path], index={**known, **both})]
    assert again == first

"""The measures of quality: right on a small graph that can be counted by hand, and in the built one as DQV."""

from pathlib import Path

import pyoxigraph as ox

from solidarity_spectrum.build import assemble, read_data
from solidarity_spectrum.resources import BASE

RECORDS = """
recorded: 2026-11-22
recordedBy: solidarity-spectrum-project
records:
- id: solidarity-spectrum-project
  type: Contributor
  label: {en: The project, hu: A projekt}
  sources: [{url: 'https://example.org/b', title: B, tier: primary, consulted: true}]
  status: verified
- id: first-person
  type: Person
  label: {en: First Person, hu: Első személy}
  memberOf: some-body
  sources: [{url: 'https://example.org/a', title: A, tier: primary, consulted: true}]
  status: verified
- id: second-person
  type: Person
  label: {en: Second Person}
  recorded: 2026-11-24
  born: 1970
  disagreements:
  - id: second-person-born
    type: Disagreement
    disputedProperty: born
    readings:
    - {id: second-person-born-1, type: Reading, says: '1970', accordingTo: 'https://example.org/a'}
    - {id: second-person-born-2, type: Reading, says: '1971', accordingTo: 'https://example.org/c'}
  sources:
  - {url: 'https://example.org/a', title: A, tier: secondary, consulted: true}
  - {url: 'https://example.org/c', title: C, tier: secondary}
  status: single-source
- id: some-march
  type: Event
  label: {en: A march}
  date: 2024
  sources: [{url: 'https://example.org/a', title: A, tier: primary, consulted: true}]
  status: verified
- id: some-body
  type: Organisation
  label: {en: Some Body}
  sources: [{url: 'https://example.org/a', title: A, tier: primary, consulted: true}]
  status: verified
"""


def test_the_measures_count_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "actors").mkdir()
    (tmp_path / "actors" / "test.yaml").write_text(RECORDS, "utf-8")
    built = assemble(read_data(tmp_path))
    assert not built.refused, built.refused
    measured = {(item.metric, item.kind): item.value for item in built.quality}
    persons = {metric: value for (metric, kind), value in measured.items() if kind == "Person"}
    assert persons == {
        "records": "2",
        "hungarian-labels": "0.500",
        "single-source-rate": "0.500",
        "primary-sources": "0.333",
        "consulted-sources": "0.667",
        "orphans": "0.500",
        "disagreements": "1",
        "recorded-median": "2026-11-22",
        "recorded-latest": "2026-11-24",
    }
    assert measured["records", ""] == "5"
    assert measured["coverage", "Event"] == "0.500"  # of date and place one is given


def test_the_built_graph_measures_itself(graph: ox.Store) -> None:
    prefixes = "PREFIX dqv: <http://www.w3.org/ns/dqv#> PREFIX sol: <https://w3id.org/solidarity-spectrum/ontology#>"
    query = (
        prefixes
        + f"""SELECT ?value (COUNT(DISTINCT ?record) AS ?single) WHERE {{
        <{BASE}quality/single-source-rate/Connection> dqv:value ?value ; dqv:isMeasurementOf/a dqv:Metric .
        ?connection a sol:Connection . ?record <http://xmlns.com/foaf/0.1/primaryTopic> ?connection ;
          sol:status <{BASE}concept/status/single-source> }} GROUP BY ?value"""
    )
    (row,) = graph.query(query, use_default_graph_as_union=True)
    (total,) = graph.query(
        prefixes + f"SELECT ?value {{ <{BASE}quality/records/Connection> dqv:value ?value }}",
        use_default_graph_as_union=True,
    )
    assert float(row["value"].value) == round(int(row["single"].value) / int(total["value"].value), 3)

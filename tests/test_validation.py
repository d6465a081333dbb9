"""Contributions of every format: the right finding at the right line, never a traceback; and good ones pass."""

import json
from pathlib import Path

import pyoxigraph as ox
import pytest

from solidarity_spectrum import validation
from solidarity_spectrum.records import context, entity_iri
from solidarity_spectrum.validation.contribution import examine
from solidarity_spectrum.validation.positions import Positions
from solidarity_spectrum.validation.shapes import judge
from solidarity_spectrum.vocabulary import SOL

PREFIXES = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in context().prefixes.items())
HEAD = PREFIXES.count("\n")

GOOD_YAML = """
recorded: 2026-11-22
recordedBy: solidarity-spectrum-project
records:
- id: statement-test
  type: Statement
  label: {en: A test, hu: Próba}
  speaker: viktor-orban
  date: 2018-06
  quotation: {hu: Próba}
  sources:
  - {url: 'https://example.org/a', title: A page, tier: primary, consulted: true}
  status: single-source
"""

GOOD_TURTLE = (
    PREFIXES
    + """
<https://example.org/statement> a sol:Statement ;
    rdfs:label "A test"@en, "Próba"@hu ;
    sol:speaker <https://w3id.org/solidarity-spectrum/id/viktor-orban> ;
    dcterms:date "2018-06"^^xsd:gYearMonth ;
    sol:quotation "Próba"@hu .

<https://example.org/record> a sol:RecordGraph ;
    foaf:primaryTopic <https://example.org/statement> ;
    sol:status <https://w3id.org/solidarity-spectrum/concept/status/single-source> ;
    sol:recorded "2026-11-22"^^xsd:date ;
    sol:recordedBy <https://w3id.org/solidarity-spectrum/id/solidarity-spectrum-project> ;
    sol:citation <https://example.org/record#source-1> .

<https://example.org/record#source-1> a sol:Citation ;
    oa:hasSource <https://example.org/a> ;
    dcterms:title "A page" ;
    sol:tier <https://w3id.org/solidarity-spectrum/concept/tier/primary> ;
    sol:consulted true .
"""
)


def serialised(kind: str) -> str:
    """The good Turtle in another RDF format."""
    triples = ox.parse(GOOD_TURTLE, format=ox.RdfFormat.TURTLE)
    quads = [quad.triple for quad in triples]
    text = ox.serialize(quads, format=validation.FORMATS[kind], prefixes=context().prefixes)
    assert text
    return text.decode()


def findings(text: str | bytes, kind: str, folder: Path, severity: str = "violation") -> list[tuple[str, int]]:
    data = text.encode() if isinstance(text, str) else text
    found, _ = validation.validate_files([("f", data, kind)], folder)
    return [(finding.rule, finding.place.line) for finding in found if finding.severity == severity]


@pytest.mark.parametrize("kind", ["yaml", "yml", "json", "ttl", "trig", "nt", "nq", "rdf", "jsonld"])
def test_a_good_contribution_passes_in_every_format(kind: str, store_folder: Path):
    if kind in ("yaml", "yml"):
        text = GOOD_YAML
    elif kind == "json":
        from solidarity_spectrum.records.yaml import read

        text = json.dumps(read(GOOD_YAML.encode(), "f")[0])
    else:
        text = GOOD_TURTLE if kind == "ttl" else serialised(kind)
    assert findings(text, kind, store_folder) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("viktor-orban", "viktor-orbn"), [("Statement-speaker", 8)]),
        (("tier: primary", "tier: primry"), [("Citation-tier", 12)]),
        (("status: single-source", "status: proven"), [("RecordGraph-status", 13)]),
        (("  label: {en: A test, hu: Próba}\n", ""), [("Labelled-label-en", 5)]),
        (("type: Statement", "type: Statement\n  ecli: x"), [("identifier", 7)]),
    ],
)
def test_mistakes_in_records_are_found_at_their_line(
    change: tuple[str, str], expected: list[tuple[str, int]], store_folder: Path
):
    assert findings(GOOD_YAML.replace(*change), "yaml", store_folder) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("sol:speaker <https://w3id.org/solidarity-spectrum/id/viktor-orban>", "sol:speaker <urn:x>"),
         [("Statement-speaker", HEAD + 4)]),
        (("sol:quotation", "sol:quotaton"), [("unknown-term", HEAD + 6)]),
        (("a sol:Statement", "a sol:Statment"), [("unknown-term", HEAD + 2)]),
        (('"A test"@en, ', ""), [("Labelled-label-en", HEAD + 3)]),
        (("sol:citation <https://example.org/record#source-1>", "rdfs:comment 'x'"),
         [("RecordGraph-citation", HEAD + 8)]),
    ],
)  # fmt: skip
def test_mistakes_in_turtle_are_found_at_their_line(
    change: tuple[str, str], expected: list[tuple[str, int]], store_folder: Path
):
    assert sorted(findings(GOOD_TURTLE.replace(*change), "ttl", store_folder)) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("<a> <b> <c> .", "nt", 1),
        ("<http://a/> <http://b/> .\n", "nt", 1),
        ('<http://a/> <http://b/> "x" .\n<http://a/> <http://b/> "x .\n', "nq", 2),
        ("@prefix a: <http://a/> .\na:b a:c 'x .", "ttl", 2),
        ("undeclared:b a 'x' .", "ttl", 1),
        ('{"@id": "http://a/",\n "x": }', "jsonld", 2),
        ('{"a": 1,\n "a": 2}', "json", 2),
        ('{"a":\n NaN}', "json", 2),
        ("[" * 100_000, "json", 1),
        ("[" * 100_000, "yaml", 1),
        ("<?xml version='1.0'?>\n<rdf:RDF", "rdf", 2),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", "rdf", 1),
        (b"\xff\xfe", "ttl", 1),
        ("", "yaml", 0),
    ],
)
def test_what_is_not_well_formed(text: str | bytes, kind: str, line: int, store_folder: Path):
    found = findings(text, kind, store_folder)
    assert any(rule in ("syntax", "record") and (not line or at == line) for rule, at in found)


def test_no_context_is_fetched(store_folder: Path):
    text = '{"@context": "http://127.0.0.1:9/context.jsonld",\n "@id": "http://a/"}'
    assert findings(text, "jsonld", store_folder) == [("syntax", 1)]
    ours = json.dumps(
        {"@context": "https://w3id.org/solidarity-spectrum/context.jsonld", "id": "x-y", "type": "Person"}
    )
    assert ("Labelled-label-en", 1) in findings(ours, "jsonld", store_folder)


@pytest.mark.parametrize(
    ("line", "rule", "severity"),
    [
        ("sol:adopted '2018-06-20'^^xsd:date ; sol:repealed '2018-06-19'^^xsd:date", "date-order", "violation"),
        ("rdfs:comment 'someone@example.org'", "contact", "violation"),
        ("schema:email <mailto:someone@example.org>", "contact", "violation"),
        ("schema:latitude 47.5", "exact-place", "warning"),
    ],
)
def test_order_and_privacy_hold_for_rdf_too(line: str, rule: str, severity: str, store_folder: Path):
    text = GOOD_TURTLE.replace("sol:quotation", f"{line} ;\n    sol:quotation")
    assert (rule, HEAD + 6) in findings(text, "ttl", store_folder, severity)


def test_what_the_graph_holds_is_not_contradicted(store_folder: Path):
    """The message of a query comes through the fast engine, and the other record is named."""
    text = GOOD_YAML.replace("  speaker", "  wikidataId: Q57641\n  speaker")
    found, _ = validation.validate_files([("f", text.encode(), "yaml")], store_folder)
    (same,) = [f for f in found if f.rule == "SameWikidataId"]
    assert same.value == entity_iri("viktor-orban") and same.severity == "violation"
    assert same.message("en").startswith("Another record has this «wikidataId»") and same.place.line == 8


@pytest.mark.parametrize(
    ("label", "kind", "other"),
    [
        ("Orbán, VIKTOR", "Person", "viktor-orban"),
        ("Viktor Orban", "Person", "viktor-orban"),
        ("Viktor Orbann", "Person", "viktor-orban"),
        ("Viktor Orbán", "Organisation", ""),
        ("Victoria Orban-Kovacs", "Person", ""),
        ("Act VI of 2018 (the Stop Soros package)", "LegalInstrument", "hu-act-vi-2018"),
        ("Act VI of 2019 (the Stop Soros package)", "LegalInstrument", ""),
    ],
)
def test_what_is_called_like_another_is_told(label: str, kind: str, other: str, store_folder: Path, graph: ox.Store):
    text = f"""
- {{id: new-one, type: {kind}, label: {{en: '{label}', hu: Új}}, status: verified, recorded: 2026-11-22,
   recordedBy: solidarity-spectrum-project, sources: [{{url: 'https://e.org/a', title: A, tier: primary}}]}}
"""
    found, _ = validation.validate_files([("f", text.encode(), "yaml")], store_folder)
    assert [f.value for f in found if f.rule == "likely-duplicate"] == [entity_iri(other)] * bool(other)
    in_memory = examine([("f", text.encode(), "yaml")], graph).findings
    assert [f.value for f in in_memory if f.rule == "likely-duplicate"] == [entity_iri(other)] * bool(other)


def test_a_fact_told_twice_and_a_vote_in_two_ways(store_folder: Path, graph: ox.Store):
    vote = next(graph.quads_for_pattern(None, ox.NamedNode(SOL + "votesAgainstAdoptionOf"), None))
    voter, text_voted_on = (term.value.rpartition("/")[2] for term in (vote.subject, vote.object))
    for relation, rule in (("votesAgainstAdoptionOf", "same-connection"), ("votesInFavourOf", "Vote-favour")):
        text = f"""
- {{id: link-new, type: Connection, label: {{en: A vote, hu: Szavazat}}, status: verified, recorded: 2026-11-22,
   recordedBy: solidarity-spectrum-project, sources: [{{url: 'https://e.org/a', title: A, tier: primary}}],
   subject: {voter}, relation: {relation}, object: {text_voted_on}}}
"""
        found, _ = validation.validate_files([("f", text.encode(), "yaml")], store_folder)
        (told,) = [f for f in found if f.rule == rule]
        assert told.place.file == "f" and told.place.line


def test_blank_nodes_are_refused(store_folder: Path):
    assert ("blank-node", 0) in findings("[] a <http://a/b> .", "ttl", store_folder)


def test_a_record_that_stands_already_would_be_replaced_and_says_so(store_folder: Path):
    text = GOOD_YAML.replace("statement-test", "statement-orban-mixed-race-2022")
    assert findings(text, "yaml", store_folder) == []
    assert ("replaces-record", 5) in findings(text, "yaml", store_folder, "warning")


def test_taking_a_record_away_from_others_that_need_it_is_found(store_folder: Path):
    """Replacing Orbán by a law breaks the statements that name him as speaker: records nobody touched."""
    text = GOOD_YAML.replace("statement-test", "viktor-orban").replace("type: Statement", "type: LegalInstrument")
    rules = [rule for rule, _ in findings(text, "yaml", store_folder)]
    assert rules.count("Statement-speaker") > 5


@pytest.mark.slow
def test_the_two_engines_agree_on_the_shipped_graph(graph: ox.Store):
    triples = {quad.triple for quad in graph}
    assert judge(triples, "fast") == judge(triples, "reference")


def test_positions_of_terms():
    text = """@prefix ex: <http://e/> . # a comment with <http://e/a>
@base <http://b/> .
ex:a a ex:T ;
  ex:p "x", \"\"\"long
text\"\"\" ;
  ex:q <rel> .
GRAPH ex:g { ex:a ex:r 5 }
"""
    where = Positions(text)
    assert where.locate("http://e/a") == (3, 1)
    assert where.locate("http://e/a", "http://e/p", "long\ntext") == (4, 13)
    assert where.locate("http://e/a", "http://e/q", "http://b/rel") == (6, 8)
    assert where.locate("http://e/a", "http://e/r", "5") == (7, 24)
    assert where.locate("http://e/none") == (0, 0)


def test_entity_iris():
    assert entity_iri("hu-btk-353a").endswith("/id/hu-btk-353a")
    assert entity_iri("concept:de-solidarity").endswith("/concept/de-solidarity")

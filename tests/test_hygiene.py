"""The hygiene rules: nothing in the shipped ontology breaks one, and each is broken by a small example."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from solidarity_spectrum import hygiene, questions
from solidarity_spectrum.vocabulary import vocabulary

ROOT = Path(__file__).parent.parent
PREFIXES = """
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix : <https://w3id.org/solidarity-spectrum/ontology#> .
"""
SOUND = """
:Law a owl:Class ; rdfs:label "law"@en , "jog"@hu ;
  skos:definition "Rule made by a state."@en , "Állam alkotta szabály."@hu ;
  rdfs:isDefinedBy <https://w3id.org/solidarity-spectrum/ontology/law> .
<https://w3id.org/solidarity-spectrum/ontology/law> a owl:Ontology .
"""
BROKEN = {
    "missing-label": ':Case a owl:Class ; rdfs:label "case"@en .',
    "missing-definition": ':Case a owl:Class ; skos:definition "Proceedings."@en .',
    "several-labels": ':Law rdfs:label "statute"@en .',
    "same-label": ':Case a owl:Class ; rdfs:label "law"@en .',
    "same-definition": ':Case a owl:Class ; skos:definition "Rule made by a state."@en .',
    "circular-definition": ':Case rdfs:label "case (C)"@en ; skos:definition "What a Law, or law, is."@en .\n'
    ':Law skos:definition "Every law."@en .',
    "cycle": ":Law rdfs:subClassOf :Case . :Case rdfs:subClassOf :Law .",
    "untidy-text": ':Law skos:note "a  b" .',
    "missing-module": ":Case a owl:Class .",
    "untyped-reference": ":Law rdfs:subClassOf :Lew .",
    "deprecated-in-use": ":Case owl:deprecated true . :Law rdfs:subClassOf :Case .",
    "two-inverses": ":makes owl:inverseOf :madeBy , :isMadeBy .",
    "dl-kinds": ":makes a owl:ObjectProperty , owl:DatatypeProperty .",
    "dl-undeclared": ":Law owl:disjointWith <https://example.org/Undeclared> .",
    "dl-datatype": ":made rdfs:range xsd:date .",
    "dl-simple": ":partOf a owl:TransitiveProperty , owl:FunctionalProperty .",
    "dl-chain": ":expresses owl:propertyChainAxiom ( :partOf :expresses :partOf ) .",
}


def store(text: str) -> ox.Store:
    found = ox.Store()
    found.load((PREFIXES + text).encode(), format=ox.RdfFormat.TURTLE)
    return found


def test_the_shipped_ontology_breaks_no_rule() -> None:
    shipped = ox.Store()
    shipped.extend([*vocabulary().quads(), *questions.quads()])
    assert list(hygiene.faults(shipped)) == []


def test_every_name_that_is_used_is_declared(graph: ox.Store) -> None:
    assert list(hygiene.undeclared(hygiene.using_files(ROOT), graph)) == []


def test_every_rule_has_a_level_and_an_example() -> None:
    rules = {file.stem for file in hygiene.HYGIENE.glob("*.rq")}
    assert rules == BROKEN.keys() == hygiene.profile().keys() - {hygiene.UNDECLARED}


def test_a_sound_ontology_breaks_no_rule() -> None:
    assert list(hygiene.faults(store(SOUND))) == []


@pytest.mark.parametrize("rule", BROKEN)
def test_a_rule_finds_what_it_forbids(rule: str) -> None:
    assert rule in {fault.rule for fault in hygiene.faults(store(SOUND + BROKEN[rule]))}


@pytest.mark.parametrize(
    ("name", "text", "wrong", "line"),
    [
        ("a.rq", "# sol:Nonsense\nSELECT * { ?x sol:outcom ?y }", "sol:outcom", 2),
        ("a.rq", "SELECT * { ?x skos:prefLable ?y }", "skos:prefLable", 1),
        ("a.rq", "SELECT * { ?x sol:expresses/skos:brooder* ?y }", "skos:brooder", 1),
        ("a.ttl", 'solsh:Case sh:pth sol:outcome ; sh:message "sol:wrong"@en .', "sh:pth", 1),
        (
            "a.yaml",
            "question:\n  en: sol:Wrong\nquery: |\n  SELECT * {\n    ?x a sol:Desicion }\ntheme: sol:x",
            "sol:Desicion",
            5,
        ),
        ("a.md", "Use sol:nothing, but `sol:outcme`.\n", "sol:outcme", 1),
        ("a.md", "```sh\nsolidarity query 'ASK { ?x sol:outcme ?y }'\n```\n", "sol:outcme", 2),
    ],
)
def test_an_undeclared_name_is_found_at_its_line(tmp_path: Path, name: str, text: str, wrong: str, line: int) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    (fault,) = hygiene.undeclared([file])
    assert (fault.entity, fault.place) == (wrong, f"{file}:{line}:")
    assert fault.value.startswith("did you mean")


def test_an_id_that_the_graph_does_not_hold_is_found(tmp_path: Path, graph: ox.Store) -> None:
    file = tmp_path / "a.rq"
    file.write_text("SELECT * { id:hu-btk-353a a ?x . id:hu-btk-353z a ?x }", "utf-8")
    (fault,) = hygiene.undeclared([file], graph)
    assert fault.entity == "id:hu-btk-353z"

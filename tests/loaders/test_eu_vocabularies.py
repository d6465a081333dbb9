"""Links to EuroVoc: candidates where a name is the same, and nothing copied."""

from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading import load
from solidarity_spectrum.loading.helpers import folded

RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="http://www.w3.org/2004/02/skos/core#">
<rdf:Description rdf:about="http://eurovoc.europa.eu/1"><skos:prefLabel xml:lang="hu">Szolidaritás</skos:prefLabel>
<skos:prefLabel xml:lang="fr">asile</skos:prefLabel><skos:notation>9</skos:notation></rdf:Description>
<skos:Concept rdf:about="http://eurovoc.europa.eu/2"><skos:prefLabel xml:lang="en">fisheries</skos:prefLabel>
<skos:altLabel xml:lang="en">asylum</skos:altLabel></skos:Concept>
</rdf:RDF>"""
INDEX = {
    ("prefLabel", f"{folded('szolidaritás')}@hu"): [("concept:solidarity", "Concept")],
    ("prefLabel", f"{folded('asylum')}@en"): [("concept:asylum", "Concept")],
}


def linked(tmp_path: Path, name: str, text: str) -> list[tuple[str, str, str]]:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    records = [record.data for record in load("eu-vocabularies", [file], index=INDEX)]
    return [(record["subject"], record["object"], record["status"]) for record in records]


def test_the_same_name_is_a_candidate(tmp_path: Path) -> None:
    links = [
        ("concept:solidarity", "http://eurovoc.europa.eu/1", "unverified"),
        ("concept:asylum", "http://eurovoc.europa.eu/2", "unverified"),
    ]
    assert linked(tmp_path, "v.rdf", RDF) == links
    mirror = "title: {en: EuroVoc}\nconcepts:\n  1:\n    prefLabel: {en: x, hu: szolidaritás}\n"
    mirror += "  c_2f:\n    altLabel:\n      en: [a, asylum]\n    broader: [1]\n"
    assert linked(tmp_path, "v.yaml", mirror) == [
        links[0],
        ("concept:asylum", "http://eurovoc.europa.eu/c_2f", links[1][2]),
    ]


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("v.rdf", RDF[:-20], "syntax"),
        ("v.rdf", RDF.replace("22-rdf-syntax-ns#", "rdf#"), "namespace"),
        ("v.rdf", RDF.replace("zolidaritás", "x").replace("asylum", "x"), "nothing"),
        ("v.rdf", '<!DOCTYPE a [<!ENTITY b "c">]>' + RDF.partition("?>")[2], "syntax"),
        ("v.yaml", "concepts:\n  one:\n    prefLabel: {en: asylum}\n", "value"),
    ],
)
def test_a_broken_vocabulary_is_an_error(tmp_path: Path, name: str, text: str, rule: str) -> None:
    with pytest.raises(InputError) as error:
        linked(tmp_path, name, text)
    assert error.value.findings[0].rule == rule

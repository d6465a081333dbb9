"""Authority tables of the European Union."""

import json
from pathlib import Path
from typing import Any

import pytest

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading import Index, describe, fetch, load
from solidarity_spectrum.loading.client import Client, Response
from solidarity_spectrum.records import Record, compile_records

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "eu-authority"
BASE = "http://publications.europa.eu/resource/authority/"
INDEX: Index = {("isoCountryCode", "HUN"): [("hungary", "State")]}
TREATY = f"""<?xml version='1.0' encoding='UTF-8'?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="http://www.w3.org/2004/02/skos/core#"
    xmlns:eli-o="http://data.europa.eu/eli/ontology#">
  <skos:ConceptScheme rdf:about="{BASE}treaty">
    <skos:prefLabel xml:lang="en">Treaty</skos:prefLabel>
  </skos:ConceptScheme>
  <skos:Concept rdf:about="{BASE}treaty/ACC_1972">
    <skos:prefLabel xml:lang="bg">Договор</skos:prefLabel>
    <skos:prefLabel xml:lang="en">Treaty of Accession</skos:prefLabel>
    <eli-o:date_document rdf:datatype="http://www.w3.org/2001/XMLSchema#date">1972-01-22</eli-o:date_document>
  </skos:Concept>
</rdf:RDF>
"""


def read(path: Path) -> dict[str, dict[str, Any]]:
    records = list(load("eu-authority", [path], INDEX))
    whole = [Record({"recorded": "2026-11-26", **r.data}, r.file, r.places) for r in records]
    assert not [f for f in compile_records(whole, ()).findings if f.severity == "violation"]
    return {record.name: record.data for record in records}


def rows(*codes: str) -> str:
    cells = [
        {"conceptURI": {"type": "uri", "value": BASE + c}, "code": {"type": "typed-literal", "value": "x"}}
        for c in codes
    ]
    return json.dumps({"head": {"vars": []}, "results": {"distinct": False, "bindings": cells}})


def test_a_table_becomes_links_and_what_the_graph_lacks(tmp_path: Path):
    (tmp_path / "t-skos-ap-act.rdf").write_text(TREATY, "utf-8")
    (treaty,) = read(tmp_path).values()
    assert (treaty["label"], treaty["adopted"], treaty["type"]) == (
        {"en": "Treaty of Accession"},
        "1972-01-22",
        "LegalInstrument",
    )
    file = tmp_path / "c.sparql.json"
    file.write_text(rows("country/HUN", "country/BLM", "corporate-body/COM", "corporate-body/ABC"), "utf-8")
    data = read(file)
    assert {name: d["id"] for name, d in data.items()} == {
        "eu-authority-country-hun": "hungary",
        "eu-authority-corporate-body-com": "european-commission",
        "eu-authority-corporate-body-abc": "eu-authority-corporate-body-abc",
    }
    assert data["eu-authority-country-hun"]["url"] == BASE + "country/HUN"


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("x-skos-ap.rdf", TREATY.replace("treaty/ACC", "shoe/ACC"), "unknown-value"),
        ("x-skos-ap.rdf", TREATY.replace(f"{BASE}treaty/ACC_1972", "http://e.org/"), "value"),
        ("x-skos-ap.rdf", TREATY[:-20], "syntax"),
        ("x-skos-ap.rdf", TREATY.replace("22-rdf", "23-rdf"), "namespace"),
        ("x.srj", rows("country/HUN", "country/HUN"), "duplicate-id"),
        ("x.srj", rows("country/HUN").replace('"code"', '"shoe"'), "unread-field"),
        ("x.srj", rows("country/BLM"), "nothing"),
    ],
)
def test_broken_tables_are_refused(name: str, text: str, rule: str, tmp_path: Path):
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read(tmp_path / name)
    assert caught.value.findings[0].rule == rule


def test_a_table_is_fetched_whole(monkeypatch: pytest.MonkeyPatch):
    def answer(self: Client, method: str, url: str, accept: str, body: bytes | None) -> Response:
        counting = b"COUNT" in (body or b"")
        text = json.dumps({"results": {"bindings": [{"count": {"value": "1"}}]}}) if counting else rows("country/HUN")
        return Response(url, "application/sparql-results+json", text.encode())

    monkeypatch.setattr(Client, "_fetch", answer)
    inputs = fetch(describe("eu-authority"), Client(index=INDEX), {"table": "country"})
    assert [r.id for r in load("eu-authority", index=INDEX, inputs=inputs)] == ["hungary"]
    with pytest.raises(InputError, match="none of"):
        list(fetch(describe("eu-authority"), Client(), {"table": "shoes"}))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside the project")
def test_the_real_files():
    treaties = read(SAMPLES / "treaties-skos-ap-act.cut.rdf")
    assert treaties["eu-authority-treaty-acc-1972"]["label"]["en"].startswith("Treaty of Accession of Denmark")
    assert len(treaties) == 3 and read(SAMPLES / "country.sparql.json")["eu-authority-country-hun"]["id"] == "hungary"

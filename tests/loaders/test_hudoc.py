"""Cases and decisions from HUDOC."""

import json
from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loaders.hudoc import items
from solidarity_spectrum.loading import describe
from tests.loaders.lawsources import FIXTURES, named, records, sample

PAGE = FIXTURES / "hudoc" / "page.json"


def test_judgment_in_two_languages_is_one_decision() -> None:
    made = named(records("hudoc", PAGE))
    english, french = made["hudoc-001-900001"], made["hudoc-001-900002"]
    assert english["id"] == french["id"] == "hudoc-ecli-ce-echr-2021-0302jud000000120"
    assert (english["outcome"], french["outcome"]) == ("violation-found-in-part",) * 2
    assert (english["date"], french["date"]) == ("2021-03-02",) * 2  # American, with AM; ISO
    assert english["formation"] == "Chamber" and english["applies"] == ["echr-p4-art-4"]
    assert "outcomeDescription" not in french and french["sources"][0]["passage"]["fr"].startswith("Reste irrecevable")
    case = made["hudoc-001-900001-case"]
    assert (case["id"], case["docket"], case["respondent"]) == ("hudoc-case-1-20", ["1/20", "2/20"], ["hungary"])
    assert english["inCase"] == case["id"] and case["altLabel"] == {"en": "CASE OF A.B. AND C.D. v. HUNGARY"}


def test_kinds_of_documents() -> None:
    made = named(records("hudoc", PAGE))
    assert made["hudoc-001-900003"]["outcome"] == "inadmissible"
    communicated = made["hudoc-001-900004"]
    assert communicated["type"] == "ProceduralAct" and "outcome" not in communicated
    translated = made["hudoc-001-900005"]  # states the same decision, and is no original of it
    assert translated["id"] == made["hudoc-001-900003"]["id"] and "hudoc" not in translated
    assert not any("900006" in name for name in made)  # a summary of the Registry


def test_known_case_and_decision_are_joined() -> None:
    index = {
        ("docket", "1/20"): [("case-ours", "Case")],
        ("ecli", "ECLI:CE:ECHR:2021:0302JUD000000120"): [("decision-ours", "Decision")],
    }
    made = named(records("hudoc", PAGE, index=index))
    assert made["hudoc-001-900001-case"]["id"] == "case-ours" and "label" not in made["hudoc-001-900001-case"]
    decision = made["hudoc-001-900001"]
    assert decision["id"] == "decision-ours" and decision["hudoc"] == "001-900001"
    assert not {"label", "inCase", "formation", "outcomeDescription"} & set(decision)


def test_a_known_decision_makes_no_fresh_case() -> None:
    made = named(records("hudoc", PAGE, index={("hudoc", "001-900001"): [("decision-ours", "Decision")]}))
    assert made["hudoc-001-900001"]["id"] == "decision-ours" and "hudoc-001-900001-case" not in made


def changed(tmp_path: Path, **columns: str) -> Path:
    page = json.loads(PAGE.read_text())
    page["results"] = page["results"][:1]
    page["results"][0]["columns"] |= columns
    file = tmp_path / "page.json"
    file.write_text(json.dumps(page, indent=1))
    return file


@pytest.mark.parametrize(
    ("columns", "rule", "words"),
    [
        (
            {"conclusion": "Violation of Article 3;Frobnication of Article 5"},
            "unknown-value",
            "Frobnication of Article 5",
        ),
        ({"conclusion": "Violation of Article 3 (Substantive aspect"}, "syntax", "brackets"),
        ({"kpdate": "soon"}, "syntax", "«soon»"),
        ({"respondent": "XXX"}, "unknown-value", "«XXX»"),
        ({"doctype": "HXXX", "documentcollectionid2": ""}, "unknown-value", "«HXXX»"),
        ({"appno": "0/20"}, "identifier", "appno"),
        ({"ecli": "ECLI:CE"}, "identifier", "ecli"),
        ({"doctypebranch": "ATTIC"}, "unknown-value", "ATTIC"),
        ({"surprise": "x"}, "unread-field", "results/columns/surprise"),
    ],
)
def test_what_is_not_known_stops(tmp_path: Path, columns: dict[str, str], rule: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        records("hudoc", changed(tmp_path, **columns))
    finding = caught.value.findings[0]
    assert finding.rule == rule and words in finding.message() and finding.message("hu")
    assert finding.place.file.endswith("page.json") and finding.place.line


def test_columns_that_contradict_the_conclusion_give_no_outcome(tmp_path: Path) -> None:
    made = named(records("hudoc", changed(tmp_path, violation="3", nonviolation="")))
    assert "outcome" not in made["hudoc-001-900001"] and "contradicts itself" in made["hudoc-001-900001"]["note"]
    made = named(records("hudoc", changed(tmp_path, conclusion="", violation="3", nonviolation="")))
    assert made["hudoc-001-900001"]["outcome"] == "violation-found"


@pytest.mark.parametrize(
    ("conclusion", "outcome"),
    [
        ("Violation of Art. 6-1;Non-pecuniary damage - financial award", "violation-found"),
        ("Violation de l’Art. 6-1 du fait de la durée;Préjudice moral - réparation pécuniaire", "violation-found"),
        ("No violation of Art. 3;No separate issue under Art. 13", "no-violation"),
        ("Aucune question distincte au regard de l'art. 13;Non-violation de l'article 8", "no-violation"),
        ("Violations of Art. 3;No violation of Art. 2;Costs and expenses partial award", "violation-found-in-part"),
        ("Struck out of the list (Article 37-1-b - Matter resolved)", "discontinued"),
        ("Struck out of the list (Article 39 - Friendly settlement)", "settled"),
        ("Radiation du rôle (règlement amiable)", "settled"),
        ("Partiellement irrecevable", None),
        ("Just satisfaction reserved", None),
        ("Preliminary objection dismissed (Art. 34) Individual applications;(Art. 34) Locus standi", None),
        ("Admissible;Inadmissible", None),
        ("No procedural violation of Art. 2;Potential violation of Article 3", "no-violation"),
        ("Article 6+6-1 - Right to a fair trial (Article 6-1 - Fair hearing)", None),
        ("Requête radiée du rôle", "discontinued"),
    ],
)
def test_conclusions(tmp_path: Path, conclusion: str, outcome: str | None) -> None:
    made = named(records("hudoc", changed(tmp_path, conclusion=conclusion, violation="", nonviolation="")))
    assert made["hudoc-001-900001"].get("outcome") == outcome


def test_items_of_a_conclusion() -> None:
    assert items("A (x;y);B;(z);Article 5 - w;C") == ["A (x;y)", "B; (z); Article 5 - w", "C"]


def test_every_finding_has_an_outcome_row() -> None:
    tables = describe("hudoc").tables
    assert set(tables["findings"].values()) == {kind for row in tables["outcomes"] for kind in row["findings"]}


def test_real_reply() -> None:
    file = sample("hudoc/hudoc-columns.json")
    made = named(records("hudoc", file))
    columns = [result["columns"] for result in json.loads(file.read_text())["results"]]
    assert sum(data["type"] == "Decision" for data in made.values()) == len(columns) == 4
    grand = made["hudoc-001-201353"]  # N.D. and N.T. v. Spain: traced by hand
    assert grand["ecli"] == "ECLI:CE:ECHR:2020:0213JUD000867515" and grand["date"] == "2020-02-13"
    assert grand["outcome"] == "no-violation" and grand["formation"] == "Grand Chamber"
    assert made["hudoc-001-201353-case"]["docket"] == ["8675/15", "8697/15"]
    french = made["hudoc-001-63325"]  # Tierce et autres c. Saint-Marin: traced by hand
    assert french["outcome"] == "violation-found" and french["date"] == "2000-07-25"
    assert made["hudoc-001-63325-case"]["respondent"] == ["san-marino"]
    assert made["hudoc-001-119120"]["outcome"] == "violation-found-in-part"  # Ramsahai: Art. 2, twice

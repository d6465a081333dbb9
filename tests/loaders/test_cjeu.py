"""Cases of the Court of Justice from the list of EUR-Lex metadata."""

import csv
from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from tests.loaders.lawsources import FIXTURES, named, records, sample

CASES = FIXTURES / "cjeu" / "cases.csv"
HELD = {
    ("docket", "C-821/19"): [("case-cjeu-c-821-19", "Case")],
    ("ecli", "ECLI:EU:C:2021:930"): [("decision-cjeu-c-821-19", "Decision")],
}


def test_case_judgment_and_opinion_are_joined() -> None:
    made = records("cjeu", CASES, index=HELD)
    case, decision, opinion = (record.data for record in made[:3])
    assert (case["id"], case["docket"]) == ("case-cjeu-c-821-19", ["C-821/19"])
    assert decision["id"] == "decision-cjeu-c-821-19" and decision["celex"] == "62019CJ0821"
    assert not {"outcome", "label", "date", "inCase"} & set(decision)  # the list knows no outcome
    assert opinion["type"] == "AdvocateGeneralOpinion" and opinion["date"] == "2021-02-25"
    assert opinion["inCase"] == "case-cjeu-c-821-19" and opinion["status"] == "single-source"


def test_a_known_judgment_makes_no_fresh_case() -> None:
    held = {key: value for key, value in HELD.items() if key[0] == "ecli"}
    decision, opinion = (record.data for record in records("cjeu", CASES, index=held)[:2])
    assert decision["id"] == "decision-cjeu-c-821-19" and opinion["type"] == "AdvocateGeneralOpinion"
    assert "inCase" not in opinion


def test_numbers_of_cases() -> None:
    cases = [record.data for record in records("cjeu", CASES) if record.data["type"] == "Case"]
    assert [case["docket"] for case in cases] == [
        ["C-821/19"],
        ["C-924/19 PPU", "C-925/19 PPU"],
        ["C-250/08"],
        ["C-1/20", "C-2/20", "C-3/20"],
        ["T-10/15"],
    ]
    assert cases[4]["jurisdiction"] == "european-union" and "court" not in cases[4]


def test_a_judgment_has_the_year_of_its_ecli() -> None:
    made = named(records("cjeu", CASES))
    dates = {data.get("ecli"): data.get("date") for data in made.values() if data["type"] == "Decision"}
    assert dates["ECLI:EU:C:2011:793"] == "2011"  # decided in 2011, the case of 2008


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        ("Case C-250/08.,", "Case X-250/08,", "identifier", "X-250/08"),
        ("62008CJ0250", "62008ZZ0250", "identifier", "Judgment CELEX"),
        ("ECLI:EU:C:2011:793", "ECLI:EU:C", "identifier", "Judgment ECLI"),
        (",No,,,No,\nJoined Cases C-1", ",Maybe,,,No,\nJoined Cases C-1", "unknown-value", "Maybe"),
        ("Case Number,", "Number,", "missing-column", "Case Number"),
        ("Summary CELEX", "Colour", "unknown-column", "Colour"),
    ],
)
def test_what_is_not_known_stops(tmp_path: Path, old: str, new: str, rule: str, words: str) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(CASES.read_text().replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        records("cjeu", file)
    assert caught.value.findings[0].rule == rule and words in caught.value.findings[0].message()
    assert caught.value.findings[0].place.line


def test_real_list() -> None:
    file = sample("cjeu/cjeu-cases.csv")
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines(keepends=True)))
    made = [record.data for record in records("cjeu", file, index=HELD)]
    assert sum(data["type"] == "Case" for data in made) == len(rows) == 72
    judgments = [data for data in made if data["type"] == "Decision"]
    assert len(judgments) == sum(bool(row["Judgment ECLI"] or row["Judgment CELEX"]) for row in rows)
    opinions = [data for data in made if data["type"] == "AdvocateGeneralOpinion"]
    assert len(opinions) == sum(bool(row["AG Opinion ECLI"]) for row in rows)
    ours = [data for data in made if data["id"] == "decision-cjeu-c-821-19"]
    assert [data["celex"] for data in ours] == ["62019CJ0821"]
    mirza = next(data for data in judgments if data.get("celex") == "62015CJ0695")  # traced by hand: line 2
    assert mirza["ecli"] == "ECLI:EU:C:2016:188" and mirza["date"] == "2016"
    kokott = next(data for data in opinions if data["ecli"] == "ECLI:EU:C:2016:146")
    assert kokott["date"] == "2016-03-08" and kokott["inCase"] == mirza["inCase"]

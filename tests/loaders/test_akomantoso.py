"""Akoma Ntoso: acts and judgments of any publisher, and those of Find Case Law."""

from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from tests.loaders.lawsources import FIXTURES, named, records, sample

ACT, JUDGMENT = FIXTURES / "akomantoso" / "act.xml", FIXTURES / "akomantoso" / "judgment.xml"
BRITISH = FIXTURES / "uk_caselaw" / "judgment.xml"


def test_act() -> None:
    (act,) = (record.data for record in records("akomantoso", ACT))
    assert act["label"]["en"].startswith("Example Act, 2099") and act["adopted"] == "2099-03-01"
    assert act["jurisdiction"] == "kenya" and act["instrumentType"] == "act"


def test_the_day_of_an_expression_is_not_that_of_adoption(tmp_path: Path) -> None:
    file = tmp_path / "act.xml"
    text = ACT.read_text().replace('name="enacted"', 'name="markup"')
    file.write_text(text.replace('date="2099-03-02" name="markup"', 'date="2099-03-02" name="consolidated"'))
    (act,) = (record.data for record in records("akomantoso", file))
    assert "adopted" not in act


def test_ids_of_version_2(tmp_path: Path) -> None:
    file = tmp_path / "judgment.xml"
    text = JUDGMENT.read_text().replace("eId=", "id=").replace(">LADY JUSTICE X</judge>", ">X</judge>")
    file.write_text(text)
    assert records("akomantoso", file)[1].data["judges"] == ["LADY JUSTICE X"]


def test_result_of_a_judgment() -> None:
    made = [record.data for record in records("akomantoso", JUDGMENT)]
    assert [data["type"] for data in made] == ["Case", "Decision"] and made[1]["outcome"] == ["referred"]


def test_british_judgment() -> None:
    case, decision = (record.data for record in records("uk-caselaw", BRITISH))
    assert case["partyDescription"] == "R v AB" and case["docket"] == ["209900001 A1"] and case["court"] == "ewca-crim"
    assert decision["neutralCitation"] == "[2099] EWCA Crim 1" and decision["judges"] == ["LADY JUSTICE X"]
    assert decision["date"] == "2099-11-15" and "outcome" not in decision  # it is prose


def test_known_british_judgment() -> None:
    index = {("neutralCitation", "[2099] EWCA Crim 1"): [("dec-ours", "Decision")]}
    made = named(records("uk-caselaw", BRITISH, index=index))
    assert [data["id"] for data in made.values()] == ["dec-ours"]


@pytest.mark.parametrize(
    ("file", "old", "new", "rule", "words"),
    [
        (JUDGMENT, 'type="remit"', 'type="guess"', "unknown-value", "guess"),
        (ACT, "akn/3.0/CSD13", "akn/9.9", "namespace", "akn/9.9"),
        (ACT, "<act ", "<poem ", "unknown-value", "poem"),
        (ACT, 'date="2099-03-01"', 'date="1st of March"', "syntax", "1st of Mar"),
        (ACT, "<body>", "<surprise>x</surprise><body>", "unread-field", "akomaNtoso/act/surprise"),
        (ACT, "FRBRuri", "FRBRurl", "unread-field", "FRBRurl"),
    ],
)
def test_what_is_not_known_stops(tmp_path: Path, file: Path, old: str, new: str, rule: str, words: str) -> None:
    changed = tmp_path / "document.xml"
    text = file.read_text()
    assert old in text
    changed.write_text(text.replace(old, new).replace("</act>", "</poem>" if new == "<poem " else "</act>"))
    with pytest.raises(InputError) as caught:
        records("akomantoso", changed)
    assert caught.value.findings[0].rule == rule and words in caught.value.findings[0].message()
    assert caught.value.findings[0].place.line


def test_a_service_of_judgments_has_no_acts() -> None:
    with pytest.raises(InputError, match="no judgment"):
        records("uk-caselaw", sample("akomantoso/uk_pga-2014-27-enacted-data.xml"))


def test_real_documents() -> None:
    made = [record.data for record in records("akomantoso", sample("akomantoso"))]
    assert sorted(data["type"] for data in made) == ["Case", "Decision", "Event", "LegalInstrument", "LegalInstrument"]
    act = next(data for data in made if "2014/27" in data["label"]["en"])  # traced by hand
    assert (
        act["altLabel"]["en"] == "Data Retention and Investigatory Powers Act 2014" and act["adopted"] == "2014-07-17"
    )
    african = next(data for data in made if data["type"] == "Decision")  # traced by hand: result type="deny"
    assert african["outcome"] == ["claim-rejected"] and african["date"] == "2008-11-26"  # delivered, not heard


def test_real_british_judgments() -> None:
    made = named(
        records("uk-caselaw", sample("uk-caselaw/ewca_civ_2022_840.xml"), sample("uk-caselaw/uksc_2023_42.xml"))
    )
    decisions = {data["neutralCitation"]: data for data in made.values() if data["type"] == "Decision"}
    assert sorted(decisions) == ["[2022] EWCA Civ 840", "[2023] UKSC 42"]
    assert len(decisions["[2023] UKSC 42"]["judges"]) == 5 and decisions["[2023] UKSC 42"]["date"] == "2023-11-15"
    case = next(data for data in made.values() if data.get("docket") == ["CA-2022-001147"])
    assert case["partyDescription"].startswith("PUBLIC AND COMMERCIAL SERVICES UNION")

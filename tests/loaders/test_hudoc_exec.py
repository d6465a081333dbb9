"""The supervision of the execution of judgments."""

from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from tests.loaders.lawsources import FIXTURES, named, records, sample

PAGE = FIXTURES / "hudoc_exec" / "page.json"


def test_case_decision_and_report() -> None:
    made = named(records("hudoc-exec", PAGE, index={("docket", "9/19"): [("case-ours", "Case")]}))
    case, closing = made["execution-004-900-case"], made["execution-004-900"]
    assert case["id"] == "hudoc-case-1-20" and case["docket"] == ["1/20", "2/20"]
    assert case["note"] == "Execution of the judgment: enhanced supervision; supervision closed; leading case."
    assert "outcome" not in case and "finalOutcome" not in case
    assert closing["date"] == "2024-06-13" and closing["officialNumber"] == "CM/ResDH(2024)99"
    group = made["execution-004-901"]  # on two cases, of which the graph holds one
    assert group["inCase"] == ["case-ours"] and group["date"] == "2022-03-08/.."
    assert made["execution-004-902"]["inCase"] == ["case-ours"] and made["execution-004-902-case"]["id"] == "case-ours"


def test_card_and_document_of_a_resolution_are_one_act(tmp_path: Path) -> None:
    file = tmp_path / "page.json"
    file.write_text(PAGE.read_text().replace('"acr"', '"res"').replace("DH-DD(2023)1", "CM/ResDH(2024)99"))
    made = named(records("hudoc-exec", file))
    assert made["execution-004-900"]["id"] == made["execution-004-902"]["id"] != "execution-004-900"


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        ('"acr"', '"xyz"', "unknown-value", "xyz"),
        ('"STAND"', '"ODD"', "unknown-value", "ODD"),
        ('"execisclosed": "True"', '"execisclosed": "Maybe"', "unknown-value", "Maybe"),
        ('"2023-01-05T00:00:00"', '"January"', "syntax", "January"),
        ('"contentbody"', '"surprise"', "unread-field", "surprise"),
    ],
)
def test_what_is_not_known_stops(tmp_path: Path, old: str, new: str, rule: str, words: str) -> None:
    file = tmp_path / "page.json"
    file.write_text(PAGE.read_text().replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        records("hudoc-exec", file)
    assert caught.value.findings[0].rule == rule and words in caught.value.findings[0].message()


def test_real_documents() -> None:
    made = named(records("hudoc-exec", sample("hudoc-exec")))
    assert sum(data["type"] == "ProceduralAct" for data in made.values()) == 3  # one a file
    greek = made["execution-93165"]  # traced by hand
    assert greek["officialNumber"] == "CM/Del/Dec(2026)1553/H46-19" and greek["docket"] == ["33349/10", "3566/16"]
    hungarian = made["execution-93376-case"]  # traced by hand: Hajzer and Others
    assert hungarian["respondent"] == ["hungary"] and "enhanced supervision; supervision open" in hungarian["note"]
    assert made["execution-93379"]["label"]["en"] == "Action report, DH-DD(2026)381"

"""Laws, rulings and procedures from notices of the Publications Office, and from the web service of EUR-Lex."""

from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from tests.loaders.lawsources import FIXTURES, named, records, sample

NOTICES = FIXTURES / "eurlex_notice"
DIRECTIVE = {("celex", "32013L0032"): [("eu-directive-2013-32", "LegalInstrument")]}


def test_judgment_has_the_outcome_of_its_own_procedure() -> None:
    made = named(records("eurlex-notice", NOTICES / "judgment.xml", index=DIRECTIVE))
    ruling, case = made["eurlex-62018cj9999"], made["eurlex-62018cj9999-case"]
    # The type of procedure of a work that is only linked (ANNU=XX, unknown) is not its own.
    assert ruling["outcome"] == ["infringement-declared"] and ruling["date"] == "2020-12-17"
    assert ruling["ecli"] == "ECLI:EU:C:2020:9999" and ruling["applies"] == ["eu-directive-2013-32"]
    assert case["docket"] == ["C-9999/18"] and case["partyDescription"] == "European Commission v Ruritania"
    assert ruling["inCase"] == case["id"] == "eurlex-case-c-9999-18" and case["court"] == "cjeu"


def test_judgment_of_a_known_case() -> None:
    index = {
        ("docket", "C-9999/18"): [("case-ours", "Case")],
        ("celex", "62018CJ9999"): [("decision-ours", "Decision")],
    }
    made = named(records("eurlex-notice", NOTICES / "judgment.xml", index=index))
    assert set(made) == {"eurlex-62018cj9999"} and made["eurlex-62018cj9999"]["id"] == "decision-ours"
    assert "outcomeDescription" not in made["eurlex-62018cj9999"]


def test_law_names_what_the_graph_does_not_hold() -> None:
    (law,) = (record.data for record in records("eurlex-notice", NOTICES / "directive.xml", index=DIRECTIVE))
    assert law["instrumentType"] == "eu-directive" and law["legislativeStatus"] == "in-force"
    assert (law["adopted"], law["inForce"]) == ("2099-06-26", "2099-07-19") and "endDate" not in law
    assert law["amends"] == ["eu-directive-2013-32"] and law["amendsDescription"] == "32098L0007"
    assert (
        law["note"] == "EUR-Lex: legal basis: 12012E078." and law["eliUri"] == "http://data.europa.eu/eli/dir/2099/1/oj"
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "rule", "words"),
    [
        (
            "judgment.xml",
            "<IDENTIFIER>CONS=OB</IDENTIFIER>",
            "<IDENTIFIER>CONS=ZZ</IDENTIFIER>",
            "unknown-value",
            "CONS=ZZ",
        ),
        ("judgment.xml", "<IDENTIFIER>62018CJ9999<", "<IDENTIFIER>62018ZZ9999<", "identifier", "ZZ"),
        ("judgment.xml", "<VALUE>2020-12-17", "<VALUE>17.12.2020", "syntax", "17.12.2020"),
        ("judgment.xml", "<IDENTIFIER>ENG<", "<IDENTIFIER>XXX<", "unknown-value", "XXX"),
        ("directive.xml", "<VALUE>true", "<VALUE>perhaps", "unknown-value", "perhaps"),
        ("directive.xml", "  </WORK>", "  <SURPRISE/></WORK>", "unread-field", "NOTICE/WORK/SURPRISE"),
        ("directive.xml", "NOTICE", "NOTE", "root", "NOTE"),
    ],
)
def test_what_is_not_known_stops(tmp_path: Path, file: str, old: str, new: str, rule: str, words: str) -> None:
    changed = tmp_path / file
    text = (NOTICES / file).read_text()
    assert old in text
    changed.write_text(text.replace(old, new))
    with pytest.raises(InputError) as caught:
        records("eurlex-notice", changed)
    assert caught.value.findings[0].rule == rule and words in caught.value.findings[0].message()
    assert caught.value.findings[0].place.line


def test_real_notices() -> None:
    folder = sample("eurlex-notice")
    made = named(records("eurlex-notice", folder))
    # The notices of a work, of its English expression, of a proposal, and of a judgment with its case.
    assert sorted(made) == [
        "eurlex-32018r0196",
        "eurlex-32018r0196-en",
        "eurlex-52018pc0340",
        "eurlex-62012fj0157",
        "eurlex-62012fj0157-case",
    ]
    staff = made["eurlex-62012fj0157"]  # traced by hand: FONC=RI, «Staff cases - inadmissible»
    assert (
        staff["outcome"] == ["inadmissible"] and staff["date"] == "2014-06-19" and staff["ecli"] == "ECLI:EU:F:2014:164"
    )
    assert made["eurlex-62012fj0157-case"]["docket"] == ["F-157/12"]
    proposal = made["eurlex-52018pc0340"]  # traced by hand
    assert proposal["proposed"] == "2018-05-28" and proposal["instrumentType"] == "bill"
    assert proposal["note"] == "EUR-Lex: legal basis: 12016E192." and set(proposal["altLabel"]) == {"en", "de"}
    assert made["eurlex-32018r0196"]["id"] == made["eurlex-32018r0196-en"]["id"]
    assert made["eurlex-32018r0196"]["inForce"] == "2018-03-08"


def test_web_service() -> None:
    (law,) = (record.data for record in records("eurlex-ws", FIXTURES / "eurlex_ws" / "reply.xml"))
    assert law["celex"] == "32099R0005" and law["adopted"] == "2099-12-16"  # without the marks of the search
    assert law["id"] == "eurlex-32099r0005" and law["record"] == "eurlexws-32099r0005"
    assert law["altLabel"] == {"en": "Regulation (EU) 2099/5 on an example"}


def test_web_service_counts_its_hits(tmp_path: Path) -> None:
    file = tmp_path / "reply.xml"
    text = (FIXTURES / "eurlex_ws" / "reply.xml").read_text()
    file.write_text(text.replace("<numhits>1", "<numhits>2"))
    with pytest.raises(InputError, match="counts 2 hits, 1 were read"):
        records("eurlex-ws", file)


def test_real_web_service() -> None:
    made = [record.data for record in records("eurlex-ws", sample("eurlex-ws/result.xml"))]
    assert [law["celex"] for law in made] == ["32014R1337", "32014R1338"]  # numhits: 2
    assert [law.get("legislativeStatus") for law in made] == [None, "in-force"]
    with pytest.raises(InputError, match="WS_QUERY_SYNTAX_ERROR"):
        records("eurlex-ws", sample("eurlex-ws/error_response_invalid_query.xml"))
    with pytest.raises(InputError):
        records("eurlex-ws", sample("eurlex-ws/result_empty_searchresult.xml"))

"""Law and cases of Hungary, the United Kingdom, the United States and the treaty bodies, from JSON records."""

from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from tests.loaders.lawsources import FIXTURES, named, records, sample


def test_act_of_hungary() -> None:
    (act,) = (record.data for record in records("hu-law", FIXTURES / "hu_law" / "act.json"))
    assert act["officialNumber"] == "2099. évi VI. törvény" and act["adopted"] == "2099"
    assert act["eliUri"] == "https://njt.hu/eli/TV/2099/6" and act["label"]["hu"] == "2099. évi VI. törvény"


def test_known_act_of_hungary_is_joined() -> None:
    index = {("officialNumber", "2099. évi VI. törvény"): [("hu-act-vi-2099", "LegalInstrument")]}
    (act,) = (record.data for record in records("hu-law", FIXTURES / "hu_law" / "act.json", index=index))
    assert act["id"] == "hu-act-vi-2099" and act["record"] == "hulaw-2099-6-00-00" and "label" not in act


def test_act_of_the_united_kingdom() -> None:
    (act,) = (record.data for record in records("uk-legislation", FIXTURES / "uk_legislation" / "act.json"))
    assert (
        act["officialNumber"] == "2099 c. 31"
        and act["adopted"] == "2099"
        and act["id"] == "uklegislation-ukpga-2099-31"
    )


def test_views_of_a_treaty_body() -> None:
    case, views = (record.data for record in records("un-treaty-bodies", FIXTURES / "un_treaty_bodies" / "views.json"))
    assert views["outcome"] == "inadmissible" and views["unSymbol"] == "CAT/C/99/D/1/2010"
    assert case["label"]["en"].startswith("Domínguez v. Spain") and case["respondent"] == ["spain"]
    assert not any("A private person" in str(data) for data in (case, views))


def test_opinion_and_courts_of_the_united_states() -> None:
    case, decision = (record.data for record in records("us-courts", FIXTURES / "us_courts" / "reply.json"))
    assert case["docket"] == "25-5243" and decision["court"] == "court-cadc" and decision["date"] == "2026-04-24"
    known, fresh = (record.data for record in records("us-courts", FIXTURES / "us_courts" / "courts.json"))
    assert known["id"] == "court-cadc" and "label" not in known
    assert fresh["id"] == "uscourts-court-exd" and fresh["courtLevel"] == "first-instance"


def test_only_names_are_judges(tmp_path: Path) -> None:
    file = tmp_path / "reply.json"
    text = (FIXTURES / "us_courts" / "reply.json").read_text()
    file.write_text(text.replace('"Childs"', '"Roberts, C.J., Smith, Jr., Per Curiam, J. B. Jones, Ivy"'))
    assert records("us-courts", file)[1].data["judges"] == ["Roberts", "Smith", "J. B. Jones", "Ivy"]


@pytest.mark.parametrize(
    ("source", "file", "old", "new", "rule", "words"),
    [
        ("hu-law", "hu_law/act.json", "HU/NJT", "HU/Other", "unknown-value", "HU/Other"),
        ("hu-law", "hu_law/act.json", '"TV"', '"XX"', "unknown-value", "XX"),
        ("hu-law", "hu_law/act.json", '"language"', '"surprise"', "unread-field", "surprise"),
        (
            "uk-legislation",
            "uk_legislation/act.json",
            '"number": "31"',
            '"number": "32"',
            "contradiction",
            "ukpga/2099/31",
        ),
        ("uk-legislation", "uk_legislation/act.json", '"text"', '"surprise"', "unread-field", "surprise"),
        (
            "un-treaty-bodies",
            "un_treaty_bodies/views.json",
            "Inadmissibility decision",
            "A hunch",
            "unknown-value",
            "A hunch",
        ),
        ("un-treaty-bodies", "un_treaty_bodies/views.json", '"Spain"', '"Ruritania"', "unknown-value", "Ruritania"),
        ("us-courts", "us_courts/reply.json", '"2026-04-24"', '"spring"', "syntax", "spring"),
        ("us-courts", "us_courts/reply.json", '"attorney"', '"surprise"', "unread-field", "surprise"),
        ("us-courts", "us_courts/courts.json", '"trial"', '"market"', "unknown-value", "market"),
    ],
)
def test_what_is_not_known_stops(
    tmp_path: Path, source: str, file: str, old: str, new: str, rule: str, words: str
) -> None:
    changed = tmp_path / "file.json"
    text = (FIXTURES / file).read_text()
    assert old in text
    changed.write_text(text.replace(old, new))
    with pytest.raises(InputError) as caught:
        records(source, changed)
    assert caught.value.findings[0].rule == rule and words in caught.value.findings[0].message()
    assert caught.value.findings[0].place.line


def test_real_hungarian_records() -> None:
    made = named(records("hu-law", sample("hu-law")))
    assert len(made) == 8  # two acts or opinions, two rulings with their cases, two questions
    act = made["hulaw-2025-136-00-00"]  # traced by hand
    assert act["officialNumber"] == "2025. évi CXXXVI. törvény"
    opinion = next(data for name, data in made.items() if "kmk-velemeny" in name)  # 2/2012 (XII.10): traced by hand
    assert opinion["adopted"] == "2012-12-10" and opinion["bindingness"] == "soft-law"
    ruling = made["hulaw-hu-anon-1-kj-2020-6"]
    assert ruling["date"] == "2020" and "outcome" not in ruling


def test_real_british_act() -> None:
    (act,) = (record.data for record in records("uk-legislation", sample("uk-legislation")))
    assert (
        act["officialNumber"] == "2025 c. 31"
        and act["label"]["en"] == "Border Security, Asylum and Immigration Act 2025"
    )


def test_real_views() -> None:
    made = named(records("un-treaty-bodies", sample("un-treaty-bodies")))
    assert len(made) == 5  # two views with their cases, one general comment
    assert made["unbodies-cat-c-51-d-429-2010"]["date"] == "2013-11-11"
    assert made["unbodies-ced-c-gc-1"]["adopted"] == "2023-10-26"
    assert "Mallikathevi" not in str(made)


def test_real_courts_and_opinions() -> None:
    made = named(records("us-courts", sample("us-courts")))
    assert sum(data["type"] == "Court" for data in made.values()) == 12
    assert sum(data["type"] == "Decision" for data in made.values()) == 3
    assert made["uscourts-us-fed-dccir-10847684"]["date"] == "2026-04-24"
    assert made["uscourts-bia-id-4177"]["reporterCitation"] == ["29 I. & N. Dec. 533"]

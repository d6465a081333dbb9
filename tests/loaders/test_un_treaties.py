"""The status of treaties deposited with the Secretary-General."""

import csv
from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading import load
from tests.loaders.lawsources import FIXTURES, named, records, sample

FOLDER = FIXTURES / "un_treaties"


def test_acts_by_the_suffix_of_their_day() -> None:
    made = [record.data for record in records("un-treaties", FOLDER / "5-99.csv")]
    acts = [(data["subject"], data["relation"], data["date"]) for data in made if data["type"] == "Connection"]
    assert acts == [
        ("hungary", "signs", "2000-12-12"),
        ("hungary", "ratifies", "2002-08-21"),
        ("bolivia", "accedesTo", "2010-02-17"),
        ("belarus", "succeedsTo", "1983-07-06"),  # «Belarus3»: the number of a footnote
        ("european-union", "signs", "2000-12-12"),
        ("european-union", "approves", "2006-09-06"),
    ]  # Yugoslavia is no more
    assert {data["object"] for data in made if data["type"] == "Connection"} == {"untc-treaty-v-99"}


def test_list_and_declarations() -> None:
    (treaty,) = (record.data for record in records("un-treaties", FOLDER / "index.csv"))
    assert treaty["untcReference"] == "V-99" and treaty["adopted"] == "1951-07-28"
    assert treaty["altLabel"] == {"en": "Convention on an Example"}
    said = [record.data for record in records("un-treaties", FOLDER / "5-99.txt")]
    assert [(each["speaker"], each["quotation"]["en"]) for each in said] == [
        ("hungary", "Subject to a reservation on article 9."),
        ("belgium", "Article 15 shall not be applicable."),
    ]
    assert not any("date" in each for each in said)
    dated = load("un-treaties", [FOLDER / "5-99.txt"], index={}, chosen={"as-of": "2015-03-14"})
    assert [record.data["date"] for record in dated] == ["../2015-03-14"] * 2


def test_known_treaty_and_act_are_joined() -> None:
    file = sample("un-treaties/treaties/5-2.csv")
    index = {("untcReference", "V-2"): [("refugee-convention-1951", "LegalInstrument")]}
    made = named(records("un-treaties", file, index=index))
    act = made["untc-v-2-accession-afg"]  # data/treaties/actions.csv holds it
    assert act["id"] == "accession-refugee-convention-1951-afg" and "label" not in act
    assert act["object"] == "refugee-convention-1951" and act["date"] == "2005-08-30"


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        ("Hungary", "Ruritania", "unknown-value", "Ruritania"),
        ("21 Aug 2002", "21 Aug 2002 z", "unknown-value", "21 Aug 2002 z"),
        ("21 Aug 2002", "31 Feb 2002", "syntax", "31 Feb 2002"),
        ("Accession(a)", "Adoration(x)", "unknown-value", "Adoration"),
        ("12 Dec 1970,", "12 Dec 1970", "syntax", "2 cells"),
    ],
)
def test_what_is_not_known_stops(tmp_path: Path, old: str, new: str, rule: str, words: str) -> None:
    file = tmp_path / "5-99.csv"
    file.write_text((FOLDER / "5-99.csv").read_text().replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        records("un-treaties", file)
    assert caught.value.findings[0].rule == rule and words in caught.value.findings[0].message()
    assert caught.value.findings[0].place.line


def test_the_name_of_the_file_tells_the_treaty(tmp_path: Path) -> None:
    file = tmp_path / "status.csv"
    file.write_text((FOLDER / "5-99.csv").read_text())
    with pytest.raises(InputError, match="chapter and number"):
        records("un-treaties", file)


@pytest.mark.parametrize("name", ["5-2", "5-5", "4-2", "18-12-b"])
def test_real_status_has_a_record_for_each_day(name: str) -> None:
    file = sample(f"un-treaties/treaties/{name}.csv")
    days = sum(bool(cell.strip()) for row in list(csv.reader(file.read_text().splitlines()))[1:] for cell in row[1:])
    made = [record.data for record in records("un-treaties", file)]
    assert sum(data["type"] == "Connection" for data in made) == days


def test_real_list_and_declarations() -> None:
    assert len(records("un-treaties", sample("un-treaties/index.csv"))) == 6
    text = sample("un-treaties/declarations/5-2.txt")
    assert len(records("un-treaties", text)) == 12  # thirteen states, of which Australia has no text

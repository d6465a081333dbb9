"""Debates of parliaments: who speaks, what is said, and what is refused."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from solidarity_spectrum.findings import Finding, InputError
from solidarity_spectrum.loading import Index, load
from solidarity_spectrum.loading.helpers import BORN, NAME
from solidarity_spectrum.records import Record, compile_records

HERE = Path(__file__).parent / "fixtures" / "parlamint"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
SITTING = "ParlaMint-XX_2018-06-25.xml"


def read(paths: list[Path], index: Index | None = None, **chosen: str) -> tuple[dict[str, Record], list[Finding]]:
    told: list[Finding] = []
    records = list(load("parlamint", paths, index or {}, chosen, warn=told.append))
    whole = [Record({"recorded": "2026-11-26", **r.data}, r.file, r.places) for r in records]
    assert not [f for f in compile_records(whole, ()).findings if f.severity == "violation"]
    return {record.name: record for record in records}, told


def refused(paths: list[Path], **chosen: str) -> tuple[str, int, str]:
    with pytest.raises(InputError) as caught:
        read(paths, **chosen)
    first = caught.value.findings[0]
    return first.rule, first.place.line, first.message()


def test_a_corpus_becomes_actors_and_candidates():
    records, told = read([HERE])
    data: dict[str, dict[str, Any]] = {name: record.data for name, record in records.items()}
    assert not told and len(data) == 6
    assert data["parlamint-xx-org-pa"]["label"] == {"hu": "Országgyűlés", "en": "Assembly"}
    assert data["parlamint-xx-org-party-a"]["type"] == "PoliticalParty"
    person = next(d for d in data.values() if d["label"]["en"] == "Ádám Őrs")
    assert (person["label"]["hu"], person["born"], person["status"]) == ("Őrs Ádám", "1970-02-03", "single-source")
    member, minister = person["offices"]
    assert member["organisation"] == "parlamint-xx-org-party-a" and "startDate" not in member
    assert (minister["label"]["en"], minister["startDate"]) == ("Minister of Something", "2018-05-18")
    (seat,) = data["parlamint-xx-kissbea"]["offices"]  # HU says so of members of parliament, without a body
    assert (seat["label"]["en"], seat["organisation"]) == ("MP", "parlamint-xx-org-pa")
    speech = data["parlamint-xx-2018-06-25-u2"]
    assert speech["status"] == "unverified" and speech["speaker"] == person["id"] and speech["date"] == "2018-06-25"
    assert speech["quotation"] == {"hu": "Tisztelt Ház! A bevándorlók ügyéről szólok most önökhöz, képviselőtársaim."}
    assert speech["sources"][0]["locator"] == "u/@xml:id = ParlaMint-XX_2018-06-25.u2 (#regular)"
    assert speech["sources"][0]["url"] == "http://hdl.handle.net/11356/1388"
    assert records["parlamint-xx-2018-06-25-u2"].place().line == 20
    assert "expresses" not in {key for d in data.values() for key in d}


def test_speeches_are_chosen_by_word_day_and_speaker():
    def chosen(**choice: str) -> list[str]:
        try:
            return [name[-2:] for name in read([HERE / SITTING], **choice)[0]]
        except InputError as error:
            assert error.findings[0].rule == "nothing"
            return []

    assert chosen() == ["u2", "u3"]
    assert chosen(words="migráns, menekült") == chosen(speaker="Őrs") == ["u2"] and chosen(words="igráns") == []
    assert chosen(speaker="KissBea") == ["u3"]
    assert chosen(**{"from": "2018-06-25", "to": "2018-06"}) == ["u2", "u3"]
    assert chosen(to="2018-06-24") == chosen(**{"from": "2018-07"}) == []
    quoted = read([HERE / SITTING], words="migráns")[0]["parlamint-xx-2018-06-25-u2"].data["quotation"]["hu"]
    assert quoted == "A migránsok jogai mindenkit megilletnek ebben az országban."
    assert refused([HERE], **{"from": "June"})[0] == "date"


def test_a_quotation_is_in_the_language_of_its_paragraph(tmp_path: Path):
    for each in HERE.iterdir():
        shutil.copy(each, tmp_path)
    text = (tmp_path / SITTING).read_text("utf-8")
    (tmp_path / SITTING).write_text(text.replace('xml:id="s2"', 'xml:id="s2" xml:lang="de"'), "utf-8")
    for words, language in (("bevándorl", "hu"), ("migráns", "de")):
        records, _ = read([tmp_path / SITTING, tmp_path / "ParlaMint-XX.xml"], words=words)
        assert list(records["parlamint-xx-2018-06-25-u2"].data["quotation"]) == [language]


def test_speakers_meet_who_is_in_the_graph():
    index = {
        ("wikidataId", "Q77"): [("bea-kiss", "Person")],
        ("wikidataId", "Q648716"): [("hungarian-national-assembly", "Organisation")],
        (NAME, "adam ors"): [("adam-ors", "Person")],
    }
    records, _ = read([HERE], index)
    data = {name: record.data for name, record in records.items()}
    assert (data["parlamint-xx-kissbea"]["id"], data["parlamint-xx-org-pa"]["id"]) == (
        "bea-kiss",
        "hungarian-national-assembly",
    )
    assert "label" not in data["parlamint-xx-kissbea"]
    assert {d["speaker"] for d in data.values() if d["type"] == "Statement"} == {"adam-ors", "bea-kiss"}
    assert "Ádám Őrs" not in {d.get("label", {}).get("en") for d in data.values()}
    records, _ = read([HERE], index | {(BORN, "adam-ors"): [("1950", "")]})
    assert "adam-ors" not in {r.data.get("speaker") for r in records.values()}


@pytest.mark.parametrize(
    ("file", "change", "rule", "says"),
    [
        (SITTING, ("#KissBea", "#Nobody"), "unknown-value", "«Nobody»"),
        (SITTING, ('tei-c.org/ns/1.0" xml:id', 'tei-c.org/ns/2.0" xml:id'), "namespace", "2.0"),
        (SITTING, ("<head>", "<table/><head>"), "unread-field", "TEI/text/body/div/table"),
        (SITTING, ("<seg>Az", "<seg><table/>Az"), "unread-field", "seg/table"),
        (SITTING, ("</body>", ""), "syntax", "not valid XML"),
        (SITTING, ('u3"', 'u2"'), "duplicate-id", "stands twice"),
        (SITTING, ('when="2018-06-25"', ""), "missing-field", "no day"),
        ("ParlaMint-XX.xml", ('role="parliament"', 'role="junta"'), "unknown-value", "«junta»"),
        ("ParlaMint-XX.xml", ('<sex value="F"', '<shoe value="F"'), "unread-field", "person/shoe"),
    ],
)
def test_what_a_corpus_must_not_be(file: str, change: tuple[str, str], rule: str, says: str, tmp_path: Path):
    for each in HERE.iterdir():
        shutil.copy(each, tmp_path)
    text = (tmp_path / file).read_text("utf-8")
    assert change[0] in text
    (tmp_path / file).write_text(text.replace(change[0], change[1]), "utf-8")
    if rule == "syntax":
        (tmp_path / file).write_text(text[: text.index("</body>")], "utf-8")
    found, _, message = refused([tmp_path])
    assert found == rule and says in message


def test_a_sitting_needs_its_corpus_and_the_plain_version(tmp_path: Path):
    shutil.copy(HERE / SITTING, tmp_path)
    assert refused([tmp_path])[0] == "missing-file"
    shutil.copy(HERE / SITTING, tmp_path / "other.xml")
    assert refused([tmp_path / "other.xml"])[0] == "root"


def test_a_cut_sitting_is_told(tmp_path: Path):
    for each in HERE.iterdir():
        shutil.copy(each, tmp_path)
    text = (tmp_path / SITTING).read_text("utf-8")
    (tmp_path / SITTING).write_text(text.replace('occurs="4"', 'occurs="9"'), "utf-8")
    assert "counts 9 speeches, 4 are in it" in read([tmp_path])[1][0].message()


def test_speeches_of_a_table(tmp_path: Path):
    table = tmp_path / "gb_speeches.csv"
    table.write_text(
        ",date,speaker,speech,affiliations,orientations_desc,sex,orientation_class\n"
        '7,2022-04-19,PritiPatel,"The global migration\ncrisis.",party.CON,,F,RIGHT\n',
        "utf-8",
    )
    records, _ = read([table])
    person, speech = (record.data for record in records.values())
    assert (person["label"]["en"], speech["speaker"]) == ("Priti Patel", person["id"])
    assert speech["quotation"]["en"] == "The global migration crisis."
    joined = read([table], {(NAME, "patel priti"): [("priti-patel", "Person")]})[0]
    assert [r.data["speaker"] for r in joined.values()] == ["priti-patel"]


@pytest.mark.skipif(not (SAMPLES / "parlamint-hu").is_dir(), reason="the samples are not beside the project")
def test_the_real_corpora():
    hu, _ = read([SAMPLES / "parlamint-hu"])
    kinds = [r.data["type"] for r in hu.values()]
    assert [kinds.count(k) for k in ("Statement", "Person")] == [54, 194]
    es, told = read([SAMPLES / "parlamint-es"])
    assert len(told) == 2 and sum(r.data["type"] == "Person" for r in es.values()) == 7
    gb, _ = read([SAMPLES / "parlamint-gb"])
    assert sum(r.data["type"] == "Statement" for r in gb.values()) == 16


def test_several_tables_share_their_speakers(tmp_path: Path):
    for day in ("2022-04-19", "2022-04-20"):
        text = f"date,speaker,speech\n{day},PritiPatel,Global migration.\n"
        (tmp_path / f"gb_{day}.csv").write_text(text, "utf-8")
    records, _ = read(sorted(tmp_path.iterdir()))
    assert sorted(record.data["type"] for record in records.values()) == ["Person", "Statement", "Statement"]

"""Roll calls, incidents and works: the real formats in small, and the real files where they are at hand."""

import csv
import gzip
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loaders.unvotes import _symbol as unvotes_symbol
from solidarity_spectrum.loading import describe, fetch, load
from solidarity_spectrum.records import Record
from tests.test_loading_client import Server, say, server

__all__ = ["server"]

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
real = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real samples are not beside the project")

CALLS = "rcid,session,importantvote,date,unres,amend,para,short,descr\n"
VOTES = "rcid,country,country_code,vote\n"
INDEX = {
    ("unSymbol", "A/RES/73/195"): [("a-res-73-195", "LegalInstrument")],
    ("doi", "10.1177/0002716217746641"): [("achilli-2018", "Work")],
}
BULK = (
    "undl_id,ms_code,ms_name,ms_vote,date,session,resolution,draft,committee_report,meeting,title,agenda_title,subjects,"
    "vote_note,total_yes,total_no,total_abstentions,total_non_voting,total_ms,undl_link\n"
)
MARC = """<?xml version="1.0"?>
<collection xmlns="http://www.loc.gov/MARC21/slim"><record><leader>x</leader>
<controlfield tag="001">77</controlfield>
<datafield tag="269" ind1=" " ind2=" "><subfield code="a">2018-12-19</subfield></datafield>
<datafield tag="791" ind1=" " ind2=" "><subfield code="a">A/RES/73/195</subfield></datafield>
<datafield tag="967" ind1=" " ind2=" "><subfield code="a">1</subfield><subfield code="c">HUN</subfield>
<subfield code="d">N</subfield><subfield code="e">HUNGARY</subfield></datafield>
<datafield tag="967" ind1=" " ind2=" "><subfield code="a">2</subfield><subfield code="c">BEN</subfield>
<subfield code="e">BENIN</subfield></datafield>
<datafield tag="996" ind1=" " ind2=" "><subfield code="b">0</subfield><subfield code="c">1</subfield>
<subfield code="d">0</subfield><subfield code="e">1</subfield><subfield code="f">2</subfield></datafield>
</record></collection>
"""


def records(source: str, *paths: Path, **chosen: str) -> list[Record]:
    return list(load(source, paths, index=INDEX, chosen=chosen))


def refused(source: str, *paths: Path, **chosen: str) -> tuple[str, int, str]:
    """Rule, line and message of the first thing that stops a load."""
    with pytest.raises(InputError) as error:
        records(source, *paths, **chosen)
    found = error.value.findings[0]
    return found.rule, found.place.line, found.message()


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def roll_calls(tmp_path: Path) -> Path:
    written(
        tmp_path,
        "un_roll_calls.csv",
        CALLS
        + "1,73,,2018-12-19,R/73/195,0,0,Compact,x\n2,73,,2018-12-20,A/RES/73/300,0,0,Other,x\n"
        + "3,73,,2018-12-20,R/73/1,1,0,,\n",
    )
    return tmp_path


def test_votes_join_the_resolution_that_the_graph_holds(roll_calls: Path) -> None:
    file = written(roll_calls, "un_votes.csv", VOTES + "1,Hungary,HU,no\n2,Yugoslavia,YU,abstain\n3,Hungary,HU,yes\n")
    vote, resolution, state, other = (record.data for record in records("unvotes", file))
    assert (vote["subject"], vote["relation"], vote["object"]) == ("hungary", "votesAgainstAdoptionOf", "a-res-73-195")
    assert (resolution["unSymbol"], resolution["adopted"]) == ("A/RES/73/300", "2018-12-20")
    assert (state["type"], other["subject"], other["object"]) == ("State", state["id"], resolution["id"])


@pytest.mark.parametrize(
    ("written", "symbol"),
    [("R/73/195", "A/RES/73/195"), ("A/RES/3/194", "A/RES/194(III)"), ("R/30/3379", "A/RES/3379(XXX)"), ("R/1/7", "")],
)
def test_symbols_of_all_times(written: str, symbol: str) -> None:
    assert unvotes_symbol(written) == symbol


def test_a_vote_that_cannot_be_placed_stops_the_load(roll_calls: Path, tmp_path: Path) -> None:
    for row, rule in (
        ("9,Hungary,HU,no", "unknown-value"),
        ("1,Atlantis,,no", "unknown-value"),
        ("1,Hungary,HU,x", "unknown-value"),
    ):
        assert refused("unvotes", written(roll_calls, "un_votes.csv", VOTES + row + "\n"))[:2] == (rule, 2)
    alone = tmp_path / "alone"
    alone.mkdir()
    assert refused("unvotes", written(alone, "un_votes.csv", VOTES + "1,Hungary,HU,no\n"))[0] == "missing-file"
    unknown = written(roll_calls, "un_votes.csv", VOTES.strip() + ",mood\n1,Hungary,HU,no,bad\n")
    rule, line, message = refused("unvotes", unknown)
    assert (rule, line) == ("unknown-column", 1) and "mood" in message


def bulk(*votes: str, total: str = "1.0,1.0,0.0,0.0,2.0") -> str:
    rows = [f"7,{vote},2018-12-19,73,A/RES/73/300,,,,A title : resolution / adopted,,,,{total},u\n" for vote in votes]
    return BULK + "".join(rows)


def test_the_bulk_file_is_compared_with_its_totals(tmp_path: Path) -> None:
    whole = written(tmp_path, "a.csv", bulk("HUN,HUNGARY,N", "BEN,BENIN,Y"))
    resolution, no, yes = (record.data for record in records("un-digital-library", whole))
    assert resolution["label"]["en"] == "A title (A/RES/73/300)" and resolution["votesAgainst"] == 1
    assert (no["relation"], yes["relation"]) == ("votesAgainstAdoptionOf", "votesInFavourOf")
    wrong = written(tmp_path, "b.csv", bulk("HUN,HUNGARY,N", "BEN,BENIN,A"))
    assert refused("un-digital-library", wrong)[:2] == ("total", 2)
    part = written(tmp_path, "c.csv", bulk("HUN,HUNGARY,N"))
    assert refused("un-digital-library", part)[0] == "total"
    assert len(records("un-digital-library", part, extract="yes")) == 2
    code = written(tmp_path, "d.csv", bulk("XXX,NOWHERE,N", "BEN,BENIN,Y"))
    assert refused("un-digital-library", code)[:2] == ("unknown-value", 2)


def test_marc_records_give_the_same(tmp_path: Path) -> None:
    file = written(tmp_path, "a.xml", MARC)
    found = [record.data for record in records("un-digital-library", file)]
    assert [(vote["subject"], vote["relation"], vote["object"]) for vote in found] == [
        ("hungary", "votesAgainstAdoptionOf", "a-res-73-195"),
        ("benin", "doesNotVoteOn", "a-res-73-195"),
    ]
    for text, rule in (
        (MARC.replace('code="d">N', 'code="d">Q'), "unknown-value"),
        (MARC.replace('<subfield code="c">1<', '<subfield code="c">2<'), "total"),
        (MARC[:-60], "syntax"),
        (MARC.replace("MARC21/slim", "MARC22/slim"), "namespace"),
        (MARC.replace("791", "792"), "missing-field"),
    ):
        assert refused("un-digital-library", written(tmp_path, "b.xml", text))[0] == rule


def test_a_resolution_in_json(tmp_path: Path) -> None:
    item = {"symbol": "A/RES/80/240", "title": "Issued in GAOR", "date": "2025-12-31", "url": "https://a.example/1"}
    item |= {"body": "General Assembly", "doc_type": "resolution", "text": "x", "subjects": ["X"]}
    (record,) = records("un-digital-library", written(tmp_path, "a.json", json.dumps(item)))
    assert (record.data["unSymbol"], record.data["label"]) == ("A/RES/80/240", {"en": "A/RES/80/240"})
    assert "adopted" not in record.data
    other = written(tmp_path, "b.json", json.dumps(item | {"body": "Security Council"}))
    assert refused("un-digital-library", other)[0] == "unknown-value"


INCIDENT = "Web ID,Region of Incident,Reported Date,Reported Year,Reported Month,Number Dead,Cause of Death,URL\n"
LATER = "Incident ID,Incident Type,Region of Incident,Incident Date,Number of Dead,Cause of Death,Coordinates\n"


@pytest.mark.parametrize(
    ("text", "day", "dead"),
    [
        (INCIDENT + "9,Mediterranean,28-Oct-19,2019,Oct,1,Drowning,http://a.example/x\n", "2019-10-28", 1),
        (INCIDENT + "9,Mediterranean,,2019,Oct,,Drowning,\n", "2019-10", None),
        (INCIDENT + '9,Mediterranean,28-Oct-19,2019,Oct,"1,022",Drowning,\n', "2019-10-28", 1022),
        (LATER + '9,Incident,Europe,2023-02-26,94,Drowning,"38.9, 17.1"\n', "2023-02-26", 94),
    ],
)
def test_incidents_of_both_layouts(tmp_path: Path, text: str, day: str, dead: int | None) -> None:
    if dead is None:
        assert refused("missing-migrants", written(tmp_path, "m.csv", text))[0] == "assertion"  # no figures at all
        return
    (record,) = records("missing-migrants", written(tmp_path, "m.csv", text))
    assert record.data["date"] == day
    assert [figure["value"] for figure in record.data["figures"]] == [dead]


def test_a_broken_incident_names_its_line(tmp_path: Path) -> None:
    for cells, rule in (("9,M,31-Feb-19,2019,Feb,1,D,", "date"), ("9,M,28-Oct-19,2019,Oct,many,D,", "value")):
        file = written(tmp_path, "m.csv", INCIDENT + "8,M,28-Oct-19,2019,Oct,1,D,\n" + cells + "\n")
        assert refused("missing-migrants", file)[:2] == (rule, 3)


BIB = """@article{achilli, title = {The {G}ood Smuggler}, author = {Achilli, Luigi and {Some Body}},
  year = 2018, month = jan, journal = {Annals}, pages = {77--96}, doi = {10.1177/0002716217746641}, langid = {english}}

@incollection{part, title = {K{\\H o}v{\\'a}ri}, editor = {A, B}, booktitle = {Whole}, date = {2019-05}, isbn = {x}}
"""


def test_bibtex(tmp_path: Path) -> None:
    file = written(tmp_path, "list.bib", BIB.replace(", isbn = {x}", ""))
    known, part = (record.data for record in records("bibliography", file))
    assert (known["id"], known["record"]) == ("achilli-2018", "bibliography-10-1177-0002716217746641")
    assert known["authorName"] == ["Luigi Achilli", "Some Body"] and known["published"] == "2018-01"
    assert (part["id"], part["label"]["en"], part["workType"]) == ("bibliography-list-part", "Kővári", "book-chapter")
    assert part["published"] == "2019-05" and part["containerTitle"] == "Whole"


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        (BIB, "identifier", 4),
        (BIB.replace("year = 2018", "year = {in press}"), "date", 1),
        (BIB.replace("langid = {english}", "mood = {bad}"), "unread-field", 1),
        (BIB.replace("@article", "@case"), "unknown-value", 1),
        (BIB.replace("10.1177/", "11.1177/"), "identifier", 1),
        ("@article{x, title = {A}, title = {B}}", "duplicate", 1),
        ("@article{x, title = {A}}\n\n@book{y, title = {B", "syntax", 3),
        ("", "assertion", 0),
    ],
)
def test_a_broken_bibtex_entry_names_its_line(tmp_path: Path, text: str, rule: str, line: int) -> None:
    assert refused("bibliography", written(tmp_path, "list.bib", text))[:2] == (rule, line)


RIS = """Record 1
1.
TY  - JOUR
ID  - 5
TI  - Title
AU  - Marx, Karl
PY  - 2014/03//
SP  - 1
EP  - 9
SN  - 1932-6208
ER  -
"""


def test_ris(tmp_path: Path) -> None:
    (record,) = records("bibliography", written(tmp_path, "list.ris", "\ufeff" + RIS))
    said = record.data
    assert (said["authorName"], said["published"], said["pages"]) == (["Karl Marx"], "2014-03", "1-9")
    assert record.place().line == 3 and "isbn" not in said


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        (RIS.replace("ER  -\n", ""), "syntax", 10),
        (RIS.replace("ER  -", "TY  - BOOK"), "syntax", 11),
        ("ER  -\n" + RIS, "syntax", 1),
        (RIS.replace("JOUR", "CASE"), "unknown-value", 3),
        (RIS.replace("JOUR", "NOPE"), "unknown-value", 3),
        (RIS.replace("ID  - 5", "XX  - 5"), "unread-field", 3),
        (RIS + RIS, "duplicate-id", 14),
    ],
)
def test_a_broken_ris_entry_names_its_line(tmp_path: Path, text: str, rule: str, line: int) -> None:
    assert refused("bibliography", written(tmp_path, "list.ris", text))[:2] == (rule, line)


def crossref(**more: Any) -> dict[str, Any]:
    item = {
        "DOI": "10.1177/0002716217746641",
        "type": "journal-article",
        "title": ["The <i>Good</i> Smuggler"],
        "author": [{"given": "Luigi", "family": "Achilli", "sequence": "first", "affiliation": []}],
        "issued": {"date-parts": [[None]]},
        "published-print": {"date-parts": [[2018, 3]]},
    }
    return item | more


def test_crossref_and_csl(tmp_path: Path) -> None:
    reply = {"status": "ok", "message-type": "work-list", "message": {"total-results": 1, "items": [crossref()]}}
    alone = {"status": "ok", "message-type": "work", "message": crossref(DOI="10.1177/other", language="en")}
    (known,) = records("crossref", written(tmp_path, "a.json", json.dumps(reply)))
    (new,) = records("crossref", written(tmp_path, "b.json", json.dumps(alone)))
    assert (known.data["id"], known.data["published"]) == ("achilli-2018", "2018-03")
    assert new.data["title"] == {"en": "The Good Smuggler"}
    item = crossref(id="x", type="article-journal", title="T", DOI="") | {"issued": {"raw": "2018-5"}}
    item["author"] = [{"literal": "A Body"}]
    (csl,) = records("bibliography", written(tmp_path, "c.json", json.dumps([item])))
    assert (csl.data["authorName"], csl.data["published"]) == (["A Body"], "2018-05")
    strange = {"message-type": "journal", "message": crossref()}
    assert refused("crossref", written(tmp_path, "d.json", json.dumps(strange)))[0] == "unknown-value"
    extra = {"message-type": "work", "message": crossref(mood="bad")}
    assert refused("crossref", written(tmp_path, "e.json", json.dumps(extra)))[0] == "unread-field"
    assert refused("crossref", written(tmp_path, "f.json", json.dumps(reply)[:-9]))[0] == "syntax"


@real
def test_the_real_files(tmp_path: Path) -> None:
    votes = records("unvotes", SAMPLES / "un-votes" / "un_votes.csv")
    with (SAMPLES / "un-votes" / "un_votes.csv").open() as file:
        assert sum(record.data["type"] == "Connection" for record in votes) == len(list(csv.DictReader(file)))
    against = {
        r.data["subject"] for r in votes if r.data.get("object") == "a-res-73-195" and "Against" in r.data["relation"]
    }
    assert against == {"czechia", "hungary", "israel", "poland", "united-states"}
    incidents = records("missing-migrants", SAMPLES / "missing-migrants")
    assert len(incidents) == 124
    for name in ("crossref_work.json", "crossref_csl.json"):
        assert len(records("crossref", SAMPLES / "bibliographic" / name)) == 1
    assert len(records("crossref", SAMPLES / "bibliographic" / "crossref_work-list.json")) == 2
    (work,) = records("bibliography", SAMPLES / "bibliographic" / "crossref_transform.bib")
    assert work.data["published"] == "1970-08" and work.data["issue"] == "3946"
    counts = [len(records("bibliography", file)) for file in sorted((SAMPLES / "bibliographic" / "ris").glob("*.ris"))]
    assert counts == [1, 2, 2, 1]


def test_crossref_live_to_the_end_of_its_cursor(server: Server, tmp_path: Path) -> None:
    def page(cursor: str, *items: dict[str, Any]) -> str:
        message = {"total-results": 2, "next-cursor": cursor, "items": list(items)}
        return json.dumps({"status": "ok", "message-type": "work-list", "message": message})

    about = replace(describe("crossref"), address=server.url)
    pages = [say(200, page("b", crossref())), say(200, page("c", crossref(DOI="10.1177/other")))]
    server.answers = [*pages, say(200, json.dumps({"message-type": "work", "message": crossref()}))]
    inputs = fetch(about, server.client(tmp_path, index=INDEX), {"query": "smuggler"})
    assert len(list(load("crossref", inputs=inputs))) == 2
    assert [path.partition("cursor=")[2] for _, path, _, _ in server.requests] == ["%2A", "b"]
    (one,) = load(
        "crossref", inputs=fetch(about, server.client(index=INDEX), {"doi": "https://doi.org/10.1177/0002716217746641"})
    )
    assert one.data["doi"] == "10.1177/0002716217746641" and "10.1177%2F0002716217746641" in server.requests[-1][1]
    # The same again without the network, and then an answer that ends too early.
    replayed = fetch(about, server.client(tmp_path, replay=True, index=INDEX), {"query": "smuggler"})
    assert len(list(load("crossref", inputs=replayed))) == 2
    server.answers = [say(200, page("b", crossref())), say(200, page("c"))]
    server.requests.clear()
    with pytest.raises(InputError) as error:
        list(load("crossref", inputs=fetch(about, server.client(index=INDEX), {"query": "smuggler"})))
    assert error.value.findings[0].rule == "total"


def test_a_resolution_has_one_id_in_every_format(tmp_path: Path) -> None:
    item = {"symbol": "A/RES/73/300", "title": "T", "date": "2018-12-19", "url": "https://a.example/1"}
    item |= {"body": "General Assembly", "doc_type": "resolution", "text": "x", "subjects": ["X"]}
    marc = MARC.replace("A/RES/73/195", "A/RES/73/300")
    files = [written(tmp_path, "a.csv", bulk("HUN,HUNGARY,N", "BEN,BENIN,Y")), written(tmp_path, "b.xml", marc)]
    files.append(written(tmp_path, "c.json", json.dumps(item)))
    found = [record.data for record in records("un-digital-library", *files)]
    (resolution,) = [data for data in found if data["type"] == "LegalInstrument"]
    assert {data["object"] for data in found if data["type"] == "Connection"} == {resolution["id"]}


def test_a_compressed_list_is_told_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "list.RIS.gz"
    file.write_bytes(gzip.compress(RIS.encode()))
    (record,) = records("bibliography", file)
    assert record.data["id"] == "bibliography-list-5-title"


def test_names_in_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("A.RIS", RIS)
        archive.writestr("__MACOSX/._A.RIS", "what macOS adds")
    assert len(records("bibliography", tmp_path / "a.zip")) == 1

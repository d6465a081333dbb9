"""Documents of the White House, and who sat in the Congress."""

from pathlib import Path
from typing import Any

import pytest

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading import Index, load
from solidarity_spectrum.records import Record, compile_records

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
there = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside the project")


def read(loader: str, paths: list[Path], index: Index | None = None, **chosen: str) -> dict[str, dict[str, Any]]:
    records = list(load(loader, paths, index or {}, chosen))
    whole = [Record({"recorded": "2026-11-26", **r.data}, r.file, r.places) for r in records]
    assert not [f for f in compile_records(whole, ()).findings if f.severity == "violation"]
    return {record.name: record.data for record in records}


def refused(loader: str, path: Path, text: str, **chosen: str) -> tuple[str, str]:
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read(loader, [path], **chosen)
    assert str(path) in str(caught.value.findings[0].place)
    return caught.value.findings[0].rule, caught.value.findings[0].message()


ORDER = """---
date: '2025-01-20'
modified_time: 2025-01-21 14:41:30-05:00
published_time: 2025-01-20 21:30:00-05:00
source_url: https://www.whitehouse.gov/presidential-actions/2025/01/an-order/
tags: presidential-actions
title: 'AN ORDER: of
  two lines'
---

<u>By the authority</u> vested in me as President by the Constitution, it is hereby ordered as follows \\[here\\].

**Section 1.** The borders are closed (Applause.) to refugees and to everybody else who comes without leave.
"""


def test_an_order_is_the_presidents_and_the_rest_is_the_white_houses(tmp_path: Path):
    one, two = tmp_path / "2025-01-20-an-order.md", tmp_path / "2025-01-21-an-article.md"
    one.write_text(ORDER, "utf-8")
    two.write_text(
        ORDER.replace("authority", "will")
        .replace("an-order", "an-article")
        .replace("presidential-actions", "articles"),
        "utf-8",
    )
    data = read("us-whitehouse", [tmp_path], {("wikidataId", "Q22686"): [("donald-trump", "Person")]})
    order = data["whitehouse-www-presidential-actions-2025-01-an-order"]
    assert (order["speaker"], order["status"], order["date"]) == ("donald-trump", "unverified", "2025-01-20")
    assert order["label"]["en"] == "Donald Trump, 2025-01-20: AN ORDER: of two lines"
    assert order["quotation"]["en"].startswith("By the authority vested in me") and "[here]" in order["quotation"]["en"]
    assert data["whitehouse-www-articles-2025-01-an-article"]["speaker"] == "whitehouse-office" in data
    assert len(data) == 3 and "whitehouse-president-q22686" in read("us-whitehouse", [one])
    chosen = read("us-whitehouse", [one], words="refugee")["whitehouse-www-presidential-actions-2025-01-an-order"]
    assert (
        chosen["quotation"]["en"] == "The borders are closed to refugees and to everybody else who comes without leave."
    )
    assert refused("us-whitehouse", one, ORDER, words="asylum")[0] == "nothing"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (("---\ndate", "date"), "syntax"),
        (("tags: presidential-actions", "tags: gardening"), "unknown-value"),
        (("www.whitehouse.gov", "example.org"), "unknown-value"),
        (("date: '2025-01-20'", "date: '2019-01-20'"), "unknown-value"),
        (("date: '2025-01-20'\n", ""), "missing-field"),
        (("tags:", "shoes: 44\ntags:"), "unread-field"),
        (("title:", "title: {"), "syntax"),
    ],
)
def test_broken_documents_are_refused(change: tuple[str, str], rule: str, tmp_path: Path):
    assert change[0] in ORDER
    assert refused("us-whitehouse", tmp_path / "2025-01-20-x.md", ORDER.replace(change[0], change[1], 1))[0] == rule


def test_a_document_without_text_is_refused(tmp_path: Path):
    head = ORDER[: ORDER.rindex("---") + 4]
    assert refused("us-whitehouse", tmp_path / "2025-01-20-x.md", head)[0] == "missing-field"


MEMBER = """- id:
    bioguide: C001035
    thomas: '01541'
    wikidata: Q22279
    fec:
    - S6ME00159
  name:
    first: Susan
    middle: M.
    last: Collins
  bio:
    birthday: '1952-12-07'
    gender: F
  terms:
  - type: sen
    start: '1997-01-07'
    end: '2003-01-03'
    state: ME
    class: 2
    party: Republican
  - type: rep
    start: '2003-01-07'
    end: '2005-01-03'
    state: ME
    district: 2
    party: Republican
"""


def test_members_have_their_terms_as_offices(tmp_path: Path):
    file = tmp_path / "legislators-current.yaml"
    second = MEMBER.replace("C001035", "C001036").replace("Q22279", "Q1")
    file.write_text(MEMBER + second, "utf-8")
    data = read("us-congress", [file])
    assert set(data) == {"congress-c001035", "congress-c001036", "congress-q66096", "congress-q11701"}
    member = data["congress-c001035"]
    assert (member["label"]["en"], member["born"]) == ("Susan Collins", "1952-12-07")
    senator, representative = member["offices"]
    assert senator["label"]["en"] == "Senator for ME (Republican)" and senator["startDate"] == "1997-01-07"
    assert representative["label"]["en"] == "Representative for ME, district 2 (Republican)"
    assert representative["organisation"] == "congress-q11701"
    joined = read("us-congress", [file], {("wikidataId", "Q22279"): [("susan-collins", "Person")]})["congress-c001035"]
    assert joined["id"] == "susan-collins" and "label" not in joined
    (tmp_path / "executive.yaml").write_text(MEMBER.replace("type: sen", "type: prez"), "utf-8")
    both = read("us-congress", [tmp_path])
    assert both["congress-executive-c001035"]["id"] == "congress-c001035"


@pytest.mark.parametrize(
    ("change", "rule", "says"),
    [
        (("type: sen", "type: king"), "unknown-value", "«king»"),
        (("    class: 2\n", "    shoe: 44\n"), "unread-field", "terms/shoe"),
        (("bioguide: C001035", "thomas2: x"), "missing-field", "none of: bioguide"),
        (("    start: '1997-01-07'\n", ""), "missing-field", "terms/start"),
        (("  name:\n", "  name\n"), "syntax", "YAML"),
        (("  terms:", "  terms2:"), "unread-field", "terms2"),
    ],
)
def test_broken_members_are_refused(change: tuple[str, str], rule: str, says: str, tmp_path: Path):
    assert change[0] in MEMBER
    found = refused("us-congress", tmp_path / "legislators-current.yaml", MEMBER.replace(change[0], change[1], 1))
    assert found[0] == rule and says in found[1]


def test_a_member_who_stands_twice_is_refused(tmp_path: Path):
    assert refused("us-congress", tmp_path / "legislators-current.yaml", MEMBER * 2)[0] == "duplicate-id"


@there
def test_the_real_files():
    documents = read("us-whitehouse", [SAMPLES / "us-whitehouse"])
    assert sum(d["type"] == "Statement" for d in documents.values()) == 8
    people = read("us-congress", [SAMPLES / "us-congress"])
    assert sum(d["type"] == "Person" for d in people.values()) == 16
    biden = people["congress-executive-b000444"]
    assert [o["startDate"] for o in biden["offices"]] == ["2009-01-20", "2013-01-20", "2021-01-20"]

"""Reading and compiling records: what is taken in, and how everything else is refused, with its place."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.records import Record, compile_records, dates, read_records, yaml
from solidarity_spectrum.resources import BASE

RECORD = """
- id: statement-x
  type: Statement
  label: {en: X}
  speaker: viktor-orban
  date: 2018-06
  quotation: {hu: Idézet}
  sources:
  - {url: 'https://example.org/a', title: A, tier: primary, consulted: true}
  status: verified
"""


def compiled(text: str, documented: tuple[str, ...] = ("creates",)):
    return compile_records(read_records(text.encode(), "f.yaml"), documented)


def rules(text: str) -> list[tuple[str, int]]:
    try:
        findings = compiled(text).findings
    except InputError as error:
        findings = error.findings
    return [(finding.rule, finding.place.line) for finding in findings]


def triples(text: str) -> set[str]:
    return {str(quad.triple) for quad in compiled(text).accepted}


def test_a_record_becomes_its_graph_and_the_provenance_beside_it():
    result = compiled(RECORD)
    assert not result.findings
    graphs = {quad.graph_name.value for quad in result.accepted}
    assert graphs == {BASE + "graph/statement-x", BASE + "graph/provenance"}
    text = "\n".join(map(str, result.accepted))
    for part in (
        '"2018-06"^^<http://www.w3.org/2001/XMLSchema#gYearMonth>',
        'ontology#earliest> "2018-06-01"^^<http://www.w3.org/2001/XMLSchema#date>',
        'ontology#latest> "2018-06-30"^^<http://www.w3.org/2001/XMLSchema#date>',
        '"Idézet"@hu',
        "graph/statement-x#source-1>",
        '"sha256:',
    ):
        assert part in text


def test_the_hash_speaks_of_the_assertions_alone():
    def digest(text: str) -> set[str]:
        return {line for line in triples(text) if "contentHash" in line}

    assert digest(RECORD) == digest(RECORD.replace("title: A", "title: B"))
    assert digest(RECORD) != digest(RECORD.replace("Idézet", "Más"))


def test_what_is_unverified_is_kept_apart():
    result = compiled(RECORD + "  unverified: {occasion: a rally}\n")
    assert "a rally" not in "\n".join(map(str, result.accepted))
    aside = [str(quad) for quad in result.candidates]
    assert any("a rally" in line and "statement-x--unverified" in line for line in aside)
    assert not any("example.org/a" in line for line in aside), "the sources do not speak for it"
    whole = compiled(RECORD.replace("status: verified", "status: unverified"))
    assert not whole.accepted and whole.candidates


def test_a_documented_relation_is_also_stated_directly_and_an_argued_one_is_not():
    link = """
- id: link-x
  type: Connection
  label: {en: X}
  subject: hu-act-vi-2018
  relation: %s
  object: hu-btk-353a
  sources: [{url: 'https://example.org/a', title: A, tier: primary}]
  status: verified
"""
    direct = f"<{BASE}id/hu-act-vi-2018> <{BASE}ontology#%s> <{BASE}id/hu-btk-353a>"
    assert direct % "creates" in triples(link % "creates")
    assert direct % "motivates" not in triples(link % "motivates")


def test_a_merged_id_redirects():
    line = f"<{BASE}id/old> <http://purl.org/dc/terms/isReplacedBy> <{BASE}id/statement-x>"
    assert line in triples(RECORD + "  formerIds: [old]\n")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("speaker:", "speker:"), [("unknown-key", 5)]),
        (("2018-06", "2018-13"), [("date", 6)]),
        (("2018-06", "June 2018"), [("date", 6)]),
        (("viktor-orban", "Viktor Orbán"), [("reference", 5)]),
        (("{hu: Idézet}", "Idézet"), [("language", 7)]),
        (("{hu: Idézet}", "{hungarian language: Idézet}"), [("language", 7)]),
        (("{hu: Idézet}", "{hu: ''}"), [("empty", 7)]),
        (("status: verified", ""), [("status", 2)]),
        (("https://example.org/a", "www.example.org"), [("reference", 9)]),
        (("https://example.org/a", "https://example.org/{a}"), [("reference", 9)]),
        (("id: statement-x", "id: Statement X"), [("id", 2)]),
        (("type: Statement", "type: Statment"), [("type", 3)]),
        (("- id: statement-x\n  type", "- type"), [("id", 2)]),
        (("speaker: viktor-orban", "speaker: {type: Person}"), [("id", 5)]),
        (("speaker: viktor-orban", "speaker:"), [("empty", 5)]),
        (("date: 2018-06", "date: {a: b}"), [("value", 6)]),
        (("label: {en: X}", "label: {en: X}\n  label: {en: Y}"), [("syntax", 5)]),
    ],
)
def test_every_mistake_is_named_at_its_line(change: tuple[str, str], expected: list[tuple[str, int]]):
    assert rules(RECORD.replace(*change)) == expected


def test_wrong_shapes_of_every_value_are_findings():
    text = """
id: x-y
type: Connection
label: 5
subject: [a]
relation: {a: b}
object: 7
sources: {url: [x]}
status: [verified]
unverified: 3
"""
    assert {"language", "value", "unverified"} <= {rule for rule, _ in rules(text)}


def test_a_near_miss_gets_a_suggestion_in_both_languages():
    (finding,) = compiled(RECORD.replace("speaker:", "speker:")).findings
    assert "«speaker»" in finding.message("en") and "«speaker»" in finding.message("hu")


def test_the_second_of_two_equal_ids_is_refused_with_the_place_of_the_first():
    (finding,) = compiled(RECORD + RECORD).findings
    assert finding.rule == "duplicate-id" and "f.yaml:2:3" in finding.message()


def test_a_broken_record_does_not_hide_the_next():
    result = compiled(RECORD.replace("date: 2018-06", "date: x") + RECORD.replace("date: 2018-06", "dat: x"))
    assert [(finding.rule, finding.place.line) for finding in result.findings] == [
        ("date", 6),
        ("unknown-key", 16),
        ("duplicate-id", 12),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "records: []", "just words", "a: &x 1\nb: *x", "!!python/object:os.system {}", "- " * 40 + "x",
     "a: 1\n---\nb: 2", "a: [", "? [x]\n: y", "\ta: 1"],
)  # fmt: skip
def test_what_is_not_records_is_refused_without_a_traceback(text: str):
    assert rules(text)


def test_bytes_that_are_not_utf8_are_refused_at_their_line():
    with pytest.raises(InputError) as caught:
        read_records(b"id: x\nlabel: \xff\n", "f.yaml")
    assert caught.value.findings[0].place.line == 2


def test_an_alias_bomb_costs_nothing():
    bomb = "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(1000))
    assert rules(bomb)


@given(st.binary(max_size=300))
def test_any_bytes_give_records_or_findings(data: bytes):
    try:
        compile_records(read_records(data, "f"), ())
    except InputError as error:
        assert error.findings


_JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
_KEYS = st.sampled_from(
    [
        "id",
        "type",
        "label",
        "date",
        "speaker",
        "sources",
        "status",
        "versions",
        "outcome",
        "subject",
        "relation",
        "object",
        "unverified",
        "x",
    ]
)


@given(
    st.dictionaries(
        _KEYS, _JSON | st.sampled_from(["Statement", "Connection", "creates", "verified", "2018", "a-b"]), max_size=8
    )
)
def test_any_mapping_gives_quads_or_findings(data: dict[str, object]):
    result = compile_records([Record(data, "f")], ("creates",))
    assert result.findings or result.accepted or result.candidates


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from([4, 7, 10]))
def test_bounds_hold_the_day_and_no_more_than_the_precision(day: date, precision: int):
    text = day.isoformat()[:precision]
    first, last = dates.bounds(text)
    assert first is not None and last is not None and first <= day <= last
    assert {d.isoformat()[:precision] for d in (first, last)} == {text}
    assert (first - timedelta(days=1)).isoformat()[:precision] != text
    if last < date.max:
        assert (last + timedelta(days=1)).isoformat()[:precision] != text


@pytest.mark.parametrize(
    ("text", "first", "last", "kind"),
    [
        ("../2016", None, "2016-12-31", "EDTF"),
        ("2017-10/2018-01", "2017-10-01", "2018-01-31", "EDTF"),
        ("2020-01-28/..", "2020-01-28", None, "EDTF"),
        ("2016-02", "2016-02-01", "2016-02-29", "gYearMonth"),
        ("2015", "2015-01-01", "2015-12-31", "gYear"),
    ],
)
def test_dates_as_precise_as_given(text: str, first: str | None, last: str | None, kind: str):
    assert [d and d.isoformat() for d in dates.bounds(text)] == [first, last]
    assert dates.datatype(text).endswith(kind)


@pytest.mark.parametrize("text", ["2018-02-30", "2018-6-1", "../..", "2019/2018", "18", "2018-06-01T00:00", "٢٠١٨", ""])
def test_what_is_not_a_date(text: str):
    with pytest.raises(ValueError):
        dates.bounds(text)


_TEXT = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20)


@given(
    st.dictionaries(_TEXT, _TEXT | st.dates().map(str) | st.sampled_from(["no", "12016E078", "~", "007"]), min_size=1)
)
def test_what_is_dumped_reads_back(data: dict[str, str]):
    assert yaml.read(yaml.dump(data).encode(), "f")[0] == data


def test_dates_are_dumped_plain():
    assert yaml.dump({"date": "2018-06-20"}) == "date: 2018-06-20\n"


LAW = RECORD.replace("Statement", "LegalInstrument").replace("  speaker: viktor-orban\n", "")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("adopted: 2018-06-20\n  published: 2018-06\n  inForce: 2018-07-01\n  noLongerInForce: 2022", []),
        ("adopted: 2018-06-20\n  published: 2018-05", [("date-order", 11)]),
        ("inForce: 2018-07-01\n  noLongerInForce: 2018-06/2018-07", []),
        ("inForce: 2018-07-01\n  noLongerInForce: 2017/2018-06", [("date-order", 11)]),
        ("inForce: 2018-07-01\n  noLongerInForce: ../2018-06", [("date-order", 11)]),
        ("inForce: 2018-07-01\n  noLongerInForce: 2016/..", []),
        ("adopted: 2018\n  inForce: 2017", [("date-order", 11)]),
        ("description: {en: 'Write to someone@example.org.'}", [("contact", 10)]),
        ("description: {en: 'Call +36 30 123 4567.'}", [("contact", 10)]),
        ("description: {hu: 'Telefon: 06 1 234 5678'}", [("contact", 10)]),
        ("note: [fine, 'He lives at Fő utca 12.']", [("exact-place", 10)]),
        ("note: 'Found at 36.8945, 27.2873.'", [("exact-place", 10)]),
        ("note: 'Resolution 73/195 of 19 December 2018, vote 152-5-12, A+ 2018'", []),
        ("note: 'Pages 44-89, 1.5 million people, 39.5 % of 82.1'", []),
        ("court: cjeu\n  docket: C-821/19", [("identifier-conflict", 11)]),
        ("court: cjeu\n  docket: C-821/17\n  lodged: 2016-11-08", []),
        ("court: cjeu\n  docket: C-821/17\n  lodged: 2015-11-08", [("identifier-conflict", 11)]),
    ],
)
def test_dates_in_order_and_nobody_to_be_found(keys: str, expected: list[tuple[str, int]]) -> None:
    assert rules(f"{LAW}  {keys}\n") == expected


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("https://bit.ly/3xYz", True),
        ("http://localhost:8000/a", True),
        ("http://intranet/a", True),
        ("http://192.168.1.4/a", True),
        ("https://www.google.com/search?q=a", True),
        ("https://eur-lex.europa.eu/search.html?qid=1", False),
        ("https://www.google.org/a", False),
        ("https://t.co.example.org/a", False),
    ],
)
def test_addresses_that_lead_nowhere(url: str, warned: bool) -> None:
    assert rules(RECORD.replace("https://example.org/a", url)) == [("fleeting-address", 9)] * warned

"""What can be judged and how it is read: tables, folders, zip files; broken files of every format give findings."""

import io
import os
import zipfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solidarity_spectrum import forms, validation
from solidarity_spectrum.findings import Finding
from solidarity_spectrum.records import context, tables
from solidarity_spectrum.validation import contribution, inputs
from tests.test_validation import GOOD_YAML, serialised

GOOD_CSV = """\
id,label.en,label.hu,speaker,date,quotation.hu,sources.1.url,sources.1.title,sources.1.tier,status,recorded,recordedBy
statement-test,A test,Próba,viktor-orban,2018-06,"Próba, vessző",https://example.org/a,A page,primary,single-source,\
2026-11-22,solidarity-spectrum-project
"""


def said(files: list[tuple[str, bytes | str, str]], folder: Path) -> list[tuple[str, str, int, int]]:
    """Rule, file, line and column of each violation."""
    given = [(name, data.encode() if isinstance(data, str) else data, kind) for name, data, kind in files]
    found, _ = validation.validate_files(given, folder)
    return [(f.rule, f.place.file, f.place.line, f.place.column) for f in found if f.severity == "violation"]


def packed(files: dict[str, bytes | str], **how: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", **how) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def names(items: list[inputs.Input | Finding]) -> list[str]:
    return [f"{i.rule} {i.place.file}" if isinstance(i, Finding) else i[0] for i in items]


# -- tables ---------------------------------------------------------------------------------------------------------


def test_a_table_passes(store_folder: Path):
    assert said([("statements.csv", GOOD_CSV, "")], store_folder) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",", ";").replace("Próba; ", "Próba, "),
        lambda text: "sep=;\r\n" + text.replace(",", ";").replace("\n", "\r\n"),
        lambda text: text.replace("Próba, vessző", "Próba").replace(",", "\t"),
        lambda text: "\ufeff# written by hand\n\n" + text,
        lambda text: text.replace("\n", "\r"),
        lambda text: text + ",,,\n\n,,\n",
    ],
    ids=["semicolons", "hungarian-excel", "tabs", "comment", "old-mac", "empty-rows"],
)
def test_dialects_of_csv_are_read(change, store_folder: Path):  # type: ignore[no-untyped-def]
    assert said([("statements.csv", change(GOOD_CSV), "")], store_folder) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("viktor-orban", "viktor-orbn"), ("Statement-speaker", 2, 29)),
        (("2018-06", "2018-6"), ("date", 2, 42)),
        (("label.en", "label@en"), ("unknown-column", 1, 4)),
        (("speaker", "Speeker"), ("unknown-column", 1, 22)),
        (("date,", "date,date,"), ("unknown-column", 1, 35)),
        (("date,", ","), ("unknown-column", 1, 30)),
        (("sources.1.url", "sources.url"), ("unknown-column", 1, 48)),
        (("A test", 'A "test"'), ("syntax", 2, 18)),
        (("A test", '"A test'), ("syntax", 2, 16)),
        ((",solidarity-spectrum-project", ",solidarity-spectrum-project,more"), ("unknown-column", 2, 156)),
        (("A test", "A\x01test"), ("syntax", 2, 16)),
    ],
)
def test_mistakes_in_tables_are_found_at_their_cell(
    change: tuple[str, str], expected: tuple[str, int, int], store_folder: Path
):
    found = said([("statements.csv", GOOD_CSV.replace(*change), "")], store_folder)
    rule, line, column = expected
    assert (rule, "statements.csv", line, column) in found


def test_the_rows_after_a_broken_one_are_judged(store_folder: Path):
    broken = GOOD_CSV + 'statement-two,"never closed,x\n' + GOOD_CSV.splitlines()[1].replace("viktor", "victor")
    found = said([("statements.csv", broken, "")], store_folder)
    assert ("syntax", "statements.csv", 3, 15) in found
    assert ("duplicate-id", "statements.csv", 4, 1) in found


@pytest.mark.parametrize(
    ("name", "data", "rule", "word"),
    [
        ("statments.csv", GOOD_CSV, "missing-column", "Did you mean «statements»?"),
        ("statements.csv", GOOD_CSV.encode("utf-16"), "syntax", "UTF-16"),
        ("statements.csv", GOOD_CSV.encode("utf-16-le"), "syntax", "UTF-16"),
        ("statements.csv", GOOD_CSV.encode("cp1250"), "syntax", "«ó» in Windows-1250"),
        ("statements.csv", packed({"a": "b"}), "syntax", "a zip file or an Excel workbook"),
        ("statements.csv", "", "record", "no record"),
        ("statements.csv", "a,b\n1,2\n", "unknown-column", "the first row must name the columns"),
        ("notes.docx", "x", "unknown-format", "unknown format"),
        ("old.xls", b"\xd0\xcf\x11\xe0", "syntax", "password"),
    ],
)
def test_files_that_are_something_else(name: str, data: bytes | str, rule: str, word: str, store_folder: Path):
    raw = data.encode() if isinstance(data, str) else data
    (found,), _ = validation.validate_files([(name, raw, "")], store_folder)
    assert found.rule == rule and word in found.message()


def test_columns_are_paths():
    text = (
        "id;label.en;speaker;docket.1;docket.2;offices.2.id;offices.2.label.hu;sources.3.url;unverified.founded;type\n"
        "a-b;x;s;b;c;a-b-o;y;https://a.b/c;2016;Person\n"
    )
    (record,), findings = tables.read_csv(text.encode(), "f.csv")
    assert findings == [] and record.data["unverified"] == {"founded": "2016"} and record.data["type"] == "Person"
    assert record.data["offices"] == [{"type": "Office", "id": "a-b-o", "label": {"hu": "y"}}]
    assert record.data["docket"] == ["b", "c"] and record.data["sources"] == [{"url": "https://a.b/c"}]
    assert record.place(("offices", 0, "label", "hu")).column == 19


def test_a_cell_holds_several_ids_but_one_text():
    text = 'id,type,speaker,sources.1.url,label.en\nx,Statement,"a; b;c","https://a/;b",one; two\n'
    (record,), _ = tables.read_csv(text.encode(), "f.csv")
    assert record.data["speaker"] == ["a", "b", "c"] and record.data["label"] == {"en": "one; two"}
    assert record.data["sources"] == [{"url": "https://a/;b"}]


def test_every_type_is_of_a_kind_or_a_part():
    listed = {name for names in tables.KINDS.values() for name in names} | set(tables.PARTS.values())
    assert listed | {"Contributor"} == set(context().classes)


# -- files, folders, zip files ---------------------------------------------------------------------------------------


def test_a_folder_is_walked_in_order(tmp_path: Path):
    for name in ("b.yaml", "a/z.ttl", ".hidden.yaml", ".git/x.yaml", "a/x.docx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    os.mkfifo(tmp_path / "pipe.yaml")
    found = [name.replace(f"{tmp_path}/", "") for name in names(list(inputs.expand(inputs.gather([str(tmp_path)]))))]
    assert found == ["b.yaml", "unknown-format pipe.yaml", "unknown-format a/x.docx", "a/z.ttl"]
    (tmp_path / "empty").mkdir()
    assert names(list(inputs.gather([str(tmp_path / "empty")]))) == [f"record {tmp_path}/empty"]


def test_a_zip_file_is_opened(store_folder: Path):
    good = packed({"a/statements.csv": GOOD_CSV, "__MACOSX/a.yaml": "x", ".b/c": "x"})
    assert said([("up.zip", good, "")], store_folder) == []
    bad = packed({"a.csv": GOOD_CSV.replace("id", "type", 1).replace("Orban", "x"), "b.zip": good, "../c.exe": "x"})
    found, _ = validation.validate_files([("up", bad, "")], store_folder)
    assert {("up/b.zip", "syntax"), ("up/../c.exe", "unknown-format")} <= {(f.place.file, f.rule) for f in found}


def test_zip_files_that_mislead():
    bomb = packed({"a.yaml": b"\0" * 10_000_000}, compression=zipfile.ZIP_DEFLATED)
    assert names(list(inputs.expand([("b.zip", bomb, "")]))) == ["syntax b.zip/a.yaml"]
    sound = packed({"a.yaml": GOOD_YAML, "b.yaml": GOOD_YAML}, compression=zipfile.ZIP_DEFLATED)
    locked = bytearray(sound)
    for place in range(len(sound)):
        if sound[place : place + 4] == b"PK\x01\x02":
            locked[place + 8] |= 1
    assert names(list(inputs.expand([("l.zip", bytes(locked), "")]))) == ["syntax l.zip/a.yaml", "syntax l.zip/b.yaml"]
    assert names(list(inputs.expand([("t.zip", sound[:-40], "")]))) == ["syntax t.zip"]
    assert names(list(inputs.expand([("x.zip", sound, "")], limit=len(GOOD_YAML) + 100))) == [
        "x.zip/a.yaml",
        "too-large x.zip/b.yaml",
    ]
    unusual = packed({"a.yaml": GOOD_YAML}, compression=zipfile.ZIP_BZIP2)
    assert names(list(inputs.expand([("x.zip", unusual, "")]))) == ["syntax x.zip/a.yaml"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("yaml", GOOD_YAML),
        ("json", '\n {"a": 1}'),
        ("csv", GOOD_CSV),
        ("csv", "sep=;\nid;type"),
        ("trig", "# a comment\n@prefix a: <http://a/> ."),
        ("trig", "PREFIX a: <http://a/>"),
        ("nq", "<http://a> <http://b> <http://c> <http://d> ."),
        ("rdf", '<?xml version="1.0"?><rdf:RDF/>'),
        ("", "just words"),
        ("", ""),
    ],
)
def test_the_format_of_what_has_no_name(kind: str, text: str):
    assert inputs.format_of("<stdin>", text.encode()) == kind


# -- noise ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(validation.FORMATS))
@settings(max_examples=40)
@given(data=st.data())
def test_no_bytes_make_a_reader_fail(kind: str, data: st.DataObject):
    """Broken pieces of a good file, and noise, give findings or pass; nothing is raised."""
    base = good(kind)
    start, end = sorted((data.draw(st.integers(0, len(base))), data.draw(st.integers(0, len(base)))))
    noise = data.draw(st.binary(max_size=12))
    broken = base[:start] + noise + base[end:]
    for item in validation.expand([("f", broken, kind)]):
        if not isinstance(item, Finding):
            assert all(f.place.file for f in contribution.read(*item).findings)


@cache
def good(kind: str) -> bytes:
    if kind in ("csv", "tsv"):
        return GOOD_CSV.encode()
    if kind == "zip":
        return packed({"a.yaml": GOOD_YAML, "statements.csv": GOOD_CSV})
    if kind == "xlsx":
        return forms.as_xlsx(["statements"])
    return (GOOD_YAML if kind in ("yaml", "yml", "json") else serialised(kind)).encode()


# -- what is broken, and what stands beside it ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "places"),
    [
        (("  type: Statement", "\ttype: Statement"), [(6, 1)]),
        (("title: A page", "title: 'It's a page'"), [(12, 47)]),
        (("{en: A test", '{en: "A test'), [(7, 15)]),
        (("hu: Próba}\n", "hu: Próba\n"), [(7, 10)]),
        (("date: 2018-06", "date: 2018-06\n  date: 2018-07"), [(10, 3)]),
        (("status: single-source", "status: *s"), [(13, 11)]),
        (("date: 2018-06", "date:2018-06"), [(9, 3)]),
        (("date: 2018-06", "occasion: Speech: at home"), [(9, 19)]),
        (("date: 2018-06", "date: !!python/name:os.system x"), [(9, 9)]),
    ],
)
def test_a_broken_record_is_one_mistake_and_the_others_are_judged(
    change: tuple[str, str], places: list[tuple[int, int]], store_folder: Path
):
    other = "- id: other\n  type: Event\n  about: statement-test\n  jurisdiction: hungry\n  status: single-source\n"
    text = GOOD_YAML.replace(*change) + other + "  date: 2018\n  label: {en: Other}\n"
    found, _ = validation.validate_files([("f.yaml", text.encode(), "")], store_folder)
    broken = [(f.place.line, f.place.column) for f in found if f.rule == "syntax"]
    assert broken == places
    rules = {f.rule for f in found if f.severity == "violation"}
    # The other record names the one that cannot be read: that is no second mistake.
    assert rules == {"syntax", "Entity-jurisdiction", "sources", "RecordGraph-citation"}


def test_json_is_judged_up_to_the_mistake(store_folder: Path):
    record = '{"id": "other", "type": "Event", "label": {"en": "x"}, "jurisdiction": "hungry", "status": "verified"}'
    text = f'{{"recorded": "2026-11-22",\n "records": [\n{record},\n{{"id": "b", "type": "Event",}}]}}'
    found = said([("f.json", text, "")], store_folder)
    assert ("syntax", "f.json", 4, 28) in found and ("Entity-jurisdiction", "f.json", 3, 56) in found


def test_statements_after_a_broken_one_are_read():
    lines = serialised("nq").splitlines()
    lines[2] = lines[2][:-1]
    lines[4] = lines[4].replace("<", "", 1)
    found = contribution.read("f.nq", "\n".join(lines).encode(), "nq")
    assert [f.place.line for f in found.findings if f.rule == "syntax"] == [3, 5]
    assert len(found.quads) == len(lines) - 2
    turtle = "@prefix a: <http://a/> .\na:b a:c 'x .\na:d a:e 1 .\na:f b:g 2 .\na:h b:g 3 .\na:i a:j 4\na:k a:l 5 .\n"
    found = contribution.read("f.ttl", turtle.encode(), "ttl")
    assert [f.place.line for f in found.findings if f.rule == "syntax"] == [2, 4, 6]
    assert {quad.subject.value for quad in found.quads} >= {"http://a/d", "http://a/k"}  # type: ignore[union-attr]


def test_rdf_xml_has_places():
    text = serialised("rdf").replace("2018-06", "2018-6")
    found = contribution.read("f.rdf", text.encode(), "rdf")
    line = next(number for number, line in enumerate(text.splitlines(), start=1) if "2018-6" in line)
    assert [(f.rule, f.place.line) for f in found.findings] == [("date", line)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("f.yaml", "- a\n" * 600_000),
        ("f.json", "[" + "1," * 600_000 + "1]"),
        ("f.ttl", "@prefix a: <http://a/> .\na:b a:c " + "a:d , " * 150_000 + "a:e ."),
        ("f.nq", "<http://a/> <http://b> 'x' .\n" * 300_000),
        ("statements.csv", '"a\n' * 300_000),
        ("f.rdf", "<a>" * 300_000),
    ],
)
def test_very_much_of_nothing_is_refused_soon(name: str, text: str):
    found = contribution.read(name, text.encode(), inputs.format_of(name, b""))
    assert len(found.findings) <= 200 and (found.findings or len(found.quads) > contribution.MAX_STATEMENTS)

"""Templates: they validate as they are, say what they must, and what is filled in comes back."""

import io
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from solidarity_spectrum import fields, forms, validation
from solidarity_spectrum.records import tables
from solidarity_spectrum.validation.contribution import read


def judged(name: str, data: bytes, folder: Path) -> list[tuple[str, str]]:
    found, statements = validation.validate_files([(name, data, "")], folder)
    assert statements
    return [(f.rule, str(f.place)) for f in found if f.severity != "info"]


@pytest.mark.parametrize("language", forms.LANGUAGES)
def test_every_template_validates_but_for_its_example_rows(language: str, store_folder: Path):
    kinds = list(tables.KINDS)
    book = forms.as_xlsx(kinds, language)
    assert judged("t.xlsx", book, store_folder) == [("example-row", f"t.xlsx/{kind}!A2") for kind in sorted(kinds)]
    assert judged("t.yaml", forms.as_yaml(kinds, language), store_folder) == []
    for kind in kinds:
        found = read(f"{kind}.csv", forms.as_csv([kind], language), "csv")
        (row,) = found.records
        (same,) = [each for each in read("t.xlsx", book, "xlsx").records if each.id == row.id]
        assert row.data == same.data and [f.rule for f in found.findings] == ["example-row"]


def test_a_filled_workbook_comes_back(store_folder: Path):
    book = load_workbook(io.BytesIO(forms.as_xlsx(["statements", "persons"], "hu")))
    sheet = book["statements"]
    names = [cell.value for cell in sheet[1]]
    values = {
        "id": "statement-filled-in",
        "label.en": "A statement",
        "label.hu": "Egy megnyilatkozás",
        "speaker": "viktor-orban; sandor-pinter",
        "date": "2018-06",
        "quotation.hu": "Jó; rossz",
        "sources.1.consulted": True,
        "sources.2.url": "https://example.org/second",
        "sources.2.title": "Second",
        "sources.2.tier": "secondary",
    }
    for name, value in values.items():
        sheet.cell(2, names.index(name) + 1, value)
    book["persons"].delete_rows(2)
    target = io.BytesIO()
    book.save(target)
    (record,) = read("b.xlsx", target.getvalue(), "xlsx").records
    assert record.data["speaker"] == ["viktor-orban", "sandor-pinter"] and record.data["date"] == "2018-06"
    assert record.data["quotation"] == {"hu": "Jó; rossz"}
    assert [source["tier"] for source in record.data["sources"]] == ["primary", "secondary"]
    assert judged("b.xlsx", target.getvalue(), store_folder) == []


def test_a_workbook_says_what_it_needs():
    book = load_workbook(io.BytesIO(forms.as_xlsx(["laws"], "hu")))
    sheet = book["laws"]
    heads = {cell.value: cell for cell in sheet[1]}
    assert next(iter(heads)) == "id" and heads["id"].font.bold and not heads["docket"].font.bold
    assert heads["status"].comment.text.startswith("KÖTELEZŐ")
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    rule = rules[f"{heads['bindingness'].column_letter}2:{heads['bindingness'].column_letter}1048576"]
    place = rule.formula1.split("!")[1].replace("$", "")
    hidden = book["_codes"]
    assert hidden.sheet_state == "hidden"
    assert [cell.value for (cell,) in hidden[place]] == fields.codes(fields.context().keys["bindingness"].scheme)
    assert sheet.column_dimensions[heads["adopted"].column_letter].number_format == "@"


def test_required_stands_first():
    needs = [column.need for column in forms.columns("connections")]
    assert needs == sorted(needs, key=["required", "one", "recommended", ""].index)
    assert {"subject", "relation", "object"} <= {c.name for c in forms.columns("connections") if c.need == "required"}


def test_what_the_command_makes(solidarity, tmp_path: Path):  # type: ignore[no-untyped-def]
    status, out, _ = solidarity("template")
    assert status == 0 and "organisations: Organisation, PoliticalParty" in out
    status, out, _ = solidarity("template", "cases")
    assert status == 0 and out.startswith("\ufeffid,label.en,")
    target = tmp_path / "t.xlsx"
    status, _, err = solidarity("template", "all", "--out", str(target), "--language", "hu")
    assert status == 0 and target.read_bytes().startswith(b"PK") and str(target) in err
    for arguments, message in (
        (("statement",), "Did you mean «statements»?"),
        (("statements", "laws"), "one kind"),
        (("laws", "--out", "x.docx"), "the ending is none of"),
    ):
        status, _, err = solidarity("template", *arguments)
        assert status == 2 and message in err


# -- workbooks that were not made by us -------------------------------------------------------------------------------


def workbook(rows: list[list[object]], title: str = "statements") -> Workbook:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    return book


def saved(book: Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_cells_are_read_as_they_are_shown():
    from datetime import date, datetime, time

    book = workbook(
        [
            ["id", "date", "startDate", "endDate", "value", "consulted", "note", "docket"],
            ["a", date(2018, 6, 20), date(2018, 6, 1), date(2018, 1, 1), 2.5, True, 12, "_x0041_b"],
            ["b", datetime(2018, 6, 1, 5), 43271, time(5), 0.5, "=1+1", "#N/A", 1e20],
        ]
    )
    sheet = book["statements"]
    sheet["C2"].number_format, sheet["D2"].number_format = "mmm-yy", "yyyy"
    sheet["E3"].number_format = "0%"
    sheet.merge_cells("A5:B5")
    found = read("b.xlsx", saved(book), "xlsx")
    assert found.records[0].data == {
        "id": "a", "date": "2018-06-20", "startDate": "2018-06", "endDate": "2018", "value": "2.5", "consulted": "true",
        "note": "12", "docket": "Ab", "type": "Statement",
    }  # fmt: skip
    assert found.records[1].data == {"id": "b", "startDate": "43271", "type": "Statement"}
    assert {(f.rule, str(f.place).removeprefix("b.xlsx/statements!")) for f in found.findings} == {
        ("cell", cell) for cell in ("B3", "D3", "E3", "F3", "G3", "H3", "A5")
    }


def test_sheets_that_are_hidden_empty_or_misnamed():
    book = workbook([["id", "type"], ["a", "Event"]], "Munka1")
    book.create_sheet("Munka2")
    book.create_sheet("notes").append(["Remember the milk"])
    book.create_sheet("statments").append(["id"])
    hidden = book.create_sheet("cases")
    hidden.append(["id"])
    hidden.append(["b"])
    hidden.sheet_state = "hidden"
    found = read("b.xlsx", saved(book), "xlsx")
    assert [record.data for record in found.records] == [{"id": "a", "type": "Event"}, {"id": "b", "type": "Case"}]
    assert [(f.rule, f.place.file) for f in found.findings] == [
        ("unknown-column", "b.xlsx/notes"),
        ("missing-column", "b.xlsx/statments"),
    ]


def altered(data: bytes, part: str, change: tuple[bytes, bytes]) -> bytes:
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == part:
                assert change[0] in content
                content = content.replace(*change)
            new.writestr(name, content)
    return target.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        (SHEET, (b"<worksheet", b"<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet"), "document types"),
        (SHEET, (b"</row>", b""), "not a sound workbook"),
        (SHEET, (b"<sheetData>", b"<sheetData>" + b"<row/>" * 4_000_000), "unpacks to too much"),
        (SHEET, (b'<row r="2"', b'<row r="x"'), "the row cannot be read"),
        (SHEET, (b'r="A2"', b'r="ZZZZZZZZZZ2"'), "cannot be read"),
        (SHEET, (b't="inlineStr"><is><t>Event</t></is>', b't="s"><v>99</v>'), "the row cannot be read"),
        ("xl/workbook.xml", (b"sheetId", b"sheetIdea"), "not a sound workbook"),
        ("xl/styles.xml", (b"<fonts", b"<font><b/></font>" * 60_000 + b"<fonts"), "too many cells or styles"),
    ],
)
def test_workbooks_that_mislead(part: str, change: tuple[bytes, bytes], words: str):
    data = altered(saved(workbook([["id", "type"], ["a", "Event"]])), part, change)
    found = read("b.xlsx", data, "xlsx")
    assert any(words in f.message() for f in found.findings), [f.message() for f in found.findings]


def test_rows_that_a_sheet_leaves_out_are_not_made_up():
    data = altered(saved(workbook([["id", "type"], ["a", "Event"]])), SHEET, (b'<row r="2"', b'<row r="1000000000"'))
    assert [record.id for record in read("b.xlsx", data, "xlsx").records] == ["a"]

"""Files of the law and case sources that are broken or hostile: an error that names the file, and no record."""

import shutil
from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading import load
from tests.loaders.lawsources import FIXTURES

XML = {
    "eurlex-notice": "eurlex_notice/judgment.xml",
    "eurlex-ws": "eurlex_ws/reply.xml",
    "rechtspraak": "rechtspraak/ruling.xml",
    "akomantoso": "akomantoso/act.xml",
    "uk-caselaw": "uk_caselaw/judgment.xml",
    "eu-legislation": "eu_legislation/32099L0001.fmx.xml",
}
JSON = {
    "cellar": "cellar/rows.json",
    "hudoc": "hudoc/page.json",
    "hudoc-exec": "hudoc_exec/page.json",
    "federal-register": "federal_register/reply.json",
    "us-courts": "us_courts/reply.json",
    "un-treaty-bodies": "un_treaty_bodies/views.json",
    "hu-law": "hu_law/act.json",
    "uk-legislation": "uk_legislation/act.json",
}
TABLES = {"cjeu": "cjeu/cases.csv", "un-treaties": "un_treaties/5-99.csv"}
ALL = XML | JSON | TABLES
BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def refused(source: str, *files: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        list(load(source, files, index={}))
    finding = caught.value.findings[0]
    assert finding.message() and finding.message("hu") and str(files[0].parent) in finding.place.file
    return caught.value


def copy(tmp_path: Path, name: str, data: bytes) -> Path:
    file = tmp_path / Path(name).name
    file.write_bytes(data)
    return file


@pytest.mark.parametrize("source", ALL)
def test_empty(tmp_path: Path, source: str) -> None:
    refused(source, copy(tmp_path, ALL[source], b""))


@pytest.mark.parametrize("source", XML | JSON)
def test_truncated(tmp_path: Path, source: str) -> None:
    data = (FIXTURES / ALL[source]).read_bytes()
    refused(source, copy(tmp_path, ALL[source], data[: len(data) * 3 // 4]))


@pytest.mark.parametrize("source", ALL)
def test_not_utf8(tmp_path: Path, source: str) -> None:
    data = (FIXTURES / ALL[source]).read_bytes()
    refused(source, copy(tmp_path, ALL[source], data[: len(data) // 2] + b"\xff\xfe" + data[len(data) // 2 :]))


@pytest.mark.parametrize("source", ALL)
def test_twice(tmp_path: Path, source: str) -> None:
    first = copy(tmp_path, ALL[source], (FIXTURES / ALL[source]).read_bytes())
    (tmp_path / "other").mkdir()
    second = tmp_path / "other" / first.name
    shutil.copy(first, second)
    assert refused(source, first, second).findings[0].rule == "duplicate-id"


@pytest.mark.parametrize("source", XML)
def test_entity_bomb(tmp_path: Path, source: str) -> None:
    head, _, rest = (FIXTURES / XML[source]).read_text().partition("?>")
    text = f"{head}?>{BOMB}{rest}".replace("</", "&b;</", 1)
    refused(source, copy(tmp_path, XML[source], text.encode()))


@pytest.mark.parametrize("source", XML)
def test_other_root(tmp_path: Path, source: str) -> None:
    refused(source, copy(tmp_path, XML[source], b'<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'))


@pytest.mark.parametrize("source", XML)
def test_deep_elements(tmp_path: Path, source: str) -> None:
    text = (FIXTURES / XML[source]).read_text()
    at = text.rindex("</")
    deep = text[:at] + "<a>" * 5000 + "</a>" * 5000 + text[at:]
    refused(source, copy(tmp_path, XML[source], deep.encode()))


@pytest.mark.parametrize("source", JSON)
def test_deep_values(tmp_path: Path, source: str) -> None:
    text = (FIXTURES / JSON[source]).read_text()
    at = text.index("{")
    deep = text[: at + 1] + '"deep": ' + "[" * 100_000 + "]" * 100_000 + ", " + text[at + 1 :]
    refused(source, copy(tmp_path, JSON[source], deep.encode()))


@pytest.mark.parametrize("source", JSON)
def test_key_twice(tmp_path: Path, source: str) -> None:
    text = (FIXTURES / JSON[source]).read_text()
    at = text.index("{")
    refused(source, copy(tmp_path, JSON[source], (text[: at + 1] + '"x": 1, "x": 2, ' + text[at + 1 :]).encode()))

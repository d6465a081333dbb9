"""Acts of the European Union and their articles, from Formex, XHTML and lex-corpus."""

import shutil
from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from tests.loaders.lawsources import FIXTURES, named, records, sample

ACT = FIXTURES / "eu_legislation" / "32099L0001.fmx.xml"


def test_act_and_its_articles() -> None:
    made = named(records("eu-legislation", ACT))
    assert sorted(made) == ["eulaw-32099l0001-article-1-en", "eulaw-32099l0001-article-2a-en", "eulaw-32099l0001-en"]
    act = made["eulaw-32099l0001-en"]
    assert act["id"] == "eurlex-32099l0001" and act["altLabel"] == {"en": "Directive 2099/1/EU on an example"}
    first = made["eulaw-32099l0001-article-1-en"]  # article 9 is that of another act, quoted
    assert first["partOf"] == act["id"] and first["number"] == "1" and first["altLabel"] == {"en": "Purpose"}


def test_known_act_is_joined() -> None:
    made = named(records("eu-legislation", ACT, index={("celex", "32099L0001"): [("ours", "LegalInstrument")]}))
    assert made["eulaw-32099l0001-en"]["id"] == made["eulaw-32099l0001-article-1-en"]["partOf"] == "ours"


@pytest.mark.parametrize(
    ("name", "old", "new", "rule", "words"),
    [
        ("act.fmx.xml", "x", "x", "identifier", "act"),  # the name of the file does not tell the CELEX number
        ("32099L0001.fmx.xml", 'IDENTIFIER="001"', 'IDENTIFIER="first"', "syntax", "first"),
        ("32099L0001.fmx.xml", "<ACT>", "<ACTE>", "root", "ACTE"),
    ],
)
def test_what_is_not_known_stops(tmp_path: Path, name: str, old: str, new: str, rule: str, words: str) -> None:
    file = tmp_path / name
    text = ACT.read_text().replace(old, new)
    file.write_text(text.replace("</ACT>", "</ACTE>") if new == "<ACTE>" else text)
    with pytest.raises(InputError) as caught:
        records("eu-legislation", file)
    assert caught.value.findings[0].rule == rule and words in caught.value.findings[0].message()


def test_a_page_needs_its_description(tmp_path: Path) -> None:
    page = tmp_path / "en.xml"
    shutil.copy(sample("eu-legislation/12012p-txt/2012-10-26/en.xml"), page)
    with pytest.raises(InputError, match=r"meta\.json is not beside it"):
        records("eu-legislation", page)


def test_real_texts() -> None:
    visa = named(records("eu-legislation", sample("eu-legislation/formex_32009R0810_DE_cut.xml")))
    assert sum(data["type"] == "Provision" for data in visa.values()) == 14  # the articles of the cut file
    act = visa["eulaw-32009r0810-consolidated-2020-02-02-de"]  # traced by hand
    assert act["adopted"] == "2009-07-13" and act["altLabel"]["de"].endswith("(Visakodex)")
    assert "32019R1155" in act["note"]
    charter = named(records("eu-legislation", sample("eu-legislation/12012p-txt")))
    assert sum(data["type"] == "Provision" for data in charter.values()) == 54  # the Charter has 54 articles
    dignity = charter["eulaw-12012p-txt-article-1-en"]
    assert dignity["altLabel"] == {"en": "Human dignity"} and dignity["partOf"] == "eurlex-12012p-txt"
    solidarity = named(records("eu-legislation", sample("eu-legislation/12012e067")))
    assert {data["id"] for data in solidarity.values()} == {"eurlex-12012e067", "eurlex-12012e-txt"}

"""Rulings of the courts of the Netherlands."""

from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from tests.loaders.lawsources import FIXTURES, named, records, sample

RULING = FIXTURES / "rechtspraak" / "ruling.xml"


def test_ruling_on_appeal() -> None:
    index = {("celex", "32013L0032"): [("eu-directive-2013-32", "LegalInstrument")]}
    made = named(records("rechtspraak", RULING, index=index))
    ruling = made["rechtspraak-ecli-nl-rvs-2099-1"]
    assert (
        ruling["outcome"] == ["decision-upheld"]
        and ruling["date"] == "2099-02-05"
        and ruling["published"] == "2099-02-07"
    )
    assert ruling["applies"] == ["eu-directive-2013-32"] and "Vreemdelingenwet 2000" in ruling["note"]
    assert ruling["docket"] == ["209900001/1/V1", "209900002/1/V1"]


def test_a_known_ruling_makes_no_fresh_case() -> None:
    (ruling,) = records("rechtspraak", RULING, index={("ecli", "ECLI:NL:RVS:2099:1"): [("ruling-ours", "Decision")]})
    assert ruling.data["id"] == "ruling-ours" and "inCase" not in ruling.data


def changed(tmp_path: Path, old: str, new: str) -> Path:
    file = tmp_path / "ruling.xml"
    text = RULING.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return file


def test_outcome_is_that_of_this_ruling(tmp_path: Path) -> None:
    later = changed(tmp_path, "eerdereAanleg", "latereAanleg")  # what a later court did to it
    assert "outcome" not in named(records("rechtspraak", later))["rechtspraak-ecli-nl-rvs-2099-1"]
    partly = changed(tmp_path, "#bekrachtiging/bevestiging", "#(Gedeeltelijke) vernietiging met terugwijzen")
    assert named(records("rechtspraak", partly))["rechtspraak-ecli-nl-rvs-2099-1"]["outcome"] == ["other"]
    criminal = changed(tmp_path, "Bestuursrecht; Vreemdelingenrecht", "Strafrecht")
    assert named(records("rechtspraak", criminal))["rechtspraak-ecli-nl-rvs-2099-1"]["outcome"] == ["other"]


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        ("gevolg#bekrachtiging/bevestiging", "gevolg#verrassing", "unknown-value", "verrassing"),
        (">Uitspraak<", ">Gedicht<", "unknown-value", "gedicht"),
        ("<dcterms:identifier>ECLI:NL:RVS:2099:1<", "<dcterms:identifier>ECLI:NL<", "identifier", "dcterms:identifier"),
        ("<dcterms:format>", "<dcterms:surprise/><dcterms:format>", "unread-field", "dcterms:surprise"),
        (
            'xmlns:dcterms="http://purl.org/dc/terms/"',
            'xmlns:dcterms="http://example.org/"',
            "missing-field",
            "dcterms:identifier",
        ),
    ],
)
def test_what_is_not_known_stops(tmp_path: Path, old: str, new: str, rule: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        records("rechtspraak", changed(tmp_path, old, new))
    assert caught.value.findings[0].rule == rule and words in caught.value.findings[0].message()
    assert caught.value.findings[0].place.line


def test_real_rulings() -> None:
    made = named(records("rechtspraak", sample("ecli-rechtspraak")))
    assert len(made) == 4  # a case and a ruling for each of two files
    hague = made["rechtspraak-ecli-nl-rbdha-2014-8504"]  # traced by hand
    assert hague["date"] == "2014-07-10" and hague["docket"] == ["AWB 14/12595"] and "outcome" not in hague
    appeal = made["rechtspraak-ecli-nl-crvb-2014-355"]  # traced by hand
    assert appeal["description"] == {"nl": "Hoger beroep"} and appeal["published"] == "2014-02-07"

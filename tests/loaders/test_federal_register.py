"""Executive orders and other documents of the Federal Register."""

import json
from pathlib import Path

import pytest

from solidarity_spectrum.findings import InputError
from tests.loaders.lawsources import FIXTURES, named, records, sample

REPLY = FIXTURES / "federal_register" / "reply.json"
HELD = {
    ("officialNumber", "Executive Order 13769"): [("eo-13769", "LegalInstrument")],
    ("officialNumber", "Executive Order 13780"): [("eo-13780", "LegalInstrument")],
}


def test_orders() -> None:
    made = named(records("federal-register", REPLY))
    order = made["fedreg-2017-02281"]
    assert order["officialNumber"] == "Executive Order 13769" and order["gazette"] == "82 FR 8977"
    assert (order["adopted"], order["published"]) == ("2017-01-27", "2017-02-01")  # signed, then printed
    assert (
        order["label"]["en"] == "Executive Order 13769: Protecting the “Nation”" and order["signedBy"] == "donald-trump"
    )
    memorandum = made["fedreg-2099-00001"]
    assert memorandum["instrumentType"] == "memorandum" and "adopted" not in memorandum
    assert not any(data["type"] == "Connection" for data in made.values())  # the graph holds neither end


def test_relations_between_known_orders() -> None:
    made = named(records("federal-register", REPLY, index=HELD))
    assert made["fedreg-2017-02281"]["id"] == "eo-13769" and "label" not in made["fedreg-2017-02281"]
    stated = [data for data in made.values() if data["type"] == "Connection"]
    assert [(each["subject"], each["relation"], each["object"]) for each in stated] == [
        ("eo-13780", "repeals", "eo-13769"),  # «Revoked by» in the one
        ("eo-13780", "repeals", "eo-13769"),  # «Revokes» in the other
    ]


def test_a_document_alone(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps(json.loads(REPLY.read_text())["results"][0]))
    assert [record.name for record in records("federal-register", file)] == ["fedreg-2017-02281"]


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        ('"Memorandum"', '"Whim"', "unknown-value", "Whim"),
        ('"donald-trump"', '"nobody"', "unknown-value", "nobody"),
        ('"2017-01-27"', '"27 January"', "syntax", "27 January"),
        ('"82 FR 8977"', '"82 XX"', "identifier", "citation"),
        ('"2099-00001"', '"one"', "identifier", "document_number"),
        ('"end_page": 8982', '"surprise": 1', "unread-field", "results/surprise"),
    ],
)
def test_what_is_not_known_stops(tmp_path: Path, old: str, new: str, rule: str, words: str) -> None:
    file = tmp_path / "reply.json"
    file.write_text(REPLY.read_text().replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        records("federal-register", file)
    assert caught.value.findings[0].rule == rule and words in caught.value.findings[0].message()
    assert caught.value.findings[0].place.line


def test_real_reply() -> None:
    file = sample("us-federal-register/fr_executive_orders_donald-trump.json")
    made = named(records("federal-register", file))
    assert len(made) == len(json.loads(file.read_text())["results"]) == 8
    order = made["fedreg-2018-13696"]  # traced by hand
    assert order["officialNumber"] == "Executive Order 13841" and order["signed"] == "2018-06-22"
    travel = made["fedreg-2017-04837"]  # traced by hand
    assert (
        travel["note"] == "Office of the Federal Register: See: EO 13769, January 27, 2017; EO 13815, October 24, 2017"
    )


@pytest.mark.parametrize(
    ("note", "stated"),
    [
        ("Amends: EO 12000; See also: EO 13769", []),
        ("Revokes: EO 12000; Partially supersedes: EO 13769", []),
        ("Supersedes (in part): EO 13769", []),
        ("Revokes: EO 12000, January 5, 1977\\nAmends: EO 13769", ["amends"]),
    ],
)
def test_an_unknown_verb_states_nothing(tmp_path: Path, note: str, stated: list[str]) -> None:
    file = tmp_path / "reply.json"
    file.write_text(REPLY.read_text().replace("Revokes: EO 13769, January 27, 2017;\\nSee: EO 13815", note))
    assert note in file.read_text()
    made = named(records("federal-register", file, index=HELD)).values()
    found = [data["relation"] for data in made if data["type"] == "Connection"]
    assert found == ["repeals", *stated]  # the first is that of the other order

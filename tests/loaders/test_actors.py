"""Members of legislatures from EveryPolitician, and persons and bodies from Wikidata."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading import Index, describe, fetch, load
from solidarity_spectrum.loading.client import Client, Response
from solidarity_spectrum.records import Record, compile_records

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
there = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside the project")

POPOLO = {
    "persons": [
        {"id": "11-aa", "name": "Orbán, Viktor", "email": "x@e.org", "identifiers": [
            {"scheme": "wikidata", "identifier": "Q57641"}, {"scheme": "viaf", "identifier": "1"}]},
        {"id": "22-bb", "name": "Agustín Conde", "identifiers": [{"scheme": "wikidata", "identifier": "Q33"}],
         "birth_date": "1965-06", "gender": "male", "other_names": [
            {"lang": "es", "name": "Agustín Conde Bajén", "note": "multilingual"}, {"name": "A. C."}]},
    ],
    "organizations": [
        {"id": "legislature", "name": "Országgyűlés", "classification": "legislature", "seats": 386,
         "identifiers": [{"scheme": "wikidata", "identifier": "Q648716"}]},
        {"id": "party/fidesz", "name": "Fidesz", "classification": "party"},
        {"id": "party/independents", "name": "Independents", "classification": "party"},
    ],
    "memberships": [
        {"person_id": "11-aa", "organization_id": "legislature", "on_behalf_of_id": "party/fidesz",
         "legislative_period_id": "term/40", "role": "member"},
        {"person_id": "22-bb", "organization_id": "legislature", "legislative_period_id": "term/40",
         "role": "member", "start_date": "2014-05-10", "end_date": "2015"},
    ],
    "events": [{"id": "term/40", "name": "2014–", "classification": "legislative period", "start_date": "2014-05-10"}],
    "areas": [],
    "meta": {"sources": ["x"]},
}  # fmt: skip


def read(loader: str, path: Path, index: Index | None = None) -> dict[str, dict[str, Any]]:
    records = list(load(loader, [path], index or {}))
    whole = [Record({"recorded": "2026-11-26", **r.data}, r.file, r.places) for r in records]
    assert not [f for f in compile_records(whole, ()).findings if f.severity == "violation"]
    return {record.name: record.data for record in records}


def refused(loader: str, path: Path, value: object) -> tuple[str, str]:
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    with pytest.raises(InputError) as caught:
        read(loader, path)
    assert str(path) in str(caught.value.findings[0].place)
    return caught.value.findings[0].rule, caught.value.findings[0].message()


def test_popolo_becomes_persons_parties_and_offices(tmp_path: Path):
    file = tmp_path / "ep-popolo-v1.0.json"
    file.write_text(json.dumps(POPOLO), "utf-8")
    data = read("everypolitician", file)
    assert len(data) == 4
    orban = data["everypolitician-11-aa"]
    assert orban["label"] == {"en": "Viktor Orbán", "hu": "Orbán Viktor"} and orban["wikidataId"] == "Q57641"
    assert [o["label"]["en"] for o in orban["offices"]] == ["member, Országgyűlés (2014–)", "member, Fidesz (2014–)"]
    assert "startDate" not in orban["offices"][0]  # the term's day is not the member's
    conde = data["everypolitician-22-bb"]
    assert (conde["born"], conde["altLabel"]) == ("1965-06", {"es": "Agustín Conde Bajén"})
    assert (conde["offices"][0]["startDate"], conde["offices"][0]["endDate"]) == ("2014-05-10", "2015")
    # What the description says is the same is not doubled.
    assert [office["organisation"] for office in orban["offices"]] == ["hu-parliament", "fidesz"]
    assert data["everypolitician-orszaggyules-party-fidesz-55de6f87"]["id"] == "fidesz"


def test_popolo_joins_by_the_wikidata_item(tmp_path: Path):
    file = tmp_path / "ep-popolo-v1.0.json"
    file.write_text(json.dumps(POPOLO), "utf-8")
    index = {
        ("wikidataId", "Q57641"): [("viktor-orban", "Person")],
        ("wikidataId", "Q33"): [("agustin-conde", "Person")],
        ("wikidataId", "Q648716"): [("hungarian-national-assembly", "Organisation")],
    }
    data = read("everypolitician", file, index)
    orban = data["everypolitician-11-aa"]
    assert data["everypolitician-22-bb"]["id"] == "agustin-conde" and "born" not in data["everypolitician-22-bb"]
    assert orban["id"] == "viktor-orban" and "label" not in orban
    assert not [d for d in data.values() if d.get("label", {}).get("en") == "Independents"]
    assert orban["offices"][0]["organisation"] == "hu-parliament"


def test_only_hungarian_members_have_hungarian_names(tmp_path: Path):
    document = json.loads(json.dumps(POPOLO))
    document["organizations"][0]["name"] = "Assembly"
    (tmp_path / "ep-popolo-v1.0.json").write_text(json.dumps(document), "utf-8")
    data = read("everypolitician", tmp_path / "ep-popolo-v1.0.json")
    assert data["everypolitician-11-aa"]["label"] == {"en": "Viktor Orbán"}


@pytest.mark.parametrize(
    ("change", "rule", "says"),
    [
        (lambda d: d["persons"][0].update(shoe_size=44), "unread-field", "persons/shoe_size"),
        (lambda d: d["organizations"][1].update(classification="junta"), "unknown-value", "«junta»"),
        (lambda d: d["memberships"][0].update(person_id="99"), "missing-field", "«99», who is not among"),
        (lambda d: d["memberships"][0].update(organization_id="x"), "missing-field", "«x» is not among"),
        (lambda d: d["persons"].append(d["persons"][1]), "duplicate-id", "stands twice"),
        (lambda d: d["persons"][1].pop("id"), "missing-field", "persons/id"),
        (lambda d: d.update(votes=[]), "unread-field", "«votes»"),
        (lambda d: d.update(persons=[]), "missing-field", "not among the persons"),
    ],
)
def test_broken_popolo_is_refused(change: Any, rule: str, says: str, tmp_path: Path):
    document = json.loads(json.dumps(POPOLO))
    change(document)
    found = refused("everypolitician", tmp_path / "ep-popolo-v1.0.json", document)
    assert found[0] == rule and says in found[1]


def test_the_table_says_the_same_person(tmp_path: Path):
    file = tmp_path / "term-40.csv"
    header = "id,name,sort_name,email,twitter,facebook,group,group_id,area_id,area,chamber,term,start_date,end_date"
    header += ",image,gender"
    file.write_text(f'{header}\n11-aa,"Orbán, Viktor",x,,,,Fidesz,fidesz,,,Országgyűlés,40,2014-05-06,,,\n', "utf-8")
    data = read("everypolitician", file)
    person = data["everypolitician-11-aa-term-40-fidesz-2014-05-06"]
    assert person["id"] == "everypolitician-11-aa" and person["label"]["hu"] == "Orbán Viktor"
    assert [o["startDate"] for o in person["offices"]] == ["2014-05-06"] * 2
    assert refused("everypolitician", file, f"{header},shoe\n")[0] == "unknown-column"
    assert refused("everypolitician", file, f"{header}\n11-aa\n")[0] == "syntax"


def claim(value: object, **more: object) -> dict[str, object]:
    snak = {"snaktype": "value", "property": "P", "datavalue": {"value": value, "type": "x"}}
    return {"mainsnak": snak, "type": "statement", "rank": "normal"} | more


ENTITY: dict[str, Any] = {
    "pageid": 1, "ns": 0, "title": "Q5", "lastrevid": 1, "modified": "2015", "type": "item", "id": "Q500",
    "labels": {"pl": {"language": "pl", "value": "Alena"}}, "descriptions": {}, "sitelinks": {},
    "aliases": {"hu": [{"language": "hu", "value": "Aléna"}]},
    "claims": {
        "P31": [claim({"entity-type": "item", "numeric-id": 5})],
        "P569": [claim({"time": "+1946-01-01T00:00:00Z", "precision": 9})],
        "P102": [
            claim({"id": "Q7"}),
            claim({"id": "Q8"}, qualifiers={"P582": []}),
            claim({"id": "Q9"}, rank="deprecated"),
            {"mainsnak": {"snaktype": "somevalue", "property": "P102"}, "rank": "normal"},
        ],
    },
}  # fmt: skip


def test_an_entity_becomes_a_person(tmp_path: Path):
    file = tmp_path / "Q500.json"
    file.write_text(json.dumps({"entities": {"Q500": ENTITY}, "success": 1}), "utf-8")
    index = {("wikidataId", f"Q{n}"): [(f"party-{n}", "PoliticalParty")] for n in (7, 8, 9)}
    (person,) = read("wikidata", file, index).values()
    assert person["label"] == {"en": "Alena"} and person["altLabel"] == {"hu": ["Aléna"]}
    assert (person["born"], person["memberOf"], person["status"]) == ("1946", ["party-7"], "single-source")
    file.write_text(json.dumps(ENTITY) + "\n" + json.dumps(ENTITY | {"id": "Q501"}), "utf-8")
    assert set(read("wikidata", file)) == {"wikidata-q500", "wikidata-q501"}
    added = read("wikidata", file, {("wikidataId", "Q500"): [("alena", "Person")]})["wikidata-q500"]
    assert added["id"] == "alena" and "label" not in added


@pytest.mark.parametrize(
    ("document", "rule", "says"),
    [
        ({"error": {"code": "maxlag", "info": "too slow"}}, "fetch", "too slow"),
        ({"entities": {"Q5": {"id": "Q5", "missing": ""}}}, "missing-field", "no «Q5»"),
        ({"entities": {}}, "missing-field", "no entities"),
        ({"entities": {"Q500": ENTITY | {"claims": []}}}, "unknown-value", "(none)"),
        ({"entities": {"Q500": ENTITY | {"lemmas": {}}}}, "unread-field", "«lemmas»"),
        ({"head": {}, "results": {"bindings": [{"shoe": {"type": "uri", "value": "x"}}]}}, "unknown-column", "«shoe»"),
        ({"head": {}, "results": {"bindings": [{"org": {"type": "uri", "value": "x"}}]}}, "missing-field", "no item"),
        ('{"entities": {"Q5": {', "syntax", "cut off"),
        ("<html>", "syntax", "Expecting value"),
    ],
)
def test_broken_replies_are_refused(document: object, rule: str, says: str, tmp_path: Path):
    found = refused("wikidata", tmp_path / "Q5.json", document)
    assert found[0] == rule and says in found[1]


def row(**cells: str) -> dict[str, dict[str, str]]:
    return {
        name: {"type": "uri" if value.startswith("http") else "literal", "value": value}
        for name, value in cells.items()
    }


W = "http://www.wikidata.org/entity/"
ROWS = [
    row(statement=f"{W}statement/Q1-ab-1", item=f"{W}Q1", name_en="A", name_hu="Á", role=f"{W}Q3", role_en="minister",
        org=f"{W}Q4", org_en="Government", start="2016-07-13T00:00:00Z", party=f"{W}Q6", party_name_en="Party"),
    row(statement=f"{W}statement/Q1-ab-1", item=f"{W}Q1", name_en="A", role=f"{W}Q3", org=f"{W}Q4", party=f"{W}Q7"),
    row(statement=f"{W}statement/Q1-ab-2", item=f"{W}Q1", name_en="A", role=f"{W}Q3", org=f"{W}Q4"),
    row(statement=f"{W}statement/Q2-ab-3", item=f"{W}Q2", name_en="B", role=f"{W}Q3", org=f"{W}Q4"),
]  # fmt: skip


def test_rows_are_put_together_by_person(tmp_path: Path):
    file = tmp_path / "x.srj.json"
    file.write_text(json.dumps({"head": {"vars": []}, "results": {"bindings": ROWS}}), "utf-8")
    data = read("wikidata", file)
    assert set(data) == {f"wikidata-q{n}" for n in (1, 2, 4, 6, 7)}
    first, _ = data["wikidata-q1"]["offices"]
    assert (first["label"]["en"], first["startDate"], first["organisation"]) == (
        "minister",
        "2016-07-13",
        "wikidata-q4",
    )
    assert data["wikidata-q1"]["label"] == {"en": "A", "hu": "Á"} and data["wikidata-q7"]["label"] == {"en": "Q7"}


def test_what_is_fetched_is_read_like_a_file(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []

    def answer(self: Client, method: str, url: str, accept: str, body: bytes | None) -> Response:
        if method == "GET":
            ids = parse_qs(urlsplit(url).query)["ids"][0].split("|")
            asked.append(f"{len(ids)}")
            text = json.dumps({"entities": {name: ENTITY | {"id": name} for name in ids}})
        else:
            query = parse_qs((body or b"").decode())["query"][0]
            asked.append(query[-40:])
            window = re.search(r"LIMIT (\d+) OFFSET (\d+)$", query)
            rows = ROWS if window else [{"count": {"type": "literal", "value": str(len(ROWS))}}]
            text = json.dumps({"head": {"vars": []}, "results": {"bindings": rows}})
        return Response(url, "application/sparql-results+json", text.encode())

    monkeypatch.setattr(Client, "_fetch", answer)
    about = describe("wikidata")
    wanted = {"ids": ",".join(f"Q{n}" for n in range(1000, 1060)), "organisation": "Q4"}
    found = [r.name for r in load("wikidata", index={}, inputs=fetch(about, Client(index={}), wanted))]
    assert len(found) == 65 and asked[:2] == ["50", "10"] and "OFFSET 0" in asked[3]
    with pytest.raises(InputError, match="not an item"):
        list(fetch(about, Client(), {"organisation": "Q4 } INSERT"}))


@there
def test_the_real_files():
    people = read("everypolitician", SAMPLES / "everypolitician")
    ids = {d["id"] for d in people.values() if d["type"] == "Person"}
    assert len([i for i in people if people[i]["type"] == "Person" and "-term-" not in i]) == 124 and len(ids) >= 124
    data = read("wikidata", SAMPLES / "wikidata")
    assert data["wikidata-q11857954"]["born"] == "1946" and data["wikidata-q312340"]["born"] == "1966-06-20"
    assert data["wikidata-q1146616"]["type"] == "PoliticalParty"
    assert data["wikidata-q264766"]["label"]["en"] == "Theresa May"


@pytest.mark.parametrize(
    ("cells", "day"),
    [
        ({"start": "2010-01-01T00:00:00Z", "start_precision": "9"}, "2010"),
        ({"start": "2010-03-01T00:00:00Z", "start_precision": "10"}, "2010-03"),
        ({"start": "2010-01-01T00:00:00Z", "start_precision": "11"}, "2010-01-01"),
        ({"start": "2000-01-01T00:00:00Z", "start_precision": "7"}, None),
        ({"start": "2010-01-01T00:00:00Z"}, "2010"),
        ({"start": "http://www.wikidata.org/.well-known/genid/0a1b2c3d4e"}, None),
    ],
)
def test_a_term_is_as_precise_as_the_source(cells: dict[str, str], day: str | None, tmp_path: Path):
    held = row(statement=f"{W}statement/Q1-ab-1", item=f"{W}Q1", name_en="A", role=f"{W}Q3", org=f"{W}Q4", **cells)
    file = tmp_path / "x.srj.json"
    file.write_text(json.dumps({"head": {"vars": []}, "results": {"bindings": [held]}}), "utf-8")
    assert read("wikidata", file)["wikidata-q1"]["offices"][0].get("startDate") == day


def test_several_tables_share_their_bodies(tmp_path: Path):
    for term in ("39", "40"):
        text = f"id,name,group,group_id,chamber,term\n22-bb,B,Party,party,House,{term}\n"
        (tmp_path / f"term-{term}.csv").write_text(text, "utf-8")
    kinds = [record.data["type"] for record in load("everypolitician", sorted(tmp_path.iterdir()), {})]
    assert sorted(kinds) == ["Organisation", "Person", "Person", "PoliticalParty"]

"""The claims of the essays: what must hold of every one, and that none of the fact base was lost.

The second half needs the file `seed-claims.yaml` of the fact base, in `shared/facts` beside the checkout.
"""

import re
from typing import Any

import pytest

from tests.test_fact_base import FACTS, facts, find, ledger, listed, of_type, records, scalars

Data = dict[str, Any]
FILE = "seed-claims.yaml"
beside = pytest.mark.skipif(not (FACTS / FILE).is_file(), reason=f"no {FILE} in {FACTS}")


def connections(claim: str) -> list[Data]:
    return [record for record in of_type("Connection") if claim in listed(record.get("claim"))]


def essay(claim: Data) -> list[Data]:
    """The places in the essay that a claim cites."""
    addresses = listed(records()[claim["statedIn"]]["url"])
    return [source for source in claim["sources"] if source["url"] in addresses]


def test_every_claim_has_its_place_in_its_essay() -> None:
    claims = of_type("Claim")
    assert claims
    for claim in claims:
        (place,) = essay(claim)
        assert place["consulted"] == "true" and (place.get("section") or place.get("paragraph")), claim["id"]
        assert claim["status"] == "verified", claim["id"]


def test_a_slip_names_what_corrects_it_or_the_correction_has_a_source() -> None:
    slips = [claim for claim in of_type("Claim") if "slip" in claim]
    assert slips
    for claim in slips:
        assert claim["slip"].keys() == claim["correction"].keys() == {"en", "hu"}, claim["id"]
        assert all(find(name) for name in listed(claim.get("correctedBy"))), claim["id"]
        assert claim.get("correctedBy") or len(claim["sources"]) > 1, claim["id"]


def test_what_is_confirmed_says_by_what() -> None:
    for claim in of_type("Claim"):
        if claim["standing"] in ("confirmed", "confirmed-by-records"):
            assert claim.get("corroboratedBy") or len(claim["sources"]) > 1, claim["id"]


def test_quotations_of_claims_are_short() -> None:
    for claim in of_type("Claim"):
        assert all(len(text) <= 300 for _, text in scalars(claim.get("quotation"))), claim["id"]


def test_a_connection_cites_the_place_of_its_claim() -> None:
    for connection in of_type("Connection"):
        for name in listed(connection.get("claim")):
            (place,) = essay(records()[name])
            assert place["url"] in {source["url"] for source in connection["sources"]}, connection["id"]


@beside
def test_all_claims_are_held_and_no_other() -> None:
    assert {claim["id"] for claim in facts(FILE)} == {claim["id"] for claim in of_type("Claim")}


@beside
def test_every_field_of_a_claim_is_mapped() -> None:
    mapped = ledger("seed-claims")["fields"]
    seen = {f"claim.{path}".removesuffix("[]") for claim in facts(FILE) for path, _ in scalars(claim)}
    assert not seen - mapped.keys()


@beside
def test_every_claim_says_what_the_fact_base_says() -> None:
    book = ledger("seed-claims")
    for fact in facts(FILE):
        claim = records()[fact["id"]]
        assert claim["label"]["en"] == fact["paraphrase"]
        assert (claim["statedIn"], claim["claimType"]) == (fact["essay"], fact["claim_type"])
        assert claim["standing"] == book["standings"][fact["corroboration"]]
        for field, key in (("about", "about"), ("supports", "citesInSupport")):
            named = [found["id"] for name in fact.get(field, []) if (found := find(name))]
            assert len(named) == len(fact.get(field, [])) and named == listed(claim.get(key)), (fact["id"], field)
        if "speaker" in fact:
            assert fact["speaker"] in listed(claim["reportedSpeaker"]), fact["id"]
        if "quote" in fact:
            assert claim["quotation"] == {fact["quote_lang"]: fact["quote"]}
        (place,) = essay(claim)
        locator = fact["locator"]
        assert place.get("paragraph") == locator.get("para") and listed(place.get("footnote")) == locator.get(
            "footnote", []
        )
        assert place.get("section") == (None if locator["section"].startswith("(") else locator["section"])
        if "slip" in fact:
            assert claim["slip"]["en"] == fact["slip"]["what"]
            assert listed(claim["slipKind"]) == book["slips"][fact["slip"]["severity"]]
        else:
            assert "slip" not in claim


@beside
def test_every_link_of_a_claim_is_held() -> None:
    book = ledger("seed-claims")
    told = {
        (entry["id"], name) for entry in book["exceptions"] for name in re.findall(r"links \((\S+)\)", entry["field"])
    }
    for fact in facts(FILE):
        for link in fact.get("links", []):
            rule = book["links"][link["relation"]]
            subject, object_ = find(link["from"]), find(link["to"])
            assert subject and object_, (fact["id"], link)
            if "became" in rule or (fact["id"], link["relation"]) in told:
                continue
            if rule["swapped"] == "true":
                subject, object_ = object_, subject
            held = [
                connection["relation"]
                for connection in connections(fact["id"])
                if (connection["subject"], connection["object"]) == (subject["id"], object_["id"])
            ]
            allowed = {rule["relation"]}
            allowed |= {"exemplifies": {"expresses"}, "frames-as": {"usesTrope"}}.get(link["relation"], set())
            assert allowed & set(held), (fact["id"], link, held)

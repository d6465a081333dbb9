"""What a worker does for the quarantine: judge a contribution, and tell what it, or taking it back, would change.

It works on the copy of the graph that a worker has for itself, and gives the quads that come and go.
"""

import json
from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from solidarity_spectrum import acceptance, difference, links, reasoning, report
from solidarity_spectrum.validation import expand, impact
from solidarity_spectrum.validation.contribution import Examined

MAX_STATEMENTS = 10_000
SECONDS = 4.0
"""For the answers of the catalogue; what is left is named."""
Sent = list[tuple[str, bytes, str]]


def review(store: ox.Store, sent: Sent, ask: dict[str, Any]) -> bytes:
    """The review of a contribution by `ask["by"]`, recorded on a day, as a JSON object.

    `report` and `difference` are what `solidarity validate` and `solidarity diff` give as JSON; if it `conforms`,
    `records` are its ids, `update` is the SPARQL update that takes it in, and `own` the quads of its records that come
    and go, as N-Quads.
    """
    inputs = list(expand(sent, ask["bytes"]))
    by, day, limit = ask["by"], ask["recorded"], ask["bytes"]
    findings, records, examined = acceptance.stamp(inputs, store, by, day, limit, MAX_STATEMENTS)
    told = report.Report(findings, examined.statements)
    answer: dict[str, Any] = {
        "conforms": bool(records),
        "report": json.loads(report.render(told, "json", ask["language"])),
        "records": [str(record["id"]) for record in records],
    }
    if records and examined.change:
        came, went = difference.quads_of(examined.change, store)
        answer |= _change(came, went)
        if not ask["difference"]:
            return json.dumps(answer).encode()
        changes = difference.of_contribution(examined, store, seconds=SECONDS)
        answer["difference"] = json.loads(difference.as_json(changes))
    return json.dumps(answer, ensure_ascii=False).encode()


def take_back(store: ox.Store, came: bytes, went: bytes) -> bytes:
    """The update that takes quads of records back, as `update` of a JSON object: `came` go and `went` come."""
    change = impact.Change(store, set(_parse(came)), list(_parse(went)))
    return json.dumps(_change(*difference.quads_of(change, store))).encode()


def _change(came: set[ox.Quad], went: set[ox.Quad]) -> dict[str, Any]:
    concluded = (reasoning.INFERRED, links.LINKS)
    own = [[quad for quad in quads if quad.graph_name not in concluded] for quads in (came, went)]
    return {
        "update": f"DELETE DATA {{\n{_data(went)}}} ;\nINSERT DATA {{\n{_data(came)}}}\n",
        "own": {name: _lines(quads) for name, quads in zip(("came", "went"), own, strict=True)},
    }


def _lines(quads: Iterable[ox.Quad]) -> str:
    return "".join(sorted(f"{quad} .\n" for quad in quads))


def _parse(lines: bytes) -> Iterable[ox.Quad]:
    return ox.parse(lines, format=ox.RdfFormat.N_QUADS)


def _data(quads: Iterable[ox.Quad]) -> str:
    return "".join(sorted(f"GRAPH {quad.graph_name} {{ {quad.triple} }}\n" for quad in quads))


def warm() -> None:
    """Load what a review needs, before a worker does it that may open no file and so import nothing."""
    label = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    quad = ox.Quad(ox.NamedNode("urn:x"), label, ox.Literal("x", language="en"), ox.NamedNode("urn:g"))
    for seconds in (0, SECONDS):
        store = ox.Store()
        change = impact.Change(store, set(), [quad])
        difference.as_json(difference.of_contribution(Examined([], 1, [], [quad], change), store, seconds=seconds))
    review(ox.Store(), [("a.yaml", b"id: x", "yaml"), ("b.nt", b"<urn:x> <urn:y> <urn:z> .", "nt")], _ASK)
    take_back(ox.Store(), b"", f"{quad} .".encode())


_ASK = {"by": "x", "recorded": "2026-01-01", "language": "hu", "bytes": 10_000, "difference": True}

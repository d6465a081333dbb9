"""One connection per vote of a state on a resolution of the General Assembly, and the resolutions that the graph lacks.

Two formats of votes: the CSV file of all votes, a row per vote, and MARCXML, a record per resolution
(fields by the manual of the library, https://www.un.org/depts/dhl/unbisref_manual/voting/voting.htm: 245 title,
269 date, 791 symbol, 967 to 969 one state each, 996 totals). The totals that a record gives are compared with its
votes.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Any

from solidarity_spectrum.findings import Place
from solidarity_spectrum.loading import (
    Description,
    Fields,
    Input,
    elements,
    json_items,
    known,
    mint,
    refuse,
    rows,
    states,
    total,
)
from solidarity_spectrum.records import Record

from ..unvotes import WORDS, resolution

MARC = "http://www.loc.gov/MARC21/slim"
_TOTALS = ("votesInFavourOf", "votesAgainstAdoptionOf", "abstainsOn", "doesNotVoteOn")
_KEYS = ("votesFor", "votesAgainst", "abstentions", "notVoting")


@dataclass(slots=True)
class _Vote:
    """How one state voted; `item` is where the source says so."""

    code: str
    name: str
    relation: str
    item: Fields


@dataclass(slots=True)
class _RollCall:
    """What a voting record says of a resolution; `totals` in the order of `_TOTALS`, then of all members."""

    number: str
    symbol: str
    date: str
    title: str
    place: Place
    totals: list[str] = field(default_factory=list)


def read(source: Input, description: Description) -> Iterator[Record]:
    """The votes of one file, each resolution that the graph lacks before the votes on it.

    Raises InputError if a roll call does not hold as many votes as it counts; `--choose extract=yes` reads a file
    that is known to hold only some.
    """
    if source.stem.lower().endswith(".json"):
        yield from _texts(source, description)
        return
    marc = source.stem.lower().endswith(".xml")
    made: set[str] = description.kept.setdefault("made", set())
    for call, votes in _marc(source, description) if marc else _table(source, description):
        held = source.joined("unSymbol", call.symbol, "LegalInstrument")
        target = held or mint("undl", "resolution", call.symbol)
        counted: Counter[str] = Counter()
        for vote in votes:
            if not held and target not in made:
                made.add(target)
                yield _resolution(vote.item, call, target)
            counted[vote.relation] += 1
            state = _state(vote, description)
            if state["id"].startswith("undl-") and state["id"] not in made:
                made.add(state["id"])
                yield vote.item.record(
                    state | {"type": "State", "sources": [_citation(vote.item, call)], "status": description.status}
                )
            yield _connection(vote, call, state, target)
        if call.totals and description.chosen.get("extract") != "yes":
            _compare(call, counted)


def _texts(source: Input, description: Description) -> Iterator[Record]:
    """The resolutions of JSON objects that the graph lacks; how states voted is not in them."""
    made: set[str] = description.kept.setdefault("made", set())
    for item in json_items(source, description, ""):
        item.skip("title", "date", "subjects")
        for key, only in (("body", "General Assembly"), ("doc_type", "resolution")):
            known({only: only}, item.take(key), item.place, key)
        symbol = item.take("symbol")
        name = mint("undl", "resolution", symbol)
        if name not in made and source.joined("unSymbol", symbol, "LegalInstrument") is None:
            made.add(name)
            citation = description.source(item.take("url"))
            yield item.record(resolution(item, name, symbol, "", "", citation))
        item.skip("url")


def _compare(call: _RollCall, counted: Counter[str]) -> None:
    members = int(float(call.totals[-1] or 0))
    if sum(counted.values()) < members:
        en = f"{sum(counted.values())} votes of {members} on {call.symbol}: for an extract, add --choose extract=yes"
        hu = f"{members} szavazatból {sum(counted.values())} ({call.symbol}); kivonathoz: --choose extract=yes"
        raise refuse("total", call.place, en, hu)
    for relation, declared in zip(_TOTALS, call.totals, strict=False):
        if declared:
            total(call.place, f"votes of the kind {relation} on {call.symbol}", int(float(declared)), counted[relation])


def _state(vote: _Vote, description: Description) -> dict[str, Any]:
    code = description.tables["renamed"].get(vote.code, vote.code)
    if code in description.tables["former"]:
        return {"id": mint("undl", "state", code), "label": description.tables["former"][code]}
    if code not in states():
        en = f"«{code}» ({vote.name}) is no code of a state in the graph nor in the loader's description"
        hu = f"«{code}» ({vote.name}) nem szerepel a gráf államai között, sem a betöltő leírásában"
        raise vote.item.error("unknown-value", en, hu)
    return states()[code]


def _connection(vote: _Vote, call: _RollCall, state: dict[str, Any], target: str) -> Record:
    en, hu = WORDS[vote.relation]
    return vote.item.record(
        {
            "id": mint("undl", call.number, vote.code),
            "type": "Connection",
            "label": {
                "en": f"{state['label']['en']} {en} {call.symbol}",
                "hu": f"{state['label']['hu']}: {hu} ({call.symbol})",
            },
            "subject": state["id"],
            "relation": vote.relation,
            "object": target,
            "date": call.date,
            "sources": [_citation(vote.item, call)],
            "status": vote.item.description.status,
        }
    )


def _resolution(item: Fields, call: _RollCall, name: str) -> Record:
    totals = {key: int(float(value)) for key, value in zip(_KEYS, call.totals, strict=False) if value}
    return item.record(resolution(item, name, call.symbol, call.title, call.date, _citation(item, call)) | totals)


def _citation(item: Fields, call: _RollCall) -> dict[str, Any]:
    return item.description.source(f"https://digitallibrary.un.org/record/{call.number}")


def _table(source: Input, description: Description) -> Iterator[tuple[_RollCall, Iterator[_Vote]]]:
    table = rows(source, description)
    for number, group in groupby(table, key=lambda row: row.take("undl_id")):
        first = next(group)
        call = _RollCall(
            number,
            first.take("resolution"),
            first.take("date"),
            first.get("title"),
            first.place,
            [first.get(f"total_{kind}") for kind in ("yes", "no", "abstentions", "non_voting", "ms")],
        )

        yield call, (_row(row, description) for row in chain((first,), group))


def _row(row: Fields, description: Description) -> _Vote:
    for column in ("undl_link", "title", "date", "resolution"):
        row.get(column)
    for kind in ("yes", "no", "abstentions", "non_voting", "ms"):
        row.get(f"total_{kind}")
    relation = known(description.tables["votes"], row.get("ms_vote"), row.place, "ms_vote")
    return _Vote(row.take("ms_code"), row.take("ms_name"), relation, row)


def _marc(source: Input, description: Description) -> Iterator[tuple[_RollCall, Iterator[_Vote]]]:
    for record in elements(source, description, "collection/record", "record", namespace=MARC):
        control = {item.take("@tag"): item.take("#") for item in record.each("controlfield")}
        found: dict[str, list[tuple[dict[str, str], Fields]]] = {}
        for item in record.each("datafield"):
            parts = {part.take("@code"): part.get("#").strip() for part in item.each("subfield")}
            found.setdefault(item.take("@tag"), []).append((parts, item))
            item.skip("@ind1", "@ind2")

        def one(tag: str, code: str, found: dict[str, list[tuple[dict[str, str], Fields]]] = found) -> str:
            return next((parts[code] for parts, _ in found.get(tag, []) if parts.get(code)), "")

        if not one("791", "a") or "001" not in control:
            en, hu = "no symbol (791 $a) or number (001)", "nincs jelzet (791 $a) vagy azonosító (001)"
            raise record.error("missing-field", en, hu)
        call = _RollCall(
            control["001"],
            one("791", "a"),
            one("269", "a"),
            " ".join(filter(None, (one("245", "a"), one("245", "b")))),
            record.place,
            [one("996", code) for code in "bcdef"] if "996" in found else [],
        )
        votes = [
            _Vote(
                parts.get("c", ""),
                parts.get("e", ""),
                known(description.tables["votes"], parts.get("d", ""), item.place, "967 $d"),
                item,
            )
            for tag in ("967", "968", "969")
            for parts, item in found.get(tag, [])
        ]
        yield call, iter(votes)

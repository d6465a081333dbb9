"""One connection per vote of a state in a roll call of the General Assembly, and the resolutions that the graph lacks.

The table of votes names roll calls by number; the table of roll calls beside it (`un_roll_calls.csv`) tells which
resolution each was about. Votes on an amendment or a paragraph, or on a motion without a symbol, are no votes on a
resolution and are left out.
"""

import re
from collections.abc import Iterator
from typing import Any

from solidarity_spectrum.identifiers.base import to_roman
from solidarity_spectrum.loading import Description, Fields, Input, mint, refuse, rows, states
from solidarity_spectrum.records import Record

CALLS = "un_roll_calls.csv"
WORDS = {
    "votesInFavourOf": ("votes in favour of", "igen"),
    "votesAgainstAdoptionOf": ("votes against", "nem"),
    "abstainsOn": ("abstains on", "tartózkodás"),
    "doesNotVoteOn": ("does not vote on", "nem szavazott"),
}


def read(source: Input, description: Description) -> Iterator[Record]:
    """The votes of one file, each resolution and each state that the graph lacks before the first vote that needs it.

    Raises InputError if the table of roll calls is not beside the file, or lacks a roll call that has votes.
    """
    calls = _calls(source, description)
    given: set[str] = set()
    for row in rows(source, description):
        call = row.code("rcid", calls)
        relation = row.code("vote", description.tables["votes"])
        name = row.take("country")
        if not call["symbol"]:
            continue
        target = source.joined("unSymbol", call["symbol"], "LegalInstrument")
        if target is None:
            target = mint("unvotes", call["symbol"])
            if target not in given:
                given.add(target)
                yield row.record(resolution(row, target, call["symbol"], call["title"], call["date"], _citation(row)))
        former = description.tables["former"].get(name)
        if former is None:
            state = states()[row.code("country", description.tables["states"])]
        else:
            state = {"id": mint("unvotes", "state", name), "label": {"hu": former}}
            if state["id"] not in given:
                given.add(state["id"])
                yield _state(row, state, name)
        en, hu = WORDS[relation]
        yield row.record(
            {
                "id": mint("unvotes", row.take("rcid"), name),
                "type": "Connection",
                "label": {
                    "en": f"{name} {en} {call['symbol']}",
                    "hu": f"{state['label']['hu']}: {hu} ({call['symbol']})",
                },
                "subject": state["id"],
                "relation": relation,
                "object": target,
                "date": call["date"],
                "sources": [_citation(row)],
                "status": description.status,
            }
        )


def _calls(source: Input, description: Description) -> dict[str, dict[str, str]]:
    """The roll calls by number; `symbol` is "" where the vote was not on a whole resolution."""
    beside = source.sibling(CALLS)
    if beside is None:
        en, hu = f"{CALLS} is not beside this file", f"a(z) {CALLS} nincs e fájl mellett"
        raise refuse("missing-file", source.place(), en, hu)
    calls = {}
    for row in rows(beside, description):
        whole = row.get("amend") in ("", "0", "NA") and row.get("para") in ("", "0", "NA")
        symbol = row.get("unres").strip()
        symbol = _symbol(symbol) if symbol not in ("", "NA") and whole else ""
        calls[row.take("rcid")] = {
            "symbol": symbol,
            "date": row.take("date"),
            "title": row.get("short").removeprefix("NA"),
        }
        row.get("descr")
    return calls


def _symbol(written: str) -> str:
    """The symbol as the United Nations write it: up to the session of 1975 with the session in brackets, such as
    `A/RES/194(III)`; "" for the first session, whose numbers and days the table does not have right."""
    symbol = re.sub(r"^(A/)?R(ES)?/", "A/RES/", written)
    old = re.fullmatch(r"A/RES/(\d+)/(\d+)([A-Z]?)", symbol)
    if not old or int(old[1]) > 30:
        return symbol
    return f"A/RES/{old[2]}{old[3]}({to_roman(int(old[1]))})" if old[1] != "1" else ""


def _citation(row: Fields) -> dict[str, Any]:
    about = row.description
    return about.source(about.address, locator=f"un_votes, un_roll_calls: rcid {row.take('rcid')}")


def resolution(item: Fields, name: str, symbol: str, title: str, day: str, citation: dict[str, Any]) -> dict[str, Any]:
    """What a roll call says of the resolution it was on. `title` may end as catalogues end it."""
    title = title.partition(" : resolution /")[0].strip()
    return {
        "id": name,
        "type": "LegalInstrument",
        "label": {"en": f"{title} ({symbol})" if title else symbol},
        "unSymbol": symbol,
        "instrumentType": "resolution",
        "adopted": day,
        "jurisdiction": "united-nations",
        "sources": [citation],
        "status": item.description.status,
    }


def _state(row: Fields, state: dict[str, Any], name: str) -> Record:
    return row.record(
        {
            "id": state["id"],
            "type": "State",
            "label": {"en": name, "hu": state["label"]["hu"]},
            "sources": [_citation(row)],
            "status": row.description.status,
        }
    )

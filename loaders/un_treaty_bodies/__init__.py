"""Views of the committees that watch over the human rights treaties of the United Nations, and their general comments.

A document is known by its symbol. Whether a right was violated is said in the text alone, so only what the type of
the decision tells is an outcome. The one who complains is named in the title of the case as it is published, and
nowhere else.
"""

import html
from collections.abc import Iterator
from functools import cache

from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.loading import Description, Fields, Input, json_items, known, mint, states
from solidarity_spectrum.records import Record


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one file: an object, a list of them or a line each."""
    for item in json_items(source, description, ""):
        symbol = _symbol(item)
        title = " ".join(html.unescape(item.take("title")).rstrip(" *").split())
        body = known(description.tables["bodies"], item.get("body") or item.get("committee"), item.place, "body")
        date, thing = item.get("date"), source.joined("unSymbol", symbol)
        item.skip("committee")
        identity = {"record": mint("unbodies", symbol), "id": thing or mint("unbodies", symbol)}
        common: dict[str, object] = {
            "unSymbol": symbol,
            "sources": [description.source(item.get("url") or description.address, f"{title}, {symbol}")],
            "status": description.status,
        }
        if item.keys() and "communication_no" not in item.keys():  # noqa: SIM118 - Fields is no mapping
            yield item.record(
                {
                    **identity,
                    "type": "LegalInstrument",
                    "label": {} if thing else {"en": f"{title} ({symbol})"},
                    "description": {} if thing else {"en": f"General comment of the {body}."},
                    "instrumentType": "" if thing else "guidance",
                    "bindingness": "" if thing else "soft-law",
                    "jurisdiction": "" if thing else "united-nations",
                    "adopted": date,
                    **common,
                }
            )
        else:
            yield from _views(item, symbol, title, body, date, thing, identity, common, source, description)


def _views(
    item: Fields,
    symbol: str,
    title: str,
    body: str,
    date: str,
    thing: str | None,
    identity: dict[str, str],
    common: dict[str, object],
    source: Input,
    description: Description,
) -> Iterator[Record]:
    number, kind = item.take("communication_no"), item.get("decision_type")
    outcome = known(description.tables["decisions"], kind, item.place, "decision_type")
    names = _names() | description.tables["states"]
    # Several states stand in one cell, parted by commas, which also stand inside names.
    country = " ".join(html.unescape(item.get("country")).replace("’", "'").split())
    written = [country] if country in names else [part.strip() for part in country.split(",") if part.strip()]
    respondents = [known(names, name, item.place, "country") for name in written]
    case = mint("unbodies", "case", symbol)
    if not thing:
        yield item.record(
            {
                "id": case,
                "type": "Case",
                "label": {"en": f"{title}, communication no. {number}"},
                "description": {"en": f"Communication to the {body}."},
                "jurisdiction": respondents[:1],
                "respondent": respondents,
                "partyDescription": "" if respondents else title,
                "docket": number,
                "sources": common["sources"],
                "status": common["status"],
            }
        )
    yield item.record(
        {
            **identity,
            "type": "Decision",
            "label": {} if thing else {"en": f"{body}, {date}, {title} ({symbol})"},
            "inCase": "" if thing else case,
            "date": date,
            "outcome": outcome,
            "outcomeDescription": kind if outcome and not thing else "",
            **common,
        }
    )


@cache
def _names() -> dict[str, str]:
    """The id of each state by the English names of its record."""
    found = {}
    for state in states().values():
        others = state.get("altLabel", {}).get("en", [])
        for name in (state["label"]["en"], *([others] if isinstance(others, str) else others)):
            found[name] = str(state["id"])
    return found


def _symbol(item: Fields) -> str:
    try:
        return parse(item.take("symbol"), "un-symbol").value
    except IdentifierError as error:
        raise item.error("identifier", f"«symbol»: {error}", f"«symbol»: {error.message('hu')}") from error

"""One work per work of Crossref, from replies of its REST API, or from its answers in CSL JSON."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from solidarity_spectrum import identifiers
from solidarity_spectrum.findings import Place
from solidarity_spectrum.loading import Description, Input, json_items, known, refuse, total
from solidarity_spectrum.loading.client import Client
from solidarity_spectrum.records import Record

from ..bibliography import csl, work

_PATHS = {"work": "message", "work-list": "message/items"}
_HEAD = 4096


def read(source: Input, description: Description) -> Iterator[Record]:
    """The works of one file: a work, a list of works, or one item of CSL JSON."""
    with source.open() as stream:
        said = re.search(rb'"message-type"\s*:\s*"([^"]*)"', stream.read(_HEAD))
    path = known(_PATHS, said[1].decode(errors="replace"), source.place(1), "message-type") if said else ""
    # What is out of scope in a work is so wherever the work stands.
    scope = description.out_of_scope
    scope = scope | {f"{at}/{key}": why for at in _PATHS.values() for key, why in scope.items()}
    for item in json_items(source, replace(description, out_of_scope=scope), path):
        if (found := work(source, item, csl(item), "crossref")) is not None:
            yield found


def fetch(client: Client, description: Description, wanted: dict[str, str]) -> Iterator[Input]:
    """Replies of the REST API (https://api.crossref.org): single works, or a search by its cursor to its end.

    `wanted` has `doi`, or `query` and `filter`. Raises InputError for a DOI that is none, or when the pages of a search
    hold fewer works than the API counts.
    """
    for doi in filter(None, wanted.get("doi", "").split(",")):
        try:
            name = identifiers.parse(doi, "doi").value
        except identifiers.IdentifierError as error:
            raise refuse("identifier", Place(doi), error.message("en"), error.message("hu")) from error
        yield client.get(f"{description.address}/{quote(name, safe='')}").input(client.index)
    search = {key: wanted[key] for key in ("query", "filter") if wanted.get(key)}
    cursor, read, count = "*", 0, 1
    while search and read < count:
        reply = client.get(description.address, search | {"rows": "1000", "cursor": cursor})
        try:
            message = json.loads(reply.body)["message"]
            cursor, found, count = message["next-cursor"], len(message["items"]), int(message["total-results"])
        except (ValueError, LookupError, TypeError) as error:
            en = f"this is no list of works: {type(error).__name__} {error}"
            raise refuse("fetch", Place(reply.url), en, f"ez nem művek listája: {error}") from error
        read += found
        if not found:
            total(Place(reply.url), "works", count, read)
            return
        yield reply.input(client.index)

"""One work per work of Crossref, from replies of its REST API, or from its answers in CSL JSON."""

import re
from collections.abc import Iterator
from dataclasses import replace

from solidarity_spectrum.loading import Description, Input, json_items, known
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

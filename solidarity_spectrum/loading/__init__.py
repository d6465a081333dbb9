"""How sources that are not records come in: one folder per source in `loaders/`, one door for all.

A source's folder holds `description.yaml` (what the source is, what becomes of its fields and values), a module whose
`read(source, description)` yields records, and a README. Everything after that (checks, context, shapes) is the same
for every source.
"""

from solidarity_spectrum.loading.description import Description, catalogue, describe
from solidarity_spectrum.loading.fields import Fields, known
from solidarity_spectrum.loading.formats import elements, json_items, rows, yaml_items
from solidarity_spectrum.loading.helpers import citation, folded, index, mint, namesake, states, total
from solidarity_spectrum.loading.inputs import Index, Input, refuse, walk
from solidarity_spectrum.loading.run import fetch, load
from solidarity_spectrum.loading.speeches import Wanted
from solidarity_spectrum.loading.write import FORMATS, write

__all__ = [
    "FORMATS",
    "Description",
    "Fields",
    "Index",
    "Input",
    "Wanted",
    "catalogue",
    "citation",
    "describe",
    "elements",
    "fetch",
    "folded",
    "index",
    "json_items",
    "known",
    "load",
    "mint",
    "namesake",
    "refuse",
    "rows",
    "states",
    "total",
    "walk",
    "write",
    "yaml_items",
]

"""A bigger graph of the same kind, to measure on: copies of all records under other ids, sharing concepts and codes.

`python -m tests.grow FROM TO QUADS` reads a built store and writes another of about so many quads.
"""

import itertools
import json
import re
import sys
from pathlib import Path

from solidarity_spectrum import store
from solidarity_spectrum.resources import BASE

OURS = "ontology|vocabularies|shapes|questions|provenance|inferred|links|contribution|void|quality|withdrawn"
_ID = re.compile(rf'({re.escape(BASE)}(?:id/|graph/(?!(?:{OURS})[>"]))[^>"#]+)')

_ONE_THING = re.compile(r"/ontology#(?:celex|codices|doi|ecli|eliUri|hudoc|isbn|unSymbol|untcReference|docket)> ")
"""Identifiers, which belong to one thing alone: copies have none, and items of Wikidata of their own."""
_ITEM = re.compile(r'(/ontology#wikidataId> "Q\d+)')


def grow(source: Path, target: Path, quads: int) -> int:
    """Write a store with at least so many quads; returns how many."""
    dump = (source / store.DUMP).read_text("utf-8").splitlines(keepends=True)
    about = [line for line in dump if _ID.search(line) and not _ONE_THING.search(line)]
    report = (source / store.REPORT).read_text("utf-8")
    lines, findings = list(dump), json.loads(report)
    for number in itertools.count(2):
        if len(lines) >= quads:
            break
        lines += [_ITEM.sub(rf"\g<1>0{number}", _ID.sub(rf"\1--{number}", line)) for line in about]
        findings += json.loads(_ID.sub(rf"\1--{number}", report))
    lines = sorted(set(lines))
    manifest = store.manifest(source) | {"quads": len(lines), "hash": f"grown{len(lines):011}"}
    store.write(target, lines, [], manifest, findings, "")
    return len(lines)


if __name__ == "__main__":
    print(grow(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])), "quads")

"""A bigger graph of the same kind, to measure on: copies of all records under other ids, sharing concepts and codes.

What the copies share is said once, as in a graph that grew by itself: else every label of a concept would stand in as
many graphs as there are copies, and a query over their union would meet it as often.

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
_ID = re.compile(rf'({re.escape(BASE)}(?:id/|graph/(?!(?:{OURS})[>"]))([^>"#]+))')
_TOPIC = re.compile(
    rf"<{re.escape(BASE)}graph/([^>#]+)> <http://xmlns.com/foaf/0.1/primaryTopic> <(?!{re.escape(BASE)}id/)"
)

_ONE_THING = re.compile(r"/ontology#(?:celex|codices|doi|ecli|eliUri|hudoc|isbn|unSymbol|untcReference|docket)> ")
"""Identifiers, which belong to one thing alone: copies have none, and items of Wikidata of their own."""
_ITEM = re.compile(r'(/ontology#wikidataId> "Q\d+)')


def grow(source: Path, target: Path, quads: int) -> int:
    """Write a store with at least so many quads; returns how many."""
    dump = (source / store.DUMP).read_text("utf-8").splitlines(keepends=True)
    shared = {match[1] for line in dump if (match := _TOPIC.match(line))}  # records of concepts

    def copied(line: str, number: int) -> str:
        return _ID.sub(lambda match: match[1] if match[2] in shared else f"{match[1]}--{number}", line)

    def says_something_else(line: str) -> bool:
        return any(name not in shared for _, name in _ID.findall(line.rpartition(" <")[0]))

    about = [line for line in dump if says_something_else(line) and not _ONE_THING.search(line)]
    report = (source / store.REPORT).read_text("utf-8")
    lines, findings = list(dump), json.loads(report)
    for number in itertools.count(2):
        if len(lines) >= quads:
            break
        lines += [_ITEM.sub(rf"\g<1>0{number}", copied(line, number)) for line in about]
        findings += json.loads(copied(report, number))
    lines = sorted(set(lines))
    manifest = store.manifest(source) | {"quads": len(lines), "hash": f"grown{len(lines):011}"}
    store.write(target, lines, [], manifest, findings, "")
    return len(lines)


if __name__ == "__main__":
    print(grow(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])), "quads")

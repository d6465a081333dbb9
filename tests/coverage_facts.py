"""What became of the fact base: `make coverage-facts` counts, file by file, the records that are in the graph under
their id, merged into another, left out with a reason of a ledger, or missing; and the rows of its two tables.

Exit status 1 if less than 99 of 100 records are in, or any is missing without a reason.
"""

import csv
import sys
from collections import Counter
from pathlib import Path

from solidarity_spectrum.resources import DATA
from tests.test_fact_base import FACTS, facts, find, removed

FILES = (
    "hungary",
    "international-eu",
    "criminalised-solidarity",
    "americas-australia",
    "concepts",
    "works",
    "seed-claims",
)
TABLES = {
    "unga-votes": ("votes/unga.csv", ("resolution", "country", "vote")),
    "treaty-ratifications": ("treaties/actions.csv", ("treaty", "country", "date", "action")),
}
LEAST = 0.99


def became(name: str) -> str:
    """What a record of the fact base became: `in`, `merged`, `dropped with reason` or `missing`."""
    record = find(name)
    if record is None:
        return "dropped with reason" if removed(name) else "missing"
    return "in" if record["id"].removeprefix("concept:") == name.removeprefix("concept-") else "merged"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def main() -> int:
    """Print the table; the exit status."""
    if not FACTS.is_dir():
        print(f"no fact base: {FACTS} is not a folder", file=sys.stderr)
        return 2
    kinds = ("in", "merged", "dropped with reason", "missing")
    total: Counter[str] = Counter()
    missing = []
    print(f"{'file':26}{'records':>9}" + "".join(f"{kind:>22}" for kind in kinds))
    for file in FILES:
        fates = {fact["id"]: became(fact["id"]) for fact in facts(f"{file}.yaml")}
        counts = Counter(fates.values())
        total += counts
        missing += [name for name, fate in fates.items() if fate == "missing"]
        print(f"{file:26}{len(fates):9}" + "".join(f"{counts[kind]:22}" for kind in kinds))
    for name, (ours, columns) in TABLES.items():
        theirs, held = rows(FACTS / f"{name}.csv"), rows(DATA / ours)
        known = {tuple(row[column] for column in columns) for row in held}
        counts = Counter("in" if tuple(row[column] for column in columns) in known else "missing" for row in theirs)
        total += counts
        print(f"{name:26}{len(theirs):9}" + "".join(f"{counts[kind]:22}" for kind in kinds))
    share = (total["in"] + total["merged"]) / total.total()
    print(f"{'all':26}{total.total():9}" + "".join(f"{total[kind]:22}" for kind in kinds) + f"   {share:.2%} in")
    if missing:
        print("missing: " + ", ".join(missing))
    return 0 if share >= LEAST and not total["missing"] else 1


if __name__ == "__main__":
    sys.exit(main())

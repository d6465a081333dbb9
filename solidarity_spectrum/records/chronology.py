"""The dates of one record in order, as far as their precision tells."""

from collections.abc import Iterator, Mapping, Sequence

from solidarity_spectrum.records import dates
from solidarity_spectrum.records.identifiers import Problem

ORDER = (
    ("proposed", "adopted"),
    ("adopted", "promulgated"),
    ("adopted", "published"),
    ("adopted", "noLongerInForce"),
    ("adopted", "repealed"),
    ("adopted", "annulled"),
    ("inForce", "noLongerInForce"),
    ("conductDate", "arrested"),
    ("conductDate", "charged"),
    ("conductDate", "indicted"),
    ("charged", "trialOpened"),
    ("indicted", "trialOpened"),
    ("formalNotice", "referred"),
    ("lodged", "hearing"),
    ("startDate", "endDate"),
)
"""Keys of which the first cannot be later than the second. (Whoever was arrested may be charged before or after.)"""
RARE = (("adopted", "inForce"),)
"""Keys of which the first is seldom later: a law may reach back."""


def problems(node: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Dates that are certainly earlier than one that comes before them, given the texts of each key of one node.

    A date is certainly earlier if its last possible day is before the first possible day of the other; what is no date
    is passed over.
    """
    for pairs, severity in ((ORDER, "violation"), (RARE, "warning")):
        for before, after in pairs:
            for first in node.get(before, ()):
                for second in node.get(after, ()):
                    try:
                        start, end = dates.bounds(first)[0], dates.bounds(second)[1]
                    except ValueError:
                        continue
                    if start and end and start > end:
                        yield Problem(
                            after,
                            second,
                            "date-order",
                            severity,
                            f"«{after}: {second}» is earlier than «{before}: {first}», which "
                            + ("comes first: correct the wrong one" if severity == "violation" else "is rare: compare"),
                            f"«{after}: {second}» korábbi, mint «{before}: {first}», "
                            + ("pedig az van előbb: javítsa a hibásat" if severity == "violation" else "ami ritka"),
                        )

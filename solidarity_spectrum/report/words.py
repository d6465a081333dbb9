"""The fixed words of reports, and how a finding is written out, in English and Hungarian."""

import re
from collections import Counter
from collections.abc import Iterable

from solidarity_spectrum.findings import SEVERITIES, Finding
from solidarity_spectrum.report import Group, Report
from solidarity_spectrum.table import shorten

MAX_SHOWN = 1000
"""Characters of a message or a term that a person is shown."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WORDS = {
    "violation": ("error", "hiba"),
    "warning": ("warning", "figyelmeztetés"),
    "info": ("advice", "javaslat"),
    "fine": ("nothing to mend", "nincs javítanivaló"),
    "judged": ("statements judged", "vizsgált állítás"),
    "title": ("Validation report", "Ellenőrzési jelentés"),
    "conforms": ("It can be taken in.", "Befogadható."),
    "refused": ("It cannot be taken in yet.", "Még nem fogadható be."),
    "changes": ("What would change", "Mi változna"),
    "rule": ("Rule", "Szabály"),
    "mend": ("What to do", "Mi a teendő"),
    "more": ("and {} more", "és még {}"),
    "places": ("in {} places", "{} helyen"),
    "all_rules": ("all rules", "minden szabály"),
    "contents": ("Findings", "Találatok"),
}


def word(key: str, language: str, number: int | None = None) -> str:
    """A fixed word or phrase, with a number filled in. Raises KeyError for an unknown one."""
    english, hungarian = _WORDS[key]
    return (hungarian if language == "hu" else english).format("" if number is None else grouped(number, language))


def grouped(number: int, language: str) -> str:
    """A whole number as it is written in a language: 12,345 or 12 345, with a space that does not break."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}") if language == "hu" else f"{number:,}"


def short(text: str) -> str:
    """A text that a person is shown, cut where nobody would read on, without signs that a terminal would obey."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def about(finding: Finding) -> str:
    """The thing, the property and the value concerned, as a person would write them."""
    parts = [short(shorten(part)) for part in (finding.focus, finding.path) if part]
    return " ".join(parts) + (f" = {short(shorten(finding.value))}" if finding.value else "")


def summary(report: Report, groups: Iterable[Group], language: str) -> str:
    """How many causes of each severity there are, in how many places, and how much was judged."""
    causes: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for group in groups:
        causes[group.first.severity] += 1
        places[group.first.severity] += len(group.findings)
    parts = []
    for severity in SEVERITIES:
        if number := causes[severity]:
            plural = "s" if language == "en" and number > 1 and severity != "info" else ""
            many = " " + word("places", language, places[severity]) if places[severity] > number else ""
            parts.append(f"{grouped(number, language)} {word(severity, language)}{plural}{many}")
    told = ", ".join(parts) or word("fine", language)
    if report.statements is None:
        return told
    return f"{told} ({grouped(report.statements, language)} {word('judged', language)})"

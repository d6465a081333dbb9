"""A report as one HTML file that needs nothing else: no script, no other file, no other host."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from solidarity_spectrum.findings import Finding, Place
from solidarity_spectrum.report import Report
from solidarity_spectrum.report.catalogue import advice, page
from solidarity_spectrum.report.words import about, short, summary, word
from solidarity_spectrum.resources import STYLE

_SHOWN, _LISTED, _ROWS = 3, 200, 1000
"""Places of a cause that are shown with their lines, places that are listed, rows of a table."""
_AROUND = 2
_WIDTH = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file: its number, its text, and whether it is the one concerned."""

    number: int
    text: str
    here: bool


def render(report: Report, language: str) -> str:
    """The whole file."""
    style = STYLE.read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return _environment().get_template("validation.html").render(_view(report, language), style=style, policy=policy)


def fragment(report: Report, language: str) -> str:
    """The same for a page that has a head and a style already: what stands below its title."""
    return _environment().get_template("findings.html").render(_view(report, language))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("solidarity_spectrum"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"short": short, "about": about, "page": page}
    return environment


def _view(report: Report, language: str) -> dict[str, object]:
    groups = report.groups()
    excerpts = _Excerpts(report)
    return {
        "language": language,
        "t": lambda key, number=None: word(key, language, number),
        "advice": lambda rule: advice(rule, language),
        "report": report,
        "groups": groups,
        "summary": summary(report, groups, language),
        "excerpt": excerpts.at,
        "shown": _SHOWN,
        "listed": _LISTED,
        "rows": _ROWS,
        "anchor": _anchor,
    }


def _anchor(finding: Finding) -> str:
    """What names a finding on the page."""
    return "f-" + hashlib.sha256(repr((finding.rule, finding.place, finding.messages["en"])).encode()).hexdigest()[:12]


class _Excerpts:
    """Lines of the files that were judged."""

    def __init__(self, report: Report) -> None:
        self._sources = report.sources
        self._lines: dict[str, Sequence[bytes]] = {}

    def at(self, place: Place) -> list[Line]:
        """The line of a place and those around it; none where there is no line, or the file is no text."""
        if not place.line or place.file not in self._sources:
            return []
        if place.file not in self._lines:
            data = self._sources[place.file]
            self._lines[place.file] = () if b"\0" in data[:1000] else data.split(b"\n")
        lines = self._lines[place.file]
        around = range(max(1, place.line - _AROUND), min(len(lines), place.line + _AROUND) + 1)
        return [
            Line(number, _cut(lines[number - 1], place.column if number == place.line else 1), number == place.line)
            for number in around
        ]


def _cut(line: bytes, column: int) -> str:
    """A line, of a very long one what is near a column."""
    text = line.decode("utf-8", "replace").rstrip("\r")
    if len(text) <= _WIDTH:
        return text
    start = max(0, min(column - 1 - _WIDTH // 4, len(text) - _WIDTH))
    end = start + _WIDTH
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")

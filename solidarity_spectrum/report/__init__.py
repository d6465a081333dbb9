"""What a judgement found, told once for each cause, the most important first: for people and for programs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from solidarity_spectrum.findings import SEVERITIES, Finding

_HIDING = ("syntax", "too-large", "record", "blank-node")
"""What is wrong with a file as a whole comes first of its severity: it may hide, or cause, what else there is."""


@dataclass(frozen=True, slots=True)
class Table:
    """Something else to tell, such as what a contribution would change: a heading and columns by language, and rows.

    `count` is how many rows there are if not all are given.
    """

    title: Mapping[str, str]
    columns: Mapping[str, Sequence[str]]
    rows: Sequence[Sequence[str]]
    count: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one cause, in order of place: never empty. The first one speaks for all."""

    findings: Sequence[Finding]

    @property
    def first(self) -> Finding:
        return self.findings[0]


@dataclass(frozen=True, slots=True)
class Report:
    """A judgement. `statements` is how many were judged, None if none could be; `sources` holds the content of files
    by name, of which HTML shows the lines concerned; `tables` is told after the findings; `strict` counts warnings as
    errors."""

    findings: Sequence[Finding]
    statements: int | None = None
    sources: Mapping[str, bytes] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    strict: bool = False

    @property
    def conforms(self) -> bool:
        """Whether nothing stands in the way: no error, and, if strict, no warning."""
        failing = ("violation", "warning") if self.strict else ("violation",)
        return not any(finding.severity in failing for finding in self.findings)

    def groups(self) -> list[Group]:
        """The findings by cause: by severity, then what concerns a whole file, then what there is most of."""
        found: dict[tuple[str, ...], dict[tuple[object, ...], Finding]] = {}
        for finding in self.findings:
            cause = (finding.cause,) if finding.cause else (finding.rule, finding.messages["en"])
            alike = found.setdefault((finding.severity, *cause), {})
            alike.setdefault((finding.place, finding.focus, finding.path, finding.value), finding)
        groups = [Group(sorted(alike.values(), key=_place)) for alike in found.values()]

        def importance(group: Group) -> tuple[object, ...]:
            first = group.first
            whole = first.rule in _HIDING
            return SEVERITIES.index(first.severity), not whole, -len(group.findings), _place(first), first.rule

        return sorted(groups, key=importance)


def _place(finding: Finding) -> tuple[str, int, int]:
    return finding.place.file, finding.place.line, finding.place.column


def render(report: Report, form: str, language: str = "en") -> bytes:
    """The report in one of FORMATS, in a language (en, hu), as UTF-8."""
    return FORMATS[form][1](report, language).encode()


def _late(name: str) -> Callable[[Report, str], str]:
    """A form that is imported when it is asked for: a command should not wait for what it does not need."""

    def make(report: Report, language: str) -> str:
        from importlib import import_module

        made: str = import_module(f"{__name__}.{name}").render(report, language)
        return made

    return make


FORMATS: dict[str, tuple[str, Callable[[Report, str], str]]] = {
    "text": ("text/plain", _late("text")),
    "json": ("application/json", _late("json")),
    "turtle": ("text/turtle", _late("rdf")),
    "sarif": ("application/sarif+json", _late("sarif")),
    "html": ("text/html", _late("html")),
    "junit": ("application/junit+xml", _late("junit")),
}
"""The forms a report comes in: name → media type and what makes it."""


def as_text(findings: Sequence[Finding], language: str = "en") -> str:
    """Findings as plain text, for a terminal."""
    return FORMATS["text"][1](Report(findings), language).rstrip("\n")

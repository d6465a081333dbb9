"""Findings for people and for programs."""

import json
from collections import Counter
from collections.abc import Sequence

from solidarity_spectrum.findings import SEVERITIES, Finding
from solidarity_spectrum.table import shorten

MAX_SHOWN = 1000
_WORDS = {
    "en": {
        "violation": "error",
        "warning": "warning",
        "info": "advice",
        "fine": "nothing to mend",
        "judged": "statements judged",
    },
    "hu": {
        "violation": "hiba",
        "warning": "figyelmeztetés",
        "info": "javaslat",
        "fine": "nincs javítanivaló",
        "judged": "vizsgált állítás",
    },
}


def text(findings: Sequence[Finding], language: str = "en", statements: int | None = None) -> str:
    """One block per finding, the most serious first, then the totals."""

    def short(text: str) -> str:
        return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"

    words = _WORDS[language]
    lines: list[str] = []
    shown = unique(findings, language)
    for finding in shown:
        lines.append(f"{finding.place}: {words[finding.severity]}: {short(finding.message(language))}")
        about = [f"[{finding.rule}]"] + [short(shorten(part)) for part in (finding.focus, finding.path) if part]
        lines.append("    " + " ".join(about) + (f" = {short(shorten(finding.value))}" if finding.value else ""))
    counts = Counter(finding.severity for finding in shown)
    plural = {s: "s" if language == "en" and counts[s] > 1 and s != "info" else "" for s in SEVERITIES}
    summary = ", ".join(f"{counts[s]} {words[s]}{plural[s]}" for s in SEVERITIES if counts[s]) or words["fine"]
    lines.append(summary + (f" ({statements} {words['judged']})" if statements is not None else ""))
    return "\n".join(lines)


def as_json(findings: Sequence[Finding], statements: int, language: str = "en") -> str:
    """The same as a JSON object: `conforms`, `statements` and `findings`, each with its place and fix."""
    items = [
        {
            "severity": finding.severity,
            "rule": finding.rule,
            "message": finding.message(language),
            "file": finding.place.file,
            "line": finding.place.line or None,
            "column": finding.place.column or None,
            "focus": finding.focus or None,
            "path": finding.path or None,
            "value": finding.value or None,
        }
        for finding in unique(findings, language)
    ]
    conforms = not any(finding.severity == "violation" for finding in findings)
    report = {"conforms": conforms, "statements": statements, "findings": items}
    return json.dumps(report, ensure_ascii=False, indent=1)


def unique(findings: Sequence[Finding], language: str = "en") -> list[Finding]:
    """The findings, the most serious first; what is wrong at one place for one reason is said once."""
    first: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        first.setdefault((finding.place, finding.rule, finding.message(language), finding.value), finding)
    return sorted(first.values(), key=lambda f: SEVERITIES.index(f.severity))

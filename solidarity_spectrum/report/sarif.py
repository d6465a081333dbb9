"""A report as SARIF 2.1.0, which code review and editors show beside the lines.

One result for each cause, at its first place; further places are related locations. Source of the format:
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; what GitHub reads of it:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from solidarity_spectrum import __version__
from solidarity_spectrum.findings import Finding
from solidarity_spectrum.report import Group, Report
from solidarity_spectrum.report.catalogue import advice, meaning, page
from solidarity_spectrum.report.words import about, short
from solidarity_spectrum.resources import BASE

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"violation": "error", "warning": "warning", "info": "note"}
_RELATED = 100
_ROOT = "%SRCROOT%"


def render(report: Report, language: str) -> str:
    """A log with one run."""
    groups = report.groups()
    rules = sorted({group.first.rule for group in groups})
    run = {
        "tool": {
            "driver": {
                "name": "solidarity validate",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": BASE,
                "language": language,
                "rules": [_rule(rule, groups, language) for rule in rules],
            }
        },
        "invocations": [{"executionSuccessful": True}],
        "automationDetails": {"id": "solidarity-validate/"},
        "language": language,
        "columnKind": "unicodeCodePoints",
        "results": [_result(group, rules, language, report) for group in groups],
        "properties": {"conforms": report.conforms, "statements": report.statements},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1) + "\n"


def _rule(rule: str, groups: list[Group], language: str) -> dict[str, Any]:
    first = next(group.first for group in groups if group.first.rule == rule)
    wrong = meaning(rule, language) or first.message(language)
    return {
        "id": rule,
        "shortDescription": {"text": _text(wrong)},
        "fullDescription": {"text": _text(wrong)},
        "help": {"text": _text(f"{wrong} {advice(rule, language)}".strip())},
        "helpUri": page(rule),
        "defaultConfiguration": {"level": _LEVELS[first.severity]},
    }


def _result(group: Group, rules: list[str], language: str, report: Report) -> dict[str, Any]:
    first = group.first
    told = about(first)
    count = len(group.findings)
    sources = list(report.sources) or [first.place.file]
    result: dict[str, Any] = {
        "ruleId": first.rule,
        "ruleIndex": rules.index(first.rule),
        "level": _LEVELS[first.severity],
        "message": {"text": _text(first.message(language) + (f" ({told})" if told else ""))},
        "locations": [_location(first, sources)],
        "partialFingerprints": {"cause/v1": _fingerprint(first)},
        "occurrenceCount": count,
    }
    if count > 1:
        related = [_location(finding, sources) for finding in group.findings[1 : _RELATED + 1]]
        result["relatedLocations"] = [{"id": number, **place} for number, place in enumerate(related, 1)]
    return result


def _text(text: str) -> str:
    """A message in which nothing is a placeholder (braces are doubled: section 3.11.5) nor a link (3.11.6)."""
    return short(text).replace("](", "] (").replace("{", "{{").replace("}", "}}")


def _fingerprint(finding: Finding) -> str:
    """What stays the same while lines move: the rule, and what it is about."""
    parts = (finding.rule, finding.place.file, finding.messages["en"], finding.focus, finding.path, finding.value)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _location(finding: Finding, sources: list[str]) -> dict[str, Any]:
    """A place in a file; what is found at another thing of the graph stands at the head of the contribution."""
    place = finding.place
    elsewhere = "://" in place.file
    physical: dict[str, Any] = {"artifactLocation": _artifact(sources[0] if elsewhere else place.file)}
    if place.line and not elsewhere:
        physical["region"] = {"startLine": place.line} | ({"startColumn": place.column} if place.column else {})
    else:
        physical["region"] = {"startLine": 1}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.focus:
        location["logicalLocations"] = [{"fullyQualifiedName": short(finding.focus)}]
    return location


def _artifact(name: str) -> dict[str, str]:
    """The address of a file, relative to the folder where the command runs, if it is below it."""
    path = Path(name)
    if path.is_absolute():
        try:
            path = path.relative_to(Path.cwd())
        except ValueError:
            return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix()), "uriBaseId": _ROOT}

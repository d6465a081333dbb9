"""A report as JSON: whether it conforms, and each cause with all its places."""

import json
from typing import Any

from solidarity_spectrum.findings import Finding
from solidarity_spectrum.report import Group, Report
from solidarity_spectrum.report.catalogue import advice, page


def render(report: Report, language: str) -> str:
    """An object: `conforms`, `statements`, `findings` (one for each cause, with `places`) and `changes`, if any."""
    document: dict[str, Any] = {
        "conforms": report.conforms,
        "statements": report.statements,
        "language": language,
        "findings": [_group(group, language) for group in report.groups()],
    }
    if report.tables:
        document["changes"] = [
            {
                "title": table.title[language],
                "columns": list(table.columns[language]),
                "rows": [list(row) for row in table.rows],
                "count": table.count or len(table.rows),
            }
            for table in report.tables
        ]
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _group(group: Group, language: str) -> dict[str, Any]:
    first = group.first
    return {
        "severity": first.severity,
        "rule": first.rule,
        "message": first.message(language),
        "advice": advice(first.rule, language) or None,
        "help": page(first.rule),
        "count": len(group.findings),
        "places": [_where(finding) for finding in group.findings],
    }


def _where(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.place.file,
        "line": finding.place.line or None,
        "column": finding.place.column or None,
        "focus": finding.focus or None,
        "path": finding.path or None,
        "value": finding.value or None,
    }

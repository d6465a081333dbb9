"""A report as JUnit XML, which build servers show among the tests: a suite for each file, a case for each rule.

There is no standard; this keeps to what the common readers share: https://github.com/testmoapp/junitxml
"""

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from solidarity_spectrum.findings import Finding
from solidarity_spectrum.report import Report
from solidarity_spectrum.report.words import about, short, word

_PLACES = 20
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, language: str) -> str:
    """A document; what is not an error (with `strict`, nor a warning) is output of a test that passes."""
    failing = ("violation", "warning") if report.strict else ("violation",)
    by_file: dict[str, dict[str, list[Finding]]] = {name: {} for name in report.sources}
    for group in report.groups():
        for finding in group.findings:
            by_file.setdefault(finding.place.file, {}).setdefault(finding.rule, []).append(finding)
    root = ET.Element("testsuites", name="solidarity validate")
    totals = [0, 0]
    for file, rules in by_file.items():
        suite = ET.SubElement(root, "testsuite", name=_xml(file))
        failures = 0
        for rule, findings in rules.items() or [(word("all_rules", language), [])]:
            case = ET.SubElement(suite, "testcase", name=_xml(rule), classname=_xml(file), file=_xml(file), time="0")
            failed = [finding for finding in findings if finding.severity in failing]
            if failed:
                failures += 1
                message = _xml(short(failed[0].message(language)))
                failure = ET.SubElement(case, "failure", message=message, type=failed[0].severity)
                failure.text = _told(failed, language)
            elif findings:
                ET.SubElement(case, "system-out").text = _told(findings, language)
        cases = max(1, len(rules))
        for name, number in (("tests", cases), ("failures", failures), ("errors", 0), ("skipped", 0)):
            suite.set(name, str(number))
        suite.set("time", "0")
        totals = [totals[0] + cases, totals[1] + failures]
    for name, number in (("tests", totals[0]), ("failures", totals[1]), ("errors", 0)):
        root.set(name, str(number))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _told(findings: Iterable[Finding], language: str) -> str:
    """The places of findings of one rule, the messages where they differ."""
    listed = list(findings)
    lines, said = [], ""
    for finding in listed[:_PLACES]:
        if (message := short(finding.message(language))) != said:
            lines.append(f"{word(finding.severity, language)}: {message}")
            said = message
        lines.append(f"  {finding.place}  {about(finding)}".rstrip())
    if len(listed) > _PLACES:
        lines.append("  " + word("more", language, len(listed) - _PLACES))
    return _xml("\n".join(lines))


def _xml(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)

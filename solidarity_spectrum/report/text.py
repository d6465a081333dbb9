"""A report for the terminal: «file:line:column: what is wrong», then the rule and what it is about."""

from solidarity_spectrum import table
from solidarity_spectrum.report import Group, Report
from solidarity_spectrum.report.words import about, grouped, short, summary, word

_PLACES = 5


def render(report: Report, language: str) -> str:
    """One block per cause, then what else there is to tell, then the totals."""
    groups = report.groups()
    lines = [line for group in groups for line in _block(group, language)]
    for item in report.tables:
        lines += ["", f"{item.title[language]} ({grouped(item.count or len(item.rows), language)})"]
        if item.rows:
            lines += table.render(list(item.columns[language]), item.rows).splitlines()[:-1]
    if report.tables:
        lines.append("")
    return "\n".join([*lines, summary(report, groups, language)]) + "\n"


def _block(group: Group, language: str) -> list[str]:
    first = group.first
    head = f"{short(str(first.place))}: {word(first.severity, language)}: {short(first.message(language))}"
    if len(group.findings) == 1:
        return [head, f"    [{first.rule}] {about(first)}".rstrip()]
    lines = [head, f"    [{first.rule}] {word('places', language, len(group.findings))}:"]
    lines += [f"      {short(str(finding.place))}  {about(finding)}".rstrip() for finding in group.findings[:_PLACES]]
    left = len(group.findings) - _PLACES
    return lines + ([f"      {word('more', language, left)}"] if left > 0 else [])

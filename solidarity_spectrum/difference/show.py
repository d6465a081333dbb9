"""A difference for people, as text or as tables of a report, in English and Hungarian, and for programs, as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from solidarity_spectrum.difference.compute import Answer, Difference, Entity, Key
from solidarity_spectrum.findings import Finding
from solidarity_spectrum.report import Table
from solidarity_spectrum.table import shorten

MOST = 20
"""What is alike beyond this is counted only, in text."""
MAX_CELL = 300
MAX_ROWS = 1000
_JOINED = " ; "
WORDS = {
    "en": {
        "none": "nothing would change",
        "added": "Added",
        "changed": "Changed",
        "removed": "Removed",
        "follows": "Follows anew",
        "follows_no_more": "Follows no more",
        "fires": "Rules that newly fire",
        "stops": "Rules that stop",
        "answers": "Answers that change",
        "more": "{} more; --format json has them all",
        "unaffected": "{} of {} questions cannot be reached by the change; {} were asked of both graphs, with their "
        "default parameters",
        "left": "There was no time to ask: {}. Give more with --seconds.",
        "rows": "{} rows come, {} go, {} change",
        "violation": "error",
        "warning": "warning",
        "info": "advice",
        "answer": "Answer that changes",
        "entities": "Entities",
        "entity": "entity",
        "kind": "type",
        "key": "key",
        "before": "before",
        "after": "after",
        "subject": "subject",
        "predicate": "relation",
        "object": "object",
        "severity": "level",
        "rule": "rule",
        "value": "value",
    },
    "hu": {
        "none": "semmi sem változna",
        "added": "Új",
        "changed": "Megváltozik",
        "removed": "Megszűnik",
        "follows": "Újonnan következik",
        "follows_no_more": "Többé nem következik",
        "fires": "Újonnan jelző szabályok",
        "stops": "Elhallgató szabályok",
        "answers": "Megváltozó válaszok",
        "more": "további {}; a --format json mindet megadja",
        "unaffected": "{} kérdést a {} közül a változás nem érhet el; {} kérdést mindkét gráfnak feltettünk, "
        "alapértelmezett paraméterekkel",
        "left": "Nem volt idő feltenni: {}. Többet a --seconds ad.",
        "rows": "{} sor új, {} elmarad, {} megváltozik",
        "violation": "hiba",
        "warning": "figyelmeztetés",
        "info": "javaslat",
        "answer": "Megváltozó válasz",
        "entities": "Entitások",
        "entity": "entitás",
        "kind": "típus",
        "key": "kulcs",
        "before": "előtte",
        "after": "utána",
        "subject": "alany",
        "predicate": "viszony",
        "object": "tárgy",
        "severity": "szint",
        "rule": "szabály",
        "value": "érték",
    },
}
Row = tuple[str, ...]


def as_json(difference: Difference) -> str:
    """All of it, as one JSON object. A row of an answer is an object by column."""
    document: dict[str, Any] = asdict(difference)
    for name in ("follows", "follows_no_more"):
        document[name] = [dict(zip(("subject", "predicate", "object"), each, strict=True)) for each in document[name]]
    for answer in document["answers"]:
        for name in ("added", "removed"):
            answer[name] = [dict(zip(answer["columns"], row, strict=True)) for row in answer[name]]
    return json.dumps({"differs": not difference.empty, **document}, ensure_ascii=False, indent=1)


def text(difference: Difference, language: str = "en") -> str:
    """The difference in sections, each with what comes (+), goes (-) and changes (~)."""
    words = WORDS[language]
    lines: list[str] = []

    def section(name: str, blocks: Sequence[str]) -> None:
        if blocks:
            lines.append(f"{words[name]} ({len(blocks)})")
            lines.extend(blocks[:MOST])
            if len(blocks) > MOST:
                lines.append("  " + words["more"].format(len(blocks) - MOST))
            lines.append("")

    for change, mark in (("added", "+"), ("changed", "~"), ("removed", "-")):
        blocks = []
        for entity in difference.entities:
            if entity.change == change:
                name = entity.labels.get(language) or next(iter(entity.labels.values()), "")
                block = [f"  {mark} {shorten(entity.iri)}  {entity.kind}" + (f"  {name}" if name else "")]
                if change != "removed":
                    block += [f"      {line}" for key in entity.keys if _told(entity, key) for line in _key(key)]
                blocks.append("\n".join(block))
        section(change, blocks)
    section("follows", ["  + " + " ".join(map(_short, each)) for each in difference.follows])
    section("follows_no_more", ["  - " + " ".join(map(_short, each)) for each in difference.follows_no_more])
    section("fires", [_finding(found, words, "+", language) for found in difference.fires])
    section("stops", [_finding(found, words, "-", language) for found in difference.stops])
    section("answers", [_answer(answer, language) for answer in difference.answers])
    if difference.empty:
        lines.append(words["none"])
    total = difference.unaffected + difference.asked + len(difference.left)
    if total > difference.unaffected:
        lines.append(words["unaffected"].format(difference.unaffected, total, difference.asked))
    if difference.left:
        lines.append(words["left"].format(", ".join(difference.left)))
    return "\n".join(lines)


def _told(entity: Entity, key: Key) -> bool:
    """Whether a key is worth a line of its own: of what is new, type and name stand in the heading."""
    return entity.change == "changed" or key.name not in ("type", "label", "prefLabel")


def _short(value: str) -> str:
    return value if len(value) <= MAX_CELL else value[:MAX_CELL] + "…"


def _key(key: Key) -> list[str]:
    came = [value for value in key.after if value not in key.before]
    went = [value for value in key.before if value not in key.after]
    if not key.before:
        return [f"{key.name}: {_short(_JOINED.join(came))}"]
    if len(came) == len(went) == 1:
        return [f"{key.name}: {_short(went[0])} → {_short(came[0])}"]
    return [f"{key.name}: - {_short(value)}" for value in went] + [f"{key.name}: + {_short(value)}" for value in came]


def _finding(found: Finding, words: dict[str, str], mark: str, language: str) -> str:
    about = " ".join(filter(None, (shorten(found.focus), shorten(found.path)))) or str(found.place)
    return f"  {mark} {words[found.severity]} [{found.rule}] {about}: {_short(found.message(language))}"


def pairs(answer: Answer) -> tuple[list[Row], list[Row], list[tuple[Row, Row]]]:
    """The rows that come, those that go, and those that change: a row that goes is paired with one that comes where
    most of their cells are the same."""
    came, went, changed = list(answer.added), [], []
    for old in answer.removed:
        alike = [(sum(a == b and a != "" for a, b in zip(old, new, strict=True)), new) for new in came[:200]]
        best = max(alike, default=(0, old), key=lambda each: each[0])
        if best[0] * 2 > sum(cell != "" for cell in old):
            changed.append((old, best[1]))
            came.remove(best[1])
        else:
            went.append(old)
    return came, went, changed


def _answer(answer: Answer, language: str) -> str:
    came, went, changed = pairs(answer)
    words = WORDS[language]
    lines = [f"  {answer.question}  {answer.titles.get(language) or answer.titles['en']}"]
    lines.append("    " + words["rows"].format(len(came), len(went), len(changed)))
    blocks = [("+", _cells(answer.columns, row)) for row in came] + [("-", _cells(answer.columns, row)) for row in went]
    for old, new in changed:
        same = _cells(answer.columns, [a if a == b else "" for a, b in zip(old, new, strict=True)])[:2]
        blocks.append(("~", same + _changes(answer.columns, old, new)))
    for mark, cells in blocks[:MOST]:
        lines += [f"    {mark if number == 0 else ' '} {cell}" for number, cell in enumerate(cells)]
    if len(blocks) > MOST:
        lines.append("    " + words["more"].format(len(blocks) - MOST))
    return "\n".join(lines)


def _cells(columns: Sequence[str], row: Sequence[str]) -> list[str]:
    return [f"{name}: {_short(cell)}" for name, cell in zip(columns, row, strict=True) if cell]


def _changes(columns: Sequence[str], old: Row, new: Row) -> list[str]:
    changes: list[str] = []
    for name, before, after in zip(columns, old, new, strict=True):
        if before != after:
            changes += _key(Key(name, _parts(before), _parts(after)))
    return changes


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(_JOINED)) if cell else ()


def tables(difference: Difference) -> list[Table]:
    """The difference as tables of a report: entities by key, conclusions, rules, and each answer that changes."""
    found: list[Table] = []

    def add(titles: Sequence[str], columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
        if rows:
            title = {language: "; ".join(words.get(t, t) for t in titles) for language, words in WORDS.items()}
            named = {language: [words.get(c, c) for c in columns] for language, words in WORDS.items()}
            found.append(Table(title, named, rows[:MAX_ROWS], len(rows)))

    marks = {"added": "+", "changed": "~", "removed": "-"}
    entities = [
        (marks[entity.change], shorten(entity.iri), entity.kind, key.name, *map(_JOINED.join, (key.before, key.after)))
        for entity in difference.entities
        for key in entity.keys
    ]
    add(("entities",), ("", "entity", "kind", "key", "before", "after"), entities)
    follows = [("+", *each) for each in difference.follows] + [("-", *each) for each in difference.follows_no_more]
    add(("follows", "follows_no_more"), ("", "subject", "predicate", "object"), follows)
    rules = [
        (mark, each.severity, each.rule, shorten(each.focus), shorten(each.path), shorten(each.value))
        for mark, findings in (("+", difference.fires), ("-", difference.stops))
        for each in findings
    ]
    add(("fires", "stops"), ("", "severity", "rule", "entity", "key", "value"), rules)
    for answer in difference.answers:
        came, went, changed = pairs(answer)
        rows = [("+", *row) for row in came] + [("-", *row) for row in went]
        rows += [("~", *(a if a == b else f"{a} → {b}" for a, b in zip(*both, strict=True))) for both in changed]
        kept = [0, *(n for n in range(1, len(answer.columns) + 1) if any(row[n] for row in rows))]
        columns = [("", *answer.columns)[n] for n in kept]
        title = {language: f"{words['answer']}: {answer.titles[language]}" for language, words in WORDS.items()}
        shown = [[row[n] for n in kept] for row in rows[:MAX_ROWS]]
        found.append(Table(title, dict.fromkeys(WORDS, columns), shown, len(rows)))
    return found

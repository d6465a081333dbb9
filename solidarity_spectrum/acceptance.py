"""Taking a contribution into a data folder: records in canonical form, in the file where they belong, all or nothing.

    data/.accepted/
        20261126T043000-1f0c9a52b7d3.pending    an acceptance under way: the files as they were and as they will be
        20261126T043000-1f0c9a52b7d3.json       one that is done, and can be undone

The files are written beside, made durable and renamed, one after the other. Before the first, the whole acceptance is
written down durably; if it is cut off after that, the next command brings it to its end, and no build reads the folder
in between. Other text of the files, comments included, stays as it is.
"""

import contextlib
import difflib
import fcntl
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from solidarity_spectrum.durable import sync, write_whole
from solidarity_spectrum.findings import Finding, InputError, Place, violation
from solidarity_spectrum.records import entity_iri, graph_iri, read_records, yaml
from solidarity_spectrum.records.restore import canonical, restore
from solidarity_spectrum.validation.contribution import MAX_STATEMENTS, Examined, examine
from solidarity_spectrum.validation.inputs import MAX_BYTES, Input
from solidarity_spectrum.withdrawn import read_withdrawn, reused

JOURNAL = ".accepted"
PENDING, DONE = ".pending", ".json"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
OTHER = "other"
KINDS = {
    "actors": ("Person", "Organisation", "PoliticalParty", "State", "Court", "Municipality", "Office", "Contributor"),
    "statements": ("Statement",),
    "laws": ("LegalInstrument", "Provision", "Offence", "ProvisionVersion", "Penalty", "Exemption"),
    "cases": ("Case", "Decision", "AdvocateGeneralOpinion", "SeparateOpinion", "ProceduralAct", "Sentence"),
    "connections": ("Connection", "Disagreement", "Reading"),
    "events": ("Event",),
    "practices": ("Practice", "SolidarityPractice", "ControlPractice", "Figure"),
    "works": ("Work",),
    "concepts": ("Concept", "Attribution"),
    "claims": ("Claim",),
}
"""The folder of each type of record."""
_PLACES = ("jurisdiction", "country")
_ABOUT = ("inCase", "partOf", "subject", "speaker", "organisation", "court", "statedIn", "broader", "claim", "object")
"""A record that names no place stands in the file of what it is about, by the first of these keys."""
_EVIDENCE = ("recorded", "recordedBy", "licence")
_RECORD = re.compile(r"^- id: (\S+)[ \t]*$", re.MULTILINE)


class Conflict(Exception):
    """The data folder is not as the acceptance, or its undoing, needs it; the message says which file or entry."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file, by its path below the data folder: its text before (None if it is new) and after (None if it goes)."""

    file: str
    before: str | None
    after: str | None


@dataclass(slots=True)
class Acceptance:
    """One acceptance: who contributed, what (ids, and a hash of all new text), and the files that it changes."""

    id: str
    by: str
    recorded: str
    records: list[str]
    hash: str
    changes: list[Change]
    undoes: str = ""
    undone: str = field(default="", compare=False)

    def patch(self) -> str:
        """What it changes, as a unified diff."""
        lines: list[str] = []
        for change in self.changes:
            old, new = ((text or "").splitlines(keepends=True) for text in (change.before, change.after))
            names = [
                f"{side}/{change.file}" if text is not None else "/dev/null"
                for side, text in (("a", change.before), ("b", change.after))
            ]
            lines += difflib.unified_diff(old, new, names[0], names[1])
        return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def prepare(
    inputs: Sequence[Input | Finding], store: Path, data: Path, by: str, recorded: str
) -> tuple[list[Finding], Acceptance | None]:
    """Judge a contribution and plan its acceptance; writes nothing.

    `store` is the built store that it is judged against, `by` the id of the contributor, `recorded` a day. Returns the
    findings and, unless one of them is a violation, the acceptance. Raises NoStore, and Conflict or InputError where
    files of the folder cannot be edited.
    """
    findings, stamped, again = stamp(inputs, store, by, recorded)
    if not stamped:
        return findings, None
    files = _files(data)
    findings += _elsewhere(stamped, again, files, data)
    if _refused(findings):
        return findings, None
    changes = _edit(stamped, files, data)
    text = "".join(change.after or "" for change in changes)
    digest = hashlib.sha256(text.encode()).hexdigest()
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    ids = sorted(str(record["id"]) for record in stamped)
    return findings, Acceptance(f"{now}-{digest[:12]}", by, recorded, ids, f"sha256:{digest}", changes)


def stamp(
    inputs: Iterable[Input | Finding],
    store: Path | ox.Store,
    by: str,
    recorded: str,
    limit: int = MAX_BYTES,
    most: int = MAX_STATEMENTS,
) -> tuple[list[Finding], list[dict[str, Any]], Examined]:
    """The records of a contribution in canonical form, with who recorded them when; none if it is refused.

    Returns the findings, the records, and the judgement of these records. `store` is a built store, or one in memory;
    `limit` and `most` are those of `examine`.
    """
    examined = examine(inputs, store, limit=limit, most=most)
    records, more = _records(examined)
    findings = examined.findings + more
    if _refused(findings):
        return findings, [], examined
    stamped = [
        canonical(record | {"recorded": recorded, "recordedBy": by, "licence": record.get("licence", LICENCE)})
        for record in records
    ]
    written = yaml.dump({"records": stamped}).encode()
    again = examine([("records.yaml", written, "yaml")], store, limit=limit, most=most)
    findings += [found for found in again.findings if found.severity == "violation"]
    return findings, [] if _refused(findings) else stamped, again


def _refused(findings: Sequence[Finding]) -> bool:
    return any(found.severity == "violation" for found in findings)


def _records(examined: Examined) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The records of a contribution, those of its RDF included."""
    restored = restore(examined.rdf)
    findings = []
    for quad in restored.left[:20]:
        name = getattr(quad.subject, "value", "")
        places = (locate(name, quad.predicate.value, "") for locate in examined.locators)
        findings.append(
            violation(
                "no-record",
                next((place for place in places if place), Place(name)),
                "this triple belongs to no record that says all of it: give each thing its record (graph/ID, with "
                "foaf:primaryTopic, status and sources), or write it as YAML",
                "ez a hármas egyik rekordhoz sem tartozik: minden dolognak legyen rekordja (graph/ID, "
                "foaf:primaryTopic, állapot és források), vagy írja YAML-ként",
                name,
                quad.predicate.value,
                getattr(quad.object, "value", ""),
            )
        )
    return [dict(record.data) for record in examined.records] + restored.records, findings


def _elsewhere(
    records: Sequence[dict[str, Any]], examined: Examined, files: dict[str, "_File"], data: Path
) -> Iterator[Finding]:
    """Records that cannot be edited here: of tables, and of ids that were taken out."""
    held = {name for file in files.values() for name in file.ids}
    gone = {item.iri: item for item in read_withdrawn(data)}
    for record in records:
        name = str(record["id"])
        place = next((r.place(("id",)) for r in examined.records if r.id == name), Place(name))
        if "record" in record:  # files are edited by id, and an addition is not the record of that id
            yield violation(
                "not-in-data",
                place,
                f"a record that only adds to «{name}» cannot be edited in here: put its file into the data folder",
                f"a(z) «{name}» rekordot csak kiegészítő rekord itt nem szerkeszthető be: tegye fájlját az adatmappába",
            )
        elif entity_iri(name) in gone:
            yield reused(gone[entity_iri(name)], place)
        elif name not in held and examined.change and _stands(examined, name):
            yield violation(
                "not-in-data",
                place,
                f"the graph holds «{name}», but no YAML file of the data folder does: edit the table that it comes "
                "from, or build the store of this folder first",
                f"a gráfban megvan «{name}», de az adatmappa egyik YAML fájljában sincs: javítsa a táblázatot, "
                "amelyből jön, vagy előbb építse meg e mappa tárát",
            )


def _stands(examined: Examined, name: str) -> bool:
    assert examined.change
    graph = ox.NamedNode(graph_iri(name))
    return next(examined.change.old.base.quads_for_pattern(None, None, None, graph), None) is not None


# Editing files.


@dataclass(slots=True)
class _File:
    text: str
    ids: list[str]


def _files(data: Path) -> dict[str, _File]:
    """The YAML files of a data folder by path below it, with the ids of their records."""
    found = {}
    for path in sorted(data.glob("*/**/*.yaml")):
        text = path.read_bytes().decode()
        found[path.relative_to(data).as_posix()] = _File(text, [_bare(name) for name in _RECORD.findall(text)])
    return found


def _bare(name: str) -> str:
    return name.strip("'\"")


def _edit(records: Sequence[dict[str, Any]], files: dict[str, _File], data: Path) -> list[Change]:
    """The files as they will be. Raises Conflict for a file of another form, InputError for one that is broken."""
    before = {name: file.text for name, file in files.items()}
    touched: dict[str, None] = {}
    for record in sorted(records, key=lambda each: str(each["id"])):
        name = str(record["id"])
        target = next((path for path, file in files.items() if name in file.ids), "") or _target(record, files, records)
        if target not in files:
            head = "".join(f"{key}: {record[key]}\n" for key in ("recorded", "recordedBy"))
            files[target] = _File(f"{head}licence: {LICENCE}\nrecords:\n", [])
        files[target] = _put(files[target], record, target)
        touched[target] = None
    changes = []
    for target in sorted(touched):
        old, new = before.get(target), files[target].text
        _check(target, old, new, {str(record["id"]): record for record in records})
        if old != new:
            changes.append(Change(target, old, new))
    return changes


def _target(record: dict[str, Any], files: dict[str, _File], records: Sequence[dict[str, Any]]) -> str:
    """The file for a new record: `<kind>/<jurisdiction or country>.yaml`, or the file of that kind whose name holds the
    place among others (`italy-malta`); a record without a place follows what it is about; else `<kind>/other.yaml`."""
    folder = next((kind for kind, types in KINDS.items() if record.get("type") in types), "")
    if not folder:
        raise Conflict(f"«{record['id']}»: records of type {record.get('type')} stand inside others, not by themselves")
    topic, seen = _topic(record, files, {str(each["id"]): each for each in records}, 0), f"{folder}/"
    if f"{folder}/{topic}.yaml" in files:
        return f"{folder}/{topic}.yaml"
    near = (path for path in files if path.startswith(seen) and topic in re.split(r"-and-|-", path[len(seen) : -5]))
    return next(near, f"{folder}/{topic}.yaml")


def _topic(record: dict[str, Any], files: dict[str, _File], new: dict[str, dict[str, Any]], depth: int) -> str:
    for key in (*_PLACES, *_ABOUT):
        values = record.get(key)
        value = values[0] if isinstance(values, list) and values else values
        name = value.get("id", "") if isinstance(value, dict) else value
        if not isinstance(name, str) or not name:
            continue
        if key in _PLACES and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
            return name
        if name in new and depth < 5:
            return _topic(new[name], files, new, depth + 1)
        held = next((path for path, file in files.items() if name in file.ids), "")
        if held:
            return held.rpartition("/")[2].removesuffix(".yaml")
    return OTHER


def _put(file: _File, record: dict[str, Any], target: str) -> _File:
    """A file with a record put in: in the place of the one of that id, in order where the file is in order, or last."""
    defaults, places = _read_head(file.text, target)
    own = {k: value for k, value in record.items() if k not in _EVIDENCE or defaults.get(k) != str(value)}
    written = yaml.dump([own])
    starts = [match.start() for match in _RECORD.finditer(file.text)]
    if len(starts) != places or len(set(file.ids)) != len(file.ids):
        raise Conflict(f"{target}: its records do not each begin with «- id: …» on a line of its own, once")
    name = str(record["id"])
    lines_end = len(file.text)
    if name in file.ids:
        number = file.ids.index(name)
        start = starts[number]
        stop = starts[number + 1] if number + 1 < len(starts) else lines_end
        kept = _after(file.text[start:stop])
        text = file.text[:start] + written + kept + file.text[stop:]
        return _File(text, file.ids)
    in_order = file.ids == sorted(file.ids)
    number = next((n for n, other in enumerate(file.ids) if other > name), len(file.ids)) if in_order else len(file.ids)
    if number < len(starts):
        at = starts[number]
        text = file.text[:at] + written + "\n" + file.text[at:]
    else:
        head = file.text if file.text.endswith("\n") or not file.text else file.text + "\n"
        gap = "" if not file.ids or head.endswith("\n\n") else "\n"
        text = head + gap + written
    return _File(text, [*file.ids[:number], name, *file.ids[number:]])


def _after(text: str) -> str:
    """What stands after a record and is no part of it: empty lines, and comments of what follows."""
    lines = text.splitlines(keepends=True)
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return "".join(lines[end:])


def _read_head(text: str, target: str) -> tuple[dict[str, str], int]:
    """The defaults of a file, and how many records it has."""
    if text.rstrip().endswith("records:"):
        return dict(yaml.read(text.replace("records:", "records: []").encode(), target)[0]), 0
    document, _ = yaml.read(text.encode(), target)
    if not isinstance(document, dict) or not isinstance(document.get("records"), list):
        raise Conflict(f"{target}: it does not hold «records» below what holds for all of them")
    return {key: str(value) for key, value in document.items() if key != "records"}, len(document["records"])


def _check(target: str, old: str | None, new: str, records: dict[str, dict[str, Any]]) -> None:
    """Read the file as it will be: every record is as it was, or as it was contributed."""
    was = {record.id: record.data for record in read_records(old.encode(), target)} if old else {}
    now = {record.id: record.data for record in read_records(new.encode(), target)}
    for name in was.keys() | now.keys():
        given = name in records and name in now
        if (_plain(now[name]) != _plain(records[name])) if given else (now.get(name) != was.get(name)):
            raise Conflict(f"{target}: «{name}» would not come out as it went in; edit the file by hand")


def _plain(value: Any) -> Any:
    """As it is read: every scalar a text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


# Writing, and undoing.


@contextlib.contextmanager
def locked(data: Path) -> Iterator[None]:
    """Nobody else writes to a data folder meanwhile; what was cut off before is brought to its end first."""
    folder = data / JOURNAL
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for pending in sorted(folder.glob("*" + PENDING)):
            _finish(data, pending)
        yield


def pending(data: Path) -> Path | None:
    """An acceptance that was cut off, or None."""
    return next(iter(sorted((data / JOURNAL).glob("*" + PENDING))), None)


def write(data: Path, acceptance: Acceptance) -> None:
    """Carry an acceptance out; the folder must be `locked`. Raises Conflict if a file is not as it was."""
    for change in acceptance.changes:
        if _text(data / change.file) != change.before:
            raise Conflict(f"{data / change.file} was changed meanwhile: nothing was written; try again")
    folder = data / JOURNAL
    journal = folder / (acceptance.id + PENDING)
    if journal.exists() or journal.with_suffix(DONE).exists():
        raise Conflict(f"{acceptance.id} is there already")
    write_whole(journal, json.dumps(asdict(acceptance), ensure_ascii=False, indent=1).encode())
    _finish(data, journal)


def _finish(data: Path, journal: Path) -> None:
    """Bring what the journal says to its end."""
    acceptance = _read(journal)
    for change in acceptance.changes:
        path = data / change.file
        now = _text(path)
        if now == change.after:
            continue
        if now != change.before:
            raise Conflict(f"{path} was changed after an acceptance that was cut off: restore it, or remove {journal}")
        if change.after is None:
            path.unlink()
            sync(path.parent)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, change.after.encode())
    journal.rename(journal.with_suffix(DONE))
    sync(journal.parent)


def history(data: Path) -> list[Acceptance]:
    """All acceptances of a data folder and their undoings, the oldest first."""
    entries = [_read(path) for path in sorted((data / JOURNAL).glob("*" + DONE))]
    for entry in entries:
        for other in entries:
            if other.id == entry.undoes:
                other.undone = entry.id
    return entries


def undo(data: Path, name: str) -> Acceptance:
    """The undoing of an acceptance, by its id or LAST, to be written. Raises Conflict."""
    entries = history(data)
    left = [entry for entry in entries if not entry.undone and not entry.undoes]
    found = left[-1] if name == "LAST" and left else next((entry for entry in left if entry.id == name), None)
    if found is None:
        raise Conflict(f"there is no acceptance «{name}» to undo; there are: {', '.join(e.id for e in left) or 'none'}")
    for change in found.changes:
        if _text(data / change.file) != change.after:
            later = [e.id for e in left if e.id > found.id and change.file in {c.file for c in e.changes}]
            hint = f": undo {', '.join(reversed(later))} first" if later else ": edit it by hand"
            raise Conflict(f"{data / change.file} was changed since{hint}")
    changes = [Change(change.file, change.after, change.before) for change in found.changes]
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    digest = hashlib.sha256(("undo " + found.id).encode()).hexdigest()
    return Acceptance(
        f"{now}-{digest[:12]}", found.by, found.recorded, found.records, found.hash, changes, undoes=found.id
    )


def _read(journal: Path) -> Acceptance:
    try:
        entry = json.loads(journal.read_text("utf-8"))
        return Acceptance(**entry | {"changes": [Change(**change) for change in entry["changes"]]})
    except (ValueError, TypeError, KeyError) as error:
        raise Conflict(f"{journal} is broken: {error}") from error


def _text(path: Path) -> str | None:
    return path.read_bytes().decode() if path.exists() else None


def recover(data: Path) -> Path | None:
    """Bring an acceptance that was cut off to its end; returns its place, or None. Raises Conflict."""
    cut = pending(data)
    if cut:
        with locked(data):
            pass
    return cut


def check_whole(data: Path) -> None:
    """Refuse to read a data folder in the middle of an acceptance. Raises InputError."""
    cut = pending(data)
    if cut:
        en = "an acceptance was cut off here: run «solidarity accept --recover» on this folder, then try again"
        hu = "itt félbeszakadt egy befogadás: futtassa erre a mappára: «solidarity accept --recover»"
        raise InputError([violation("acceptance-cut-off", Place(str(cut)), en, hu)])

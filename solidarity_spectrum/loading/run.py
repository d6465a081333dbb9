"""Running a loader: its files one after another, and what must hold of all that comes out."""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from solidarity_spectrum.findings import Finding, InputError, Place, violation
from solidarity_spectrum.loading.description import Description, describe
from solidarity_spectrum.loading.inputs import Index, Input, refuse, walk
from solidarity_spectrum.records import Record
from solidarity_spectrum.store import NoStore


def module(name: str) -> ModuleType:
    """The module of a loader, which is found by its folder."""
    return import_module(f"solidarity_spectrum.loaders.{name.replace('-', '_')}")


def fetch(description: Description, client: Any, wanted: Mapping[str, str]) -> Iterator[Input]:
    """What a loader fetches from its publisher, by a `Client`. Raises InputError for what cannot be had whole."""
    found: Iterator[Input] = module(description.name).fetch(client, description, dict(wanted))
    return found


def load(
    source: str,
    paths: Iterable[Path] = (),
    index: Index | None = None,
    chosen: Mapping[str, str] | None = None,
    inputs: Iterable[Input] | None = None,
    warn: Callable[[Finding], None] = lambda finding: None,
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Record]:
    """The records of files of one source, as they are read.

    `paths` are files, folders and archives, or `inputs` what a loader fetched. `index` is what the graph holds, for
    joining; `chosen` what the user wants of it. `warn` is told what is odd but kept, `progress` each file's name.

    Raises KeyError for an unknown source, ValueError for a choice that it does not offer, and InputError, naming file
    and line, for whatever a file holds that the loader does not know, for an id that stands twice or is not the
    source's own, and when the assertions of the description do not hold.
    """
    description = replace(describe(source).choose(chosen or {}), warn=warn)
    tally = Tally(description)
    name = ""
    for item in walk(paths, description.files, index) if inputs is None else inputs:
        name = item.name
        progress(name)
        for record in read_file(item, description):
            tally.take(record)
            yield record
    tally.done(Place(name), warn)


def read_file(item: Input, description: Description) -> Iterator[Record]:
    """The records of one file. Raises InputError, with a place, for whatever goes wrong in its loader."""
    place = item.place()
    item.own = tuple(f"{start}-" for start in description.graph)
    records = module(description.name).read(item, description)
    while True:
        try:
            record = next(records, None)
        except (InputError, OSError, NoStore):
            raise
        except RecursionError as error:
            raise refuse("syntax", place, "nested too deeply", "túl mély beágyazás") from error
        except Exception as error:  # what a loader did not foresee: still an error with a place, not a traceback
            en = f"the loader failed after this place: {type(error).__name__}: {error}"
            hu = f"a betöltő e hely után elakadt: {type(error).__name__}: {error}"
            raise refuse("loader", place, en, hu) from error
        if record is None:
            return
        place = record.place()
        yield record


class Tally:
    """Counts what a loader yields, and refuses an id that is not its own or stands twice."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self._own = tuple(f"{start}-" for start in description.graph)
        self._filled = {
            kind: dict.fromkeys(shares, 0) for kind, shares in description.assertions.get("filled", {}).items()
        }
        self._counts: Counter[str] = Counter()
        # On disk when it is large, so that memory stays flat whatever the number of records.
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.execute("CREATE TABLE seen (name BLOB PRIMARY KEY, file TEXT, line INTEGER) WITHOUT ROWID")
        self._seen.execute("BEGIN")

    def take(self, record: Record) -> None:
        name = record.name
        if not name.startswith(self._own):
            listed = ", ".join(self._own)
            en, hu = f"«{name}» does not begin with {listed}", f"«{name}» nem így kezdődik: {listed}"
            raise refuse("id", record.place(("id",)), en, hu)
        key = hashlib.blake2b(name.encode(), digest_size=12).digest()
        place = record.place()
        added = self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (key, place.file, place.line))
        if not added.rowcount:
            file, line = self._seen.execute("SELECT file, line FROM seen WHERE name = ?", (key,)).fetchone()
            other = Place(file, line)
            en, hu = f"«{name}» stands twice: first at {other}", f"«{name}» kétszer szerepel, először itt: {other}"
            raise refuse("duplicate-id", place, en, hu)
        kind = str(record.data.get("type"))
        self._counts[kind] += 1
        for filled in self._filled.get(kind, ()):
            self._filled[kind][filled] += filled in record.data

    def done(self, place: Place, warn: Callable[[Finding], None]) -> None:
        self._seen.close()
        about = self._description
        # Who chose a part of the source may well get less than all of it.
        least: dict[str, Any] = {} if about.chosen else about.assertions.get("least", {})
        problems = [
            violation(
                "assertion",
                place,
                f"{self._counts[kind]} records of type {kind}, at least {number} are expected",
                f"{self._counts[kind]} {kind} rekord, legalább {number} kell",
            )
            for kind, number in least.items()
            if self._counts[kind] < float(number)
        ]
        for kind, shares in self._filled.items():
            for key, count in shares.items():
                share = float(about.assertions["filled"][kind][key])
                if count < share * self._counts[kind]:
                    of = self._counts[kind]
                    en = f"«{key}» is filled in {count} of {of} {kind} records, at least {share:.0%} is expected"
                    hu = f"«{key}» {of} {kind} rekordból csak {count} helyen van kitöltve, legalább {share:.0%} kell"
                    problems.append(violation("assertion", place, en, hu))
        if not self._counts and not problems:
            problems.append(
                violation("nothing", place, "nothing of it became a record", "semmi sem lett rekord belőle")
            )
        if problems:
            raise InputError(problems)
        for kind, number in about.assertions.get("most", {}).items():
            if self._counts[kind] > float(number):
                en = f"{self._counts[kind]} records of type {kind}, at most {number} are expected"
                hu = f"{self._counts[kind]} {kind} rekord, legfeljebb {number} várható"
                warn(Finding("warning", "assertion", {"en": en, "hu": hu}, place))

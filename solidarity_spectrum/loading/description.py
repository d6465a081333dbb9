"""What a loader's `description.yaml` says, checked when it is read."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from solidarity_spectrum.findings import Finding, InputError, Place, suggest, violation
from solidarity_spectrum.records.yaml import Places, read
from solidarity_spectrum.resources import LOADERS

_TEXTS = ("title", "publisher", "address", "format", "licence", "coverage", "rhythm", "tier")
_LISTS = ("languages", "graph", "files")
_MAPPINGS = ("fields", "assertions", "out-of-scope", "tables", "choices", "live", "prefixes")
_REQUIRED = (*_TEXTS, *_LISTS, "fields", "assertions")
_ASSERTIONS = ("least", "most", "filled")


@dataclass(frozen=True, slots=True)
class Description:
    """A source: what it is, what becomes of its fields, and what must hold of what comes out."""

    name: str
    title: str
    publisher: str
    address: str
    format: str
    licence: str
    """Its address, or in words."""
    coverage: str
    rhythm: str
    tier: str
    languages: list[str]
    graph: list[str]
    """What the names of its records, and so of their graphs, begin with."""
    files: list[str]
    """Patterns of the names that are read in folders and archives."""
    fields: dict[str, Any]
    """What each field of the source becomes, by its path."""
    assertions: dict[str, Any]
    """`least` and `most` records by type, and `filled`: the share of a type's records that have a key."""
    out_of_scope: dict[str, str] = field(default_factory=dict)
    """Why a field is not read, by path: `*` is any one step, `//` any depth; what is below a path goes with it."""
    tables: dict[str, Any] = field(default_factory=dict)
    """Our value for each value of the source."""
    choices: dict[str, str] = field(default_factory=dict)
    """What a user may choose by (`--choose NAME=VALUE`), and what it means."""
    live: dict[str, str] = field(default_factory=dict)
    """What can be fetched (`--live NAME=VALUE`), and what it means."""
    prefixes: dict[str, str] = field(default_factory=dict)
    """Prefixes for the paths of elements in other namespaces than the root's."""
    chosen: Mapping[str, str] = field(default_factory=dict)
    """What the user chose."""
    warn: Callable[[Finding], None] = lambda finding: None
    """Told what is odd but kept."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What a loader carries from one file of a load to the next."""

    @property
    def status(self) -> str:
        """The status of a record that rests on this source alone, read whole."""
        return "verified" if self.tier == "primary" else "single-source"

    def source(self, url: str, title: str = "", **more: Any) -> dict[str, Any]:
        """The citation of a document of this source that was read."""
        return {"url": url, "title": title or self.title, "tier": self.tier, "consulted": True, **more}

    def ignores(self, path: str) -> bool:
        """Whether the field at a path is out of scope."""
        return _matcher(tuple(self.out_of_scope))(path)

    def choose(self, chosen: Mapping[str, str]) -> "Description":
        """The same with what a user chose. Raises ValueError for what cannot be chosen by."""
        for name in chosen:
            if name not in self.choices:
                known = ", ".join(self.choices) or "nothing"
                raise ValueError(f"{self.name} cannot be chosen from by «{name}», only by: {known}")
        return replace(self, chosen=chosen)


def pattern(path: str) -> str:
    """The regular expression of a path: `*` is any one step, `//` any depth."""
    return re.escape(path).replace(r"\*", "[^/]*").replace("//", "/(?:[^/]+/)*")


@cache
def _matcher(paths: tuple[str, ...]) -> Callable[[str], bool]:
    found = re.compile(f"(?:{'|'.join(pattern(path) for path in paths) or '(?!)'})(?:/.*)?", re.DOTALL)
    return cache(lambda path: found.fullmatch(path) is not None)


def catalogue() -> dict[str, Description]:
    """The description of every loader, by name, in order. Raises InputError for one that is broken."""
    return {
        file.parent.name.replace("_", "-"): parse(file.read_bytes(), str(file), file.parent.name.replace("_", "-"))
        for file in sorted(LOADERS.glob("*/description.yaml"))
    }


def describe(name: str) -> Description:
    """The description of one loader. Raises KeyError if there is none of this name, InputError for a broken one."""
    file = LOADERS / name.replace("-", "_") / "description.yaml"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or not file.is_file():
        raise KeyError(name)
    return parse(file.read_bytes(), str(file), name)


def parse(data: bytes, file: str, name: str) -> Description:
    """Read a `description.yaml`. Raises InputError that names what is missing, unknown or of the wrong kind."""
    document, places = read(data, file)
    if not isinstance(document, dict):
        raise _wrong(places, file, (), "a description is a mapping", "a leírás kulcsok és értékek listája")
    for key in _REQUIRED:
        if key not in document:
            raise _wrong(places, file, (), f"the key «{key}» is missing", f"hiányzik a(z) «{key}» kulcs")
    for key, value in document.items():
        if key in _TEXTS:
            fits = isinstance(value, str)
        elif key in _LISTS:
            fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        elif key in _MAPPINGS:
            fits = isinstance(value, dict) or value is None
        else:
            en, hu = suggest(key, (*_REQUIRED, *_MAPPINGS))
            raise _wrong(places, file, (key,), f"«{key}» is not a key.{en}", f"«{key}» nem kulcs.{hu}")
        if not fits:
            raise _wrong(places, file, (key,), f"«{key}» has the wrong kind of value", f"«{key}» értéke más fajta kell")
    if document["tier"] not in ("primary", "secondary"):
        raise _wrong(places, file, ("tier",), "«tier» is primary or secondary", "«tier»: primary vagy secondary")
    _check_assertions(document["assertions"] or {}, places, file)
    texts: dict[str, Any] = {key: document[key] for key in (*_TEXTS, *_LISTS)}
    maps: dict[str, Any] = {key.replace("-", "_"): document.get(key) or {} for key in _MAPPINGS}
    return Description(name, **texts, **maps)


def _check_assertions(assertions: dict[str, Any], places: Places, file: str) -> None:
    for kind, by_type in assertions.items():
        if kind not in _ASSERTIONS or not isinstance(by_type, dict):
            en, hu = f"«{kind}» is none of: {', '.join(_ASSERTIONS)}", f"«{kind}» nem ezek egyike: {_ASSERTIONS}"
            raise _wrong(places, file, ("assertions", kind), en, hu)
        numbers = by_type if kind != "filled" else {k: v for each in by_type.values() for k, v in dict(each).items()}
        for value in numbers.values():
            try:
                float(value)
            except (TypeError, ValueError):
                en, hu = f"«{value}» is not a number", f"«{value}» nem szám"
                raise _wrong(places, file, ("assertions", kind), en, hu) from None


def _wrong(places: Places, file: str, path: Iterable[str], en: str, hu: str) -> InputError:
    return InputError([violation("description", Place(file, *places.get(tuple(path), (1, 1))), en, hu)])

"""One item of a source, read destructively: what nobody read is an error, unless the description says why not."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from lxml import etree

from solidarity_spectrum.findings import InputError, Place
from solidarity_spectrum.loading.description import Description
from solidarity_spectrum.loading.inputs import refuse
from solidarity_spectrum.records import Record
from solidarity_spectrum.records.yaml import CONTROL, NO_CONTROL

T = TypeVar("T")
TEXT = "#"
"""The key of an element's text, and of an item that is a single value."""


class Fields:
    """The fields of an item by name.

    Of an XML element: attributes as `@name`, children by name, and `#` for all text inside. Of an object or a row: its
    keys. `path` says where the item stands in its document, without numbers.
    """

    __slots__ = ("_data", "_parts", "_read", "description", "element", "path", "place")

    def __init__(
        self,
        data: Mapping[str, Any],
        path: str,
        place: Place,
        description: Description,
        element: "etree._Element | None" = None,
    ) -> None:
        self.path = path
        self.place = place
        self.description = description
        self.element = element
        self._data = data
        self._read: set[str] = set()
        self._parts: list[Fields] = []

    def keys(self) -> list[str]:
        """The names of all fields that are there."""
        return list(self._data)

    def take(self, key: str) -> str:
        """The text of a field. Raises InputError if it is missing or empty."""
        text = self.get(key)
        if not text:
            at = self._at(key)
            raise self.error("missing-field", f"the field «{at}» is missing or empty", f"hiányzik vagy üres: «{at}»")
        return text

    def get(self, key: str) -> str:
        """The text of a field, or "" if it is missing or empty. Raises InputError if it is not one text."""
        self._read.add(key)
        if key == TEXT and self.element is not None:
            return self._text("".join(str(text) for text in self.element.itertext()), key)
        value = self._data.get(key)
        if isinstance(value, list) and self.element is not None:
            part = self.one(key)
            return part.get(TEXT) if part else ""
        return self._text(value, key)

    def texts(self, key: str) -> list[str]:
        """The texts of a field that may stand several times, without empty ones."""
        self._read.add(key)
        value = self._data.get(key)
        if self.element is not None and isinstance(value, list):
            found = [part.get(TEXT) for part in self.each(key)]
        else:
            found = [self._text(item, key) for item in (value if isinstance(value, list) else [value])]
        return [text for text in found if text]

    def each(self, key: str) -> list["Fields"]:
        """The parts of a field: elements or objects, one or many."""
        self._read.add(key)
        value = self._data.get(key)
        if value is None:
            return []
        parts = [self._part(key, item) for item in (value if isinstance(value, list) else [value])]
        self._parts += parts
        return parts

    def one(self, key: str) -> "Fields | None":
        """The one part of a field, or None. Raises InputError if there are several."""
        parts = self.each(key)
        if len(parts) > 1:
            at = self._at(key)
            raise self.error("several", f"«{at}» stands {len(parts)} times, not once", f"«{at}» többször szerepel")
        return parts[0] if parts else None

    def code(self, key: str, table: Mapping[str, T]) -> T:
        """What a field's text maps to. Raises InputError for one that the table does not hold."""
        return known(table, self.take(key), self.place, self._at(key))

    def skip(self, *keys: str) -> None:
        """Leave fields unread on purpose."""
        self._read.update(keys)

    def raw(self, key: str) -> Any:
        """A field as its format gave it, or None."""
        self._read.add(key)
        return self._data.get(key)

    def error(self, rule: str, en: str, hu: str) -> InputError:
        """A refusal of this item: raise it."""
        return refuse(rule, self.place, en, hu)

    def record(self, data: dict[str, Any]) -> Record:
        """A record that came of this item: `data` without what is empty."""
        return Record(_filled(data), self.place.file, {(): (self.place.line, self.place.column)})

    def done(self) -> None:
        """Raise InputError for fields that nobody read. The readers call this; a loader need not."""
        whole = self.element is not None and TEXT in self._read  # the text of the children was read with it
        left = [key for key in self._data if key not in self._read and not (whole and not key.startswith("@"))]
        unread = [key for key in left if not self.description.ignores(self._at(key))]
        if unread:
            listed = ", ".join(f"«{self._at(key)}»" for key in unread)
            en, hu = f"nothing reads the field {listed}", f"semmi sem olvassa ezt a mezőt: {listed}"
            raise self.error("unread-field", en, hu)
        if not whole:
            for part in self._parts:
                part.done()

    def _at(self, key: str) -> str:
        return f"{self.path}/{key}" if self.path else key

    def _text(self, value: Any, key: str) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str):
            at = self._at(key)
            raise self.error("value", f"«{at}» is not a single value", f"«{at}» nem egyetlen érték")
        if CONTROL.search(value):
            en, hu = NO_CONTROL
            raise self.error("syntax", f"«{self._at(key)}»: {en}", f"«{self._at(key)}»: {hu}")
        return value.strip()

    def _part(self, key: str, item: Any) -> "Fields":
        if isinstance(item, etree._Element):
            return of_element(item, self._at(key), self.place.file, self.description)
        data = item if isinstance(item, dict) else {TEXT: item}
        return Fields(data, self._at(key), self.place, self.description)


def of_element(element: "etree._Element", path: str, file: str, description: Description) -> Fields:
    """The fields of an XML element."""
    own = etree.QName(element).namespace
    data: dict[str, Any] = {}
    for name, value in element.attrib.items():
        data["@" + local(str(name), None, description)] = str(value)
    written = element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            data.setdefault(local(child.tag, own, description), []).append(child)
        written += child.tail or ""
    if written.strip():
        data[TEXT] = written
    return Fields(data, path, Place(file, line_of(element)), description, element)


def line_of(element: "etree._Element") -> int:
    """The line on which an element starts."""
    line: Any = element.sourceline
    return line or 0


def local(name: str, namespace: str | None, description: Description) -> str:
    """The name of an element or attribute in a path: bare in `namespace`, else with a prefix of the description."""
    if not name.startswith("{"):
        return name
    where, _, bare = name[1:].partition("}")
    if where == namespace:
        return bare
    if where == "http://www.w3.org/XML/1998/namespace":
        return f"xml:{bare}"
    prefix = next((prefix for prefix, iri in description.prefixes.items() if iri == where), None)
    return name if prefix is None else f"{prefix}:{bare}"


def in_turn(fields: Fields) -> Iterator[Fields]:
    """One item for a loader; when it comes back for the next one, nothing of this one may be unread."""
    yield fields
    fields.done()


def known(table: Mapping[str, T], value: str, place: Place, column: str) -> T:
    """What a source's value maps to. Raises InputError for a value that the description does not list."""
    if value not in table:
        raise refuse(
            "unknown-value",
            place,
            f"«{value}» in «{column}» is not in the loader's description",
            f"a(z) «{column}» «{value}» értéke nincs a betöltő leírásában",
        )
    return table[value]


def _filled(value: Any) -> Any:
    """Mappings and lists without what is empty."""
    if isinstance(value, dict):
        return {key: kept for key, item in value.items() if (kept := _filled(item)) not in (None, "", [], {})}
    if isinstance(value, list):
        return [kept for item in value if (kept := _filled(item)) not in (None, "", [], {})]
    return value

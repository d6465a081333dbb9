"""The JSON-LD context as a table: what each key of a record means and what its value must look like."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from solidarity_spectrum.resources import BASE, ONTOLOGY

XSD = "http://www.w3.org/2001/XMLSchema#"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `kind` is `text`, `language` (a map), `reference`, `code` (of `scheme`), `term`, `date` or `typed`."""

    name: str
    iri: str
    kind: str
    datatype: str = ""
    scheme: str = ""
    scoped: dict[str, "Key"] = field(default_factory=dict, hash=False)


class Context:
    """`ontology/context.jsonld`, parsed. `raw` is the context object itself, `keys` the keys by name,
    `classes` the names allowed as `type`, `prefixes` the namespaces by prefix."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.raw: dict[str, Any] = document["@context"]
        self.prefixes: dict[str, str] = {}
        self.classes: dict[str, str] = {}
        self.keys: dict[str, Key] = {}
        for name, value in self.raw.items():
            if isinstance(value, str) and value.startswith("http") and not name.startswith("@"):
                self.prefixes[name] = value
        for name, value in self.raw.items():
            if name.startswith("@") or name in self.prefixes or value in ("@id", "@type"):
                continue
            if isinstance(value, str) and name[0].isupper():
                self.classes[name] = self.expand(value)
            else:
                self.keys[name] = self._key(name, value)
        self.key_of: dict[str, str] = {key.iri: key.name for key in self.keys.values()}
        """The key that stands for a property IRI."""

    def expand(self, compact: str) -> str:
        """The full IRI of a compact one, or of an absolute IRI itself."""
        prefix, _, local = compact.partition(":")
        return self.prefixes[prefix] + local if prefix in self.prefixes else compact

    def _key(self, name: str, value: Any) -> Key:
        if isinstance(value, str):
            return Key(name, self.expand(value), "text")
        if "@reverse" in value:
            return Key(name, self.expand(value["@reverse"]), "reference")
        iri, kind, scoped = self.expand(value["@id"]), value.get("@type", ""), value.get("@context", {})
        if value.get("@container") == "@language":
            return Key(name, iri, "language")
        if kind == "@id":
            return Key(name, iri, "reference", scoped={n: self._key(n, v) for n, v in scoped.items()})
        if kind == "@vocab":
            vocabulary = scoped.get("@vocab", "")
            if vocabulary.startswith(BASE + "concept/"):
                return Key(name, iri, "code", scheme=vocabulary.rstrip("/"))
            return Key(name, iri, "term", scheme=vocabulary)
        if kind == "xsd:date":
            return Key(name, iri, "date")
        if kind:
            return Key(name, iri, "typed", datatype=self.expand(kind))
        return Key(name, iri, "text")


@cache
def context() -> Context:
    """The project's context."""
    return Context(json.loads((ONTOLOGY / "context.jsonld").read_text("utf-8")))

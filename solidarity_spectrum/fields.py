"""What a record of each type may and must say: the keys of the context, as ontology and shapes describe them.

Documents, templates of tables and the JSON Schema are made from this.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import pyoxigraph as ox

from solidarity_spectrum.records.context import Key, context
from solidarity_spectrum.records.tables import PARTS
from solidarity_spectrum.vocabulary import SOL as SOL
from solidarity_spectrum.vocabulary import vocabulary

_SH = "http://www.w3.org/ns/shacl#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_SCHEMA = "https://schema.org/"
LABEL = _RDFS + "label"
EVIDENCE = ("id", "type", "status", "sources", "recorded", "recordedBy", "licence", "unverified")
"""Keys that stand beside the assertions of a record."""
COMPUTED = ("earliest", "latest", "contentHash", "describes")
"""Terms that the build adds; no record gives them."""
WORDS = {
    "id": (
        "The name of the record: lower-case letters, digits and hyphens. A concept's starts with `concept:`.",
        "A rekord neve: kisbetűk, számjegyek és kötőjelek. A fogalmaké így kezdődik: `concept:`.",
    ),
    "type": ("What it is: one of the headings below.", "Ami: az alábbi címek egyike."),
    "sources": ("What it rests on; see [Sources](#sources).", "Amin alapul; lásd: [Sources](#sources)."),
    "licence": ("Address of the licence of this record.", "E rekord licencének címe."),
    "unverified": (
        "Keys and values that no source supports yet; see [What is not verified](#what-is-not-verified).",
        "Kulcsok és értékek, amelyeket még semmilyen forrás nem támaszt alá.",
    ),
    "formerIds": (
        "Ids under which it was known before; they go on leading to it.",
        "Azonosítók, amelyeken korábban ismert volt; ezek továbbra is idevezetnek.",
    ),
    "label": ("What a person calls it, by language; `en` at least.", "Ahogyan nevezik, nyelvenként; legalább `en`."),
    "altLabel": ("Another name, by language.", "Másik név, nyelvenként."),
    "description": (
        "What there is to say in a sentence or two, by language.",
        "Amit egy-két mondatban érdemes elmondani, nyelvenként.",
    ),
    "note": ("A caution to the reader, in English.", "Figyelmeztetés az olvasónak, angolul."),
    "offices": ("The offices that the person held.", "A személy tisztségei."),
    "organisation": ("The body in which the office is held.", "A szervezet, amelyben a tisztséget viseli."),
    "prefLabel": ("The name of the concept, by language.", "A fogalom neve, nyelvenként."),
    "definition": (
        "What the concept means, by language, in own words.",
        "Amit a fogalom jelent, nyelvenként, saját szavakkal.",
    ),
    "title": ("The title as printed, by language.", "A cím, ahogyan megjelent, nyelvenként."),
    "url": ("The address of a page about it.", "Egy róla szóló oldal címe."),
    "passage": (
        "The words that bear it out, in the language of the source; short.",
        "A szavak, amelyek alátámasztják, a forrás nyelvén; röviden.",
    ),
    "place": ("Where it is or took place.", "Ahol van, vagy történt."),
    "date": ("When it was said, decided or done.", "Amikor elhangzott, eldőlt vagy megtörtént."),
    "startDate": ("When it began.", "Amikor kezdődött."),
    "endDate": ("When it ended.", "Amikor véget ért."),
    "partOf": (
        "The greater thing it is a part of: the act of a section, the party of a branch.",
        "A nagyobb egész, amelynek része: a szakasz törvénye, a szervezet pártja.",
    ),
    "about": ("What it is about.", "Amiről szól."),
    "value": ("The number.", "A szám."),
    "unit": ("What is counted or measured, in English.", "Amit számol vagy mér, angolul."),
    "memberOf": ("The body it belongs to now.", "A szervezet, amelyhez most tartozik."),
    "born": ("When the person was born.", "Amikor a személy született."),
    "broader": ("A concept that this one is a kind of.", "Fogalom, amelynek ez egy fajtája."),
    "narrower": ("A concept that is a kind of this one.", "Fogalom, amely ennek egy fajtája."),
    "related": (
        "A concept that is neither broader nor narrower, but near.",
        "Fogalom, amely se nem tágabb, se nem szűkebb, de közeli.",
    ),
    "inScheme": (
        "The scheme of concepts: `concept:solidarity-spectrum-scheme`.",
        "A fogalmi rendszer: `concept:solidarity-spectrum-scheme`.",
    ),
    "topConceptOf": (
        "The same, for a concept that has no broader one.",
        "Ugyanaz, ha a fogalomnak nincs tágabbja.",
    ),
    "attributedTo": ("Who defined or coined it.", "Aki meghatározta vagy megalkotta."),
    "author": ("Who wrote it.", "Aki írta."),
    "accessRights": ("Who may read it, and how.", "Ki olvashatja, és hogyan."),
}
"""What keys mean whose terms are borrowed, or whose definition says too little, in English and Hungarian."""
SOURCE_WORDS = {
    "url": ("The address that a reader can open.", "A cím, amelyet az olvasó megnyithat."),
    "title": (
        "The title, with author or publisher and date where they help to find it.",
        "A cím, szerzővel vagy kiadóval és dátummal, ha ez segít megtalálni.",
    ),
}
BORROWED = {"unit": SOL + "Figure", "topConceptOf": _SKOS + "Concept", "accessRights": SOL + "Work"}
"""Borrowed properties that no shape speaks of, and the type that takes them."""
_CITATION, _ENTITY, _RECORD = SOL + "Citation", SOL + "Entity", SOL + "RecordGraph"


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a type. `key` is None for `id`, `type` and `unverified`; `need` is `required`, `recommended` or
    empty, with the name of a `group` if another key of it would do as well; `languages` says so of single languages;
    `single` says that it takes one value at most, `pattern` what a text must look like; `example` is the value that the
    message of the shape gives."""

    name: str
    key: Key | None
    need: str = ""
    group: str = ""
    single: bool = False
    pattern: str = ""
    example: str = ""
    languages: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def part(self) -> str:
        """The type of the parts that are written inside the record under this key, or an empty text."""
        return PARTS.get(self.name, "")


def objects(
    subject: str | ox.NamedNode | ox.BlankNode, predicate: str
) -> list[ox.NamedNode | ox.BlankNode | ox.Literal]:
    """The values of a property in the ontology."""
    node = ox.NamedNode(subject) if isinstance(subject, str) else subject
    quads = vocabulary().store.quads_for_pattern(node, ox.NamedNode(predicate), None, None)
    return [quad.object for quad in quads if not isinstance(quad.object, ox.Triple)]


def subjects(predicate: str, value: str) -> list[str]:
    """The IRIs that have a value, in order."""
    quads = vocabulary().store.quads_for_pattern(None, ox.NamedNode(predicate), ox.NamedNode(value), None)
    return sorted(quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode))


def text(subject: str, predicate: str, language: str = "en") -> str:
    """The text of a property in a language, on one line; empty if there is none."""
    for value in objects(subject, predicate):
        if isinstance(value, ox.Literal) and value.language == language:
            return " ".join(value.value.split())
    return ""


def ancestors(iri: str) -> set[str]:
    """A class and all that it is a subclass of."""
    found, front = {iri}, [iri]
    while front:
        for value in objects(front.pop(), _RDFS + "subClassOf"):
            if isinstance(value, ox.NamedNode) and value.value not in found:
                found.add(value.value)
                front.append(value.value)
    return found


def _items(head: object) -> Iterator[str]:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    while isinstance(head, ox.BlankNode):
        first, rest = objects(head, rdf + "first"), objects(head, rdf + "rest")
        yield from (value.value for value in first if not isinstance(value, ox.BlankNode))
        head = rest[0] if rest else None


def _paths(rule: str) -> Iterator[str]:
    """The properties that a shape's path starts with: the property itself, or each alternative."""
    for path in objects(rule, _SH + "path"):
        if isinstance(path, ox.NamedNode):
            yield path.value
        for alternatives in objects(path, _SH + "alternativePath") if isinstance(path, ox.BlankNode) else ():
            yield from _items(alternatives)


def _first(rule: str, predicate: str) -> str:
    return next((value.value for value in objects(rule, predicate)), "")


def needs(classes: Iterable[str]) -> dict[str, Field]:
    """The keys that a shape of these classes speaks of, with all that the shapes say of them."""
    found: dict[str, Field] = {}
    names = {key.iri: name for name, key in context().keys["sources"].scoped.items()} | context().key_of
    for cls in sorted(classes):
        for shape in subjects(_SH + "targetClass", cls):
            rules = [node.value for node in objects(shape, _SH + "property") if isinstance(node, ox.NamedNode)]
            for rule in sorted(rules):
                paths = list(_paths(rule))
                for path in paths:
                    if name := names.get(path, ""):
                        before = found.get(name, Field(name, context().keys.get(name)))
                        found[name] = _merged(before, rule, rule if len(paths) > 1 else "")
    return found


_LEVELS = {_SH + "Violation": "required", _SH + "Warning": "recommended"}


def _merged(before: Field, rule: str, group: str) -> Field:
    """What was known of a key and what one more shape says of it; `group` is the name of a shape of several keys."""
    level = _LEVELS.get(_first(rule, _SH + "severity"), "")
    must = level == "required"
    need = level if int(_first(rule, _SH + "minCount") or 0) else ""
    weaker = not need or (before.need == "required" and not must) or (before.need == need and bool(group))
    languages = dict(before.languages)
    for shape in objects(rule, _SH + "qualifiedValueShape"):
        for head in objects(shape, _SH + "languageIn") if level and isinstance(shape, ox.NamedNode) else ():
            languages |= {tag: level for tag in _items(head) if languages.get(tag) != "required"}
    example = re.search(rf"«{before.name}: ([^»{{]+)»", text(rule, _SH + "message"))
    return Field(
        before.name,
        before.key,
        before.need if weaker else need,
        before.group if weaker else group,
        before.single or (must and not group and _first(rule, _SH + "maxCount") == "1"),
        before.pattern or (_first(rule, _SH + "pattern") if must else ""),
        before.example or (example[1] if example else ""),
        languages,
    )


def _domain(key: Key) -> set[str]:
    values = objects(key.iri, _SCHEMA + "domainIncludes")
    domain = {value.value for value in values if isinstance(value, ox.NamedNode)}
    return domain | {BORROWED[key.name]} if key.name in BORROWED else domain


@cache
def _own() -> dict[str, Key]:
    return {name: key for name, key in context().keys.items() if name not in (*EVIDENCE, *COMPUTED)}


@cache
def evidence() -> dict[str, Field]:
    """The keys of EVIDENCE, in order."""
    said = needs({_RECORD})
    must = ("id", "type", "status", "sources")
    return {
        name: Field(
            name, context().keys.get(name), "required" if name in must else field.need, single=name != "sources"
        )
        for name in EVIDENCE
        for field in [said.get(name, Field(name, None))]
    }


@cache
def general() -> dict[str, Field]:
    """The keys that every record takes beside those of EVIDENCE."""
    every = needs({_ENTITY})
    first = ["label", "altLabel", "note", "formerIds"]
    names = [name for name, key in _own().items() if name in every or _domain(key) & {_ENTITY}]
    fields = {name: every.get(name, Field(name, _own()[name])) for name in [*first, *names]}
    return fields | {"label": replace(fields["label"], need="required")}


@cache
def particular(name: str) -> dict[str, Field]:
    """The keys of a type (a name of the context) beyond those of every record."""
    classes = ancestors(context().classes[name]) - {_ENTITY}
    needed = needs(classes)
    return {
        each: needed.get(each, Field(each, key))
        for each, key in _own().items()
        if each not in general() and (each in needed or _domain(key) & classes)
    }


def of_type(name: str) -> dict[str, Field]:
    """All keys of a type but those of EVIDENCE, with what the shapes say of them for this type."""
    keys = general() | particular(name)
    if "prefLabel" in keys:  # the label of a concept is made from it
        del keys["label"]
    if "label" in keys:
        keys["label"] = replace(keys["label"], need="", languages={})  # not every part has one
    needed = needs(ancestors(context().classes[name]))
    return {each: _stronger(known, needed.get(each)) for each, known in keys.items()}


def _stronger(one: Field, other: Field | None) -> Field:
    if other is None:
        return one
    need = one if one.need == "required" or (one.need and other.need != "required") else other
    return replace(
        one,
        need=need.need,
        group=need.group,
        single=one.single or other.single,
        pattern=one.pattern or other.pattern,
        example=one.example or other.example,
        languages={**one.languages, **other.languages},
    )


@cache
def source() -> dict[str, Field]:
    """The keys of an item of `sources`."""
    needed = needs({_CITATION})
    names = {*needed, *(name for name, key in _own().items() if _domain(key) & {_CITATION}), "passage"}
    order = ["url", "title", *sorted(names - {"url", "title"}, key=list(context().keys).index)]
    scoped = context().keys["sources"].scoped
    return {
        name: replace(needed.get(name, Field(name, None)), key=scoped.get(name) or context().keys[name])
        for name in order
    }


def meaning(name: str, language: str = "en", of_source: bool = False) -> str:
    """What a key means."""
    if of_source and name in SOURCE_WORDS:
        return SOURCE_WORDS[name][language == "hu"]
    if name in WORDS:
        return WORDS[name][language == "hu"]
    key = context().keys.get(name)
    said = text(key.iri, _SKOS + "definition", language) if key else ""
    said = re.sub(
        r" (Stated as precisely as the source gives it, as|A forrás pontosságával megadva:)[^.]*\.$", "", said
    )
    label = text(key.iri, _RDFS + "label", language) if key else name
    return said or label[:1].upper() + label[1:] + "."


def codes(scheme: str) -> list[str]:
    """The codes of a code list, by name."""
    return [iri.removeprefix(scheme + "/") for iri in subjects(_SKOS + "inScheme", scheme)]


def relations() -> list[str]:
    """The names of all relations."""
    roots = {SOL + "argued", SOL + "documented"}
    found = {iri for root in roots for iri in vocabulary().below(root)} - roots
    return sorted(iri.removeprefix(SOL) for iri in found)


def type_label(name: str, language: str) -> str:
    """What the type is called."""
    return text(context().classes[name], _RDFS + "label", language) or name


def code_label(scheme: str, code: str, language: str) -> str:
    """What a code is called."""
    return text(f"{scheme}/{code}", _SKOS + "prefLabel", language) or code

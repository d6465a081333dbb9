"""Candidates for links from our concepts to descriptors of the same name; the vocabulary itself is not copied.

A name that is the same is a hint, not a match: every link is `unverified` until somebody has compared the definitions
and entered it among `data/mappings`.
"""

import re
from collections.abc import Iterator

from solidarity_spectrum.loading import Description, Fields, Input, elements, mint, refuse, yaml_items
from solidarity_spectrum.loading.helpers import folded
from solidarity_spectrum.records import Record

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_EUROVOC = "http://eurovoc.europa.eu/"
_LANGUAGES = ("en", "hu")


def read(source: Input, description: Description) -> Iterator[Record]:
    """The links of one file, in its order. Raises NoStore without a built store: there is nothing to link then."""
    mirror = source.stem.lower().endswith((".yaml", ".yml"))
    for item, iri, names in (_mirror if mirror else _rdf)(source, description):
        for concept, (language, name) in _same(source, names).items():
            number = iri.removeprefix(_EUROVOC)
            yield item.record(
                {
                    "id": mint("euvoc", concept.removeprefix("concept:"), number),
                    "type": "Connection",
                    "label": {"en": f"{concept.removeprefix('concept:')}, perhaps the same as: {name}"},
                    "subject": concept,
                    "relation": "hasCloseMatch",
                    "object": iri,
                    "rationale": f"semapv:LexicalMatching; the same name, «{name}» ({language})",
                    "sources": [description.source(iri, f"{name} ({description.title})")],
                    "status": "unverified",
                }
            )


def _same(source: Input, names: list[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Our concepts that have one of some names, each with the first of these."""
    found: dict[str, tuple[str, str]] = {}
    for language, name in names:
        concept = source.joined("prefLabel", f"{folded(name)}@{language}", "Concept")
        if concept:
            found.setdefault(concept, (language, name))
    return found


def _rdf(source: Input, description: Description) -> Iterator[tuple[Fields, str, list[tuple[str, str]]]]:
    for item in elements(source, description, "RDF/Description", "RDF/skos:Concept", namespace=_RDF):
        names = [
            (label.get("@xml:lang"), label.get("#"))
            for key in ("skos:prefLabel", "prefLabel", "skos:altLabel", "altLabel")  # bare inside a skos:Concept
            for label in item.each(key)
        ]
        yield item, item.get("@rdf:about") or item.get("@about"), [name for name in names if name[0] in _LANGUAGES]


def _mirror(source: Input, description: Description) -> Iterator[tuple[Fields, str, list[tuple[str, str]]]]:
    for concepts in yaml_items(source, description, "concepts"):
        for number in concepts.keys():  # noqa: SIM118 – these are fields, no mapping
            if not re.fullmatch(r"\d+|c_[0-9a-f]+", number):
                raise refuse("value", concepts.place, f"«{number}» is not a number of EuroVoc", f"«{number}» nem szám")
            for item in concepts.each(number):
                names = [
                    (language, name)
                    for key in ("prefLabel", "altLabel")
                    for part in item.each(key)
                    for language in _LANGUAGES
                    for name in part.texts(language)
                ]
                yield item, _EUROVOC + number, names

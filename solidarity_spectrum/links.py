"""Links out: what follows from the identifiers of the graph where their publishers offer addresses.

They stand in one graph, `graph/links`, are computed anew at every build, and can be written as SSSOM. The relation says
how much is claimed:

- `owl:sameAs`: the address denotes the very same thing (a Wikidata item; an act under its ELI or CELEX number);
- `skos:exactMatch`: both are concepts;
- `schema:sameAs`: a page of the publisher that tells without doubt which thing is meant;
- `rdfs:seeAlso`: neither, as a judgment's text and the decision, or a concept and the organisation it is about.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from solidarity_spectrum import identifiers
from solidarity_spectrum.identifiers import Identifier, Link
from solidarity_spectrum.records import context
from solidarity_spectrum.records.identifiers import KEYS
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.view import View
from solidarity_spectrum.vocabulary import SOL

LINKS = ox.NamedNode(BASE + "graph/links")
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_TEXTS = {SOL + name for name in ("LegalInstrument", "Provision", "Offence")}
_CONCEPT = "http://www.w3.org/2004/02/skos/core#Concept"
_MATCHES = ("hasExactMatch", "hasCloseMatch", "hasBroadMatch", "hasNarrowMatch", "hasRelatedMatch")
# Prefixes of the addresses for SSSOM, which wants compact names.
_PREFIXES = {
    "celex": "http://publications.europa.eu/resource/celex/",
    "doi": "https://doi.org/",
    "ecli": "https://e-justice.europa.eu/ecli/",
    "eurovoc": "http://eurovoc.europa.eu/",
    "hudoc": "https://hudoc.echr.coe.int/eng?i=",
    "semapv": "https://w3id.org/semapv/vocab/",
    "stw": "http://zbw.eu/stw/descriptor/",
    "undocs": "https://undocs.org/",
    "wikidata": "http://www.wikidata.org/entity/",
    "yso": "http://www.yso.fi/onto/yso/",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One link: IRIs of entity, relation and target, and the key and identifier from which it follows."""

    entity: str
    relation: str
    target: str
    key: str
    identifier: str


def _relation(identifier: Identifier, link: Link, types: set[str]) -> str:
    if link.kind == "page":
        return "schema:sameAs" if link.iri != identifier.value else "rdfs:seeAlso"
    if link.kind == "concept":
        return "skos:exactMatch" if _CONCEPT in types else "rdfs:seeAlso"
    if identifier.scheme == "wikidata":
        return "skos:exactMatch" if _CONCEPT in types else "owl:sameAs"
    parts = identifier.parts
    version = any(parts.get(name) for name in ("consolidated", "corrigendum"))
    of_a_part = bool(parts.get("article") or parts.get("part"))
    if version or not types & _TEXTS or of_a_part != (SOL + "LegalInstrument" not in types):
        return "rdfs:seeAlso"
    return "owl:sameAs"


def rows(graph: ox.Store | View, subjects: Iterable[str] | None = None) -> Iterator[Row]:
    """The links of all identifiers of a graph, or of some subjects (IRIs), that are right; what is wrong was reported
    when it was read."""
    nodes = [None] if subjects is None else [ox.NamedNode(iri) for iri in subjects]
    for key, scheme in KEYS.items():
        about = ox.NamedNode(context().keys[key].iri)
        for quad in (quad for node in nodes for quad in graph.quads_for_pattern(node, about, None, None)):
            if not isinstance(quad.subject, ox.NamedNode) or not isinstance(quad.object, ox.NamedNode | ox.Literal):
                continue
            try:
                identifier = identifiers.parse(quad.object.value, scheme)
            except identifiers.IdentifierError:
                continue
            types = {
                found.object.value
                for found in graph.quads_for_pattern(
                    quad.subject, ox.NamedNode(context().expand("rdf:type")), None, None
                )
                if isinstance(found.object, ox.NamedNode)
            }
            for link in identifiers.links(identifier):
                relation = context().expand(_relation(identifier, link, types))
                yield Row(quad.subject.value, relation, link.iri, key, identifier.value)


def quads(graph: ox.Store | View, subjects: Iterable[str] | None = None) -> set[ox.Quad]:
    """The links of a graph, or of some subjects (IRIs), as `graph/links` holds them."""
    return {
        ox.Quad(ox.NamedNode(row.entity), ox.NamedNode(row.relation), ox.NamedNode(row.target), LINKS)
        for row in rows(graph, subjects)
    }


def materialise(graph: ox.Store) -> int:
    """Compute `graph/links` anew; returns how many links there are."""
    graph.remove_graph(LINKS)
    found = quads(graph)
    graph.extend(found)
    return len(found)


def sssom(graph: ox.Store) -> str:
    """All links out as a mapping set (SSSOM, TSV with metadata at the head): those of `graph/links`, and the mappings
    of concepts that somebody curated, each with its justification."""
    ours = context().prefixes
    prefixes = dict(
        sorted(
            (
                _PREFIXES | {"id": BASE + "id/"} | {n: ours[n] for n in ("concept", "owl", "rdfs", "schema", "skos")}
            ).items()
        )
    )
    table = sorted({*_link_rows(graph, prefixes), *_curated_rows(graph, prefixes)})
    head = ["curie_map:", *(f"  {name}: {start}" for name, start in prefixes.items())]
    head += [
        f"mapping_set_id: {BASE}graph/links",
        f"license: {LICENCE}",
        'mapping_set_title: "Links out of Solidarity Spectrum"',
    ]
    text = io.StringIO()
    text.writelines(f"#{line}\n" for line in head)
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(("subject_id", "subject_label", "predicate_id", "object_id", "mapping_justification", "comment"))
    writer.writerows(table)
    return text.getvalue()


def _compact(iri: str, prefixes: dict[str, str]) -> str:
    """A compact name, or the address itself where it would not read back the same."""
    name = next((f"{name}:{iri.removeprefix(start)}" for name, start in prefixes.items() if iri.startswith(start)), iri)
    return name if name.partition(":")[2] else iri


def _label(graph: ox.Store, iri: str) -> str:
    found = graph.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(context().expand("rdfs:label")), None, None)
    labels = {quad.object.language: quad.object.value for quad in found if isinstance(quad.object, ox.Literal)}
    return labels.get("en") or next(iter(labels.values()), "")


def _link_rows(graph: ox.Store, prefixes: dict[str, str]) -> Iterator[tuple[str, ...]]:
    for row in rows(graph):
        # A person wrote the identifier into the record: that is the judgement; the address follows by rule.
        yield (
            _compact(row.entity, prefixes),
            _label(graph, row.entity),
            _compact(row.relation, prefixes),
            _compact(row.target, prefixes),
            "semapv:ManualMappingCuration",
            f"from {row.key} {row.identifier}",
        )


def _curated_rows(graph: ox.Store, prefixes: dict[str, str]) -> Iterator[tuple[str, ...]]:
    for name in _MATCHES:
        relation = ox.NamedNode(SOL + name)
        for quad in graph.quads_for_pattern(None, ox.NamedNode(SOL + "relation"), relation, None):
            values: dict[str, str] = {}
            for found in graph.quads_for_pattern(quad.subject, None, None, quad.graph_name):
                if isinstance(found.object, ox.NamedNode | ox.Literal):
                    values[found.predicate.value] = found.object.value
            justification, _, comment = values.get(SOL + "rationale", "semapv:UnspecifiedMatching").partition("; ")
            match = name.removeprefix("has")
            yield (
                _compact(values[SOL + "subject"], prefixes),
                _label(graph, values[SOL + "subject"]),
                f"skos:{match[0].lower()}{match[1:]}",
                _compact(values[SOL + "object"], prefixes),
                justification,
                comment,
            )

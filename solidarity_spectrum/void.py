"""What the graph holds, in figures: the VoID description of the dataset, made in one pass over its triples.

It stands in `graph/void` of the store, so that an editor can read classes, properties, prefixes and example queries
from the endpoint itself. It names no address of a server: those are added where it is served. It does not count itself.

Source of the terms: https://www.w3.org/TR/void/, https://www.w3.org/TR/vocab-dcat-3/ and, for datatype partitions,
http://ldf.fi/void-ext (as https://github.com/JervenBolleman/void-generator writes them).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from itertools import product

import pyoxigraph as ox

from solidarity_spectrum import __version__
from solidarity_spectrum.records import context
from solidarity_spectrum.resources import BASE

GRAPH = ox.NamedNode(BASE + "graph/void")
DATASET = BASE + "dataset"
VOID, DCAT, VOID_EXT = "http://rdfs.org/ns/void#", "http://www.w3.org/ns/dcat#", "http://ldf.fi/void-ext#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_SH = "http://www.w3.org/ns/shacl#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_DCTERMS = "http://purl.org/dc/terms/"
_SOL = BASE + "ontology#"
_TYPE = _RDF + "type"

TITLE = {"en": "Solidarity Spectrum", "hu": "Szolidaritás-spektrum"}
DESCRIPTION = {
    "en": "What politicians said about migrants and solidarity, the law that followed, the people and practices it "
    "touched, the cases brought and how they ended; every assertion with its source.",
    "hu": "Mit mondtak politikusok a migránsokról és a szolidaritásról, milyen jog követte, kiket és mely "
    "gyakorlatokat érintett, milyen ügyek indultak és hogyan végződtek; minden állítás a forrásával.",
}
TARGETS = {
    "wikidata": ("Wikidata", "http://www.wikidata.org/entity/"),
    "cellar": ("CELLAR, Publications Office of the European Union", "http://publications.europa.eu/resource/"),
    "eurovoc": ("EuroVoc", "http://eurovoc.europa.eu/"),
    "eur-lex": ("EUR-Lex", "https://eur-lex.europa.eu/"),
    "eli": ("European Legislation Identifier", "http://data.europa.eu/eli/"),
    "hudoc": ("HUDOC, European Court of Human Rights", "https://hudoc.echr.coe.int/"),
    "doi": ("Digital Object Identifier", "https://doi.org/"),
    "stw": ("STW Thesaurus for Economics", "http://zbw.eu/stw/"),
    "yso": ("Finto, Finnish thesauri", "http://www.yso.fi/onto/"),
    "unbis": ("UNBIS Thesaurus", "http://metadata.un.org/thesaurus/"),
    "lcsh": ("Library of Congress Subject Headings", "http://id.loc.gov/authorities/subjects/"),
}
"""Datasets of others that links may lead to: key, title, and the space of their IRIs."""


class _Figures:
    """Everything that is counted. Nodes are compared by their text, which is unique for IRIs and blank nodes."""

    def __init__(self, triples: Collection[ox.Triple]) -> None:
        self.triples = len(triples)
        self.properties: Counter[str] = Counter()
        self.subjects: Counter[str] = Counter()
        self.objects: Counter[str] = Counter()
        self.entities: Counter[str] = Counter()
        self.by_class: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.object_classes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.datatypes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.links: Counter[tuple[str, str]] = Counter()
        self.examples: dict[str, str] = {}
        self.modified = ""
        classes: defaultdict[str, list[str]] = defaultdict(list)
        for triple in triples:
            if triple.predicate.value == _TYPE and isinstance(triple.object, ox.NamedNode):
                classes[str(triple.subject)].append(triple.object.value)
        above = _superclasses(triples)
        narrowest: dict[str, list[str]] = {}
        for node, types in classes.items():
            self.entities.update(types)
            wider = {name for held in types for name in above.get(held, ()) if held not in above.get(name, ())}
            narrowest[node] = [held for held in types if held not in wider]
        subjects: set[str] = set()
        objects: set[str] = set()
        pairs: set[tuple[str, str, bool]] = set()
        for triple in triples:
            subject, name, value = str(triple.subject), triple.predicate.value, triple.object
            written = str(value)
            subjects.add(subject)
            objects.add(written)
            self.properties[name] += 1
            for node, side, counter in ((subject, True, self.subjects), (written, False, self.objects)):
                if (name, node, side) not in pairs:
                    pairs.add((name, node, side))
                    counter[name] += 1
            for held in narrowest.get(subject, ()):
                self.by_class[held][name] += 1
                if isinstance(value, ox.Literal):
                    self.datatypes[held, name][value.datatype.value] += 1
                elif name != _TYPE:
                    self.object_classes[held, name].update(narrowest.get(written, ()))
            if isinstance(value, ox.NamedNode) and not value.value.startswith(BASE):
                for key, (_, space) in TARGETS.items():
                    if name != _TYPE and value.value.startswith(space) and subject.startswith(f"<{BASE}"):
                        self.links[key, name] += 1
            elif name == _SOL + "recorded" and isinstance(value, ox.Literal):
                self.modified = max(self.modified, value.value)
        for subject in sorted(subjects):
            if subject.startswith(f"<{BASE}id/"):
                for held in narrowest.get(subject, ()):
                    if held.startswith(_SOL):
                        self.examples.setdefault(held, subject[1:-1])
        self.distinct_subjects, self.distinct_objects = len(subjects), len(objects)


def _superclasses(triples: Collection[ox.Triple]) -> dict[str, set[str]]:
    """For each class the named classes above it, however far."""
    above: defaultdict[str, set[str]] = defaultdict(set)
    for triple in triples:
        if triple.predicate.value == _RDFS + "subClassOf" and isinstance(triple.subject, ox.NamedNode):
            above[triple.subject.value].add(str(triple.object)[1:-1])
    for held in list(above):
        front = list(above[held])
        while front:
            fresh = above.get(front.pop(), set()) - above[held] - {held}
            above[held] |= fresh
            front += fresh
        above[held].discard(held)
    return above


def describe(triples: Collection[ox.Triple]) -> Iterator[ox.Quad]:
    """The description of distinct triples, as quads of the graph `graph/void`.

    Class partitions hold property partitions, and these what the values are, each node under its narrowest classes
    only (under all of them the description would be half as large as the data). Linksets lead to TARGETS. The day of
    change is the latest on which a record was made.
    """
    figures = _Figures(triples)

    def quad(subject: str, name: str, value: str | int | ox.NamedNode | ox.Literal) -> ox.Quad:
        if isinstance(value, int):
            value = ox.Literal(value)
        elif isinstance(value, str):
            value = ox.NamedNode(value)
        return ox.Quad(ox.NamedNode(subject), ox.NamedNode(name), value, GRAPH)

    def partition(above: str, link: str, about: str, iri: str, count: str, number: int) -> Iterator[ox.Quad]:
        """A part of `above`, named after it and after what it is about."""
        space = VOID_EXT if link.startswith("datatype") else VOID
        part = f"{above}{'.' if '#' in above else '#'}{_local(iri)}"
        yield quad(above, space + link, part)
        yield quad(part, space + about, iri)
        yield quad(part, VOID + count, number)

    yield quad(DATASET, _TYPE, VOID + "Dataset")
    yield quad(DATASET, _TYPE, DCAT + "Dataset")
    for language in TITLE:
        yield quad(DATASET, _DCTERMS + "title", ox.Literal(TITLE[language], language=language))
        yield quad(DATASET, _DCTERMS + "description", ox.Literal(DESCRIPTION[language], language=language))
    yield quad(DATASET, _DCTERMS + "license", "https://creativecommons.org/licenses/by/4.0/")
    yield quad(DATASET, _DCTERMS + "publisher", BASE + "id/solidarity-spectrum-project")
    if figures.modified:
        day = ox.NamedNode(_XSD + "date")
        yield quad(DATASET, _DCTERMS + "modified", ox.Literal(figures.modified, datatype=day))
    yield quad(DATASET, DCAT + "version", ox.Literal(__version__))
    yield quad(DATASET, VOID + "uriSpace", ox.Literal(BASE))
    for name, space in context().prefixes.items():
        node = f"{DATASET}#prefix-{name}"
        yield quad(DATASET, _SH + "declare", node)
        yield quad(node, _SH + "prefix", ox.Literal(name))
        yield quad(node, _SH + "namespace", ox.Literal(space, datatype=ox.NamedNode(_XSD + "anyURI")))
    spaces = {name: context().prefixes[name] for name in context().prefixes if name not in ("id", "concept", "graph")}
    for space in sorted(spaces.values()):
        if any(name.startswith(space) for name in (*figures.properties, *figures.entities)):
            yield quad(DATASET, VOID + "vocabulary", space)
    for node in sorted(set(figures.examples.values())):
        yield quad(DATASET, VOID + "exampleResource", node)
    for name, number in (
        ("triples", figures.triples),
        ("classes", len(figures.entities)),
        ("properties", len(figures.properties)),
        ("distinctSubjects", figures.distinct_subjects),
        ("distinctObjects", figures.distinct_objects),
    ):
        yield quad(DATASET, VOID + name, number)
    for name, number in sorted(figures.properties.items()):
        yield from partition(DATASET, "propertyPartition", "property", name, "triples", number)
        part = f"{DATASET}#{_local(name)}"
        yield quad(part, VOID + "distinctSubjects", figures.subjects[name])
        yield quad(part, VOID + "distinctObjects", figures.objects[name])
    for held, number in sorted(figures.entities.items()):
        yield from partition(DATASET, "classPartition", "class", held, "entities", number)
        above = f"{DATASET}#{_local(held)}"
        for name, uses in sorted(figures.by_class[held].items()):
            yield from partition(above, "propertyPartition", "property", name, "triples", uses)
            below = f"{above}.{_local(name)}"
            for other, values in sorted(figures.object_classes[held, name].items()):
                yield from partition(below, "classPartition", "class", other, "triples", values)
            for datatype, values in sorted(figures.datatypes[held, name].items()):
                yield from partition(below, "datatypePartition", "datatype", datatype, "triples", values)
    for key, name in sorted(product(TARGETS, {name for _, name in figures.links})):
        if number := figures.links[key, name]:
            title, space = TARGETS[key]
            linkset, target = f"{DATASET}#links-{key}.{_local(name)}", f"{DATASET}#target-{key}"
            yield quad(DATASET, VOID + "subset", linkset)
            yield quad(linkset, _TYPE, VOID + "Linkset")
            yield quad(linkset, VOID + "linkPredicate", name)
            yield quad(linkset, VOID + "subjectsTarget", DATASET)
            yield quad(linkset, VOID + "objectsTarget", target)
            yield quad(linkset, VOID + "triples", number)
            yield quad(target, _TYPE, VOID + "Dataset")
            yield quad(target, _DCTERMS + "title", ox.Literal(title))
            yield quad(target, VOID + "uriSpace", ox.Literal(space))


def _local(iri: str) -> str:
    """A short name for a term that no other term shares: prefix and local name, all other signs replaced."""
    for prefix, space in context().prefixes.items():
        if iri.startswith(space):
            return f"{prefix}-{_plain(iri.removeprefix(space))}"
    return _plain(iri.partition("://")[2])


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "-", text)

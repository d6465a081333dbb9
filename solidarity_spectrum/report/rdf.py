"""A report in RDF, as a validation report of SHACL: https://www.w3.org/TR/shacl/#validation-report

Every result is there, each at its place; `sh:conforms` is false if there is any, as SHACL has it. What belongs to no
shape has the page of its rule as constraint component, and what concerns a file as a whole has the file as focus node.
A place is given in the words of the W3C: `earl:pointer` to a line and a character (https://www.w3.org/TR/Pointers-in-RDF/).
"""

import re
from collections.abc import Iterator

import pyoxigraph as ox

from solidarity_spectrum.findings import Finding
from solidarity_spectrum.report import Report
from solidarity_spectrum.report.catalogue import is_shape, page
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.vocabulary import vocabulary

_PREFIXES = {
    "sh": "http://www.w3.org/ns/shacl#",
    "solsh": BASE + "shapes#",
    "earl": "http://www.w3.org/ns/earl#",
    "ptr": "http://www.w3.org/2009/pointers#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]*\Z")
Node = ox.NamedNode | ox.BlankNode


def _term(name: str) -> ox.NamedNode:
    prefix, _, local = name.partition(":")
    return ox.NamedNode(_PREFIXES[prefix] + local)


_A = _term("rdf:type")


def render(report: Report, language: str) -> str:
    """The report in Turtle; messages are in every language that there is, so `language` changes nothing."""
    triples = list(_Writer(report).triples())
    return (ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES) or b"").decode()


class _Writer:
    """Names blank nodes by their order, so that the same findings give the same text."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._documents: dict[str, ox.BlankNode] = {}
        self._made = 0

    def _blank(self, kind: str) -> ox.BlankNode:
        self._made += 1
        return ox.BlankNode(f"{kind}{self._made}")

    def triples(self) -> Iterator[ox.Triple]:
        """The whole report."""
        root = self._blank("report")
        findings = [finding for group in self._report.groups() for finding in group.findings]
        yield ox.Triple(root, _A, _term("sh:ValidationReport"))
        yield ox.Triple(root, _term("sh:conforms"), ox.Literal(not findings))
        for finding in findings:
            result = self._blank("result")
            yield ox.Triple(root, _term("sh:result"), result)
            yield from self._result(result, finding)
        for name, document in self._documents.items():
            yield ox.Triple(document, _A, _term("foaf:Document"))
            yield ox.Triple(document, _term("dcterms:title"), ox.Literal(name))

    def _result(self, node: ox.BlankNode, finding: Finding) -> Iterator[ox.Triple]:
        shape = is_shape(finding.rule)
        component = _term("sh:" + finding.component) if finding.component else ox.NamedNode(page(finding.rule))
        yield ox.Triple(node, _A, _term("sh:ValidationResult"))
        yield ox.Triple(node, _term("sh:resultSeverity"), _term(f"sh:{finding.severity.capitalize()}"))
        yield ox.Triple(node, _term("sh:sourceConstraintComponent"), component)
        yield ox.Triple(node, _term("sh:focusNode"), _iri(finding.focus) or self._document(finding.place.file))
        if shape:
            yield ox.Triple(node, _term("sh:sourceShape"), _term("solsh:" + finding.rule))
        if path := _iri(finding.path):
            yield ox.Triple(node, _term("sh:resultPath"), path)
        elif shape:
            yield from self._path(node, finding.rule)
        if value := _value(finding):
            yield ox.Triple(node, _term("sh:value"), value)
        for language, message in sorted(finding.messages.items()):
            yield ox.Triple(node, _term("sh:resultMessage"), ox.Literal(message, language=language))
        if finding.place.line:
            yield from self._pointer(node, finding)

    def _path(self, node: ox.BlankNode, shape: str) -> Iterator[ox.Triple]:
        """A path that is more than one property, copied from its shape (SHACL, section 3.6.2.2)."""
        store = vocabulary().store
        found = next(store.quads_for_pattern(_term("solsh:" + shape), _term("sh:path"), None, None), None)
        if not found or not isinstance(found.object, ox.BlankNode):
            return
        copies = {found.object: self._blank("path")}
        yield ox.Triple(node, _term("sh:resultPath"), copies[found.object])
        left = [found.object]
        while left:
            original = left.pop()
            for quad in store.quads_for_pattern(original, None, None, None):
                value = quad.object
                if isinstance(value, ox.BlankNode):
                    if value not in copies:
                        copies[value] = self._blank("path")
                        left.append(value)
                    value = copies[value]
                yield ox.Triple(copies[original], quad.predicate, value)

    def _pointer(self, node: ox.BlankNode, finding: Finding) -> Iterator[ox.Triple]:
        pointer, place = self._blank("place"), finding.place
        yield ox.Triple(node, _term("earl:pointer"), pointer)
        yield ox.Triple(pointer, _A, _term("ptr:LineCharPointer"))
        yield ox.Triple(pointer, _term("ptr:reference"), self._document(place.file))
        yield ox.Triple(pointer, _term("ptr:lineNumber"), ox.Literal(place.line))
        if place.column:
            yield ox.Triple(pointer, _term("ptr:charNumber"), ox.Literal(place.column))

    def _document(self, name: str) -> Node:
        if name not in self._documents:
            self._documents[name] = self._blank("file")
        return self._documents[name]


def _iri(text: str) -> ox.NamedNode | None:
    """The IRI that a text is, if it is one."""
    try:
        return ox.NamedNode(text) if _IRI.match(text) else None
    except ValueError:
        return None


def _value(finding: Finding) -> ox.NamedNode | ox.Literal | None:
    """The value concerned, as the term that it is; a text where the reader knows no more."""
    if not finding.term:
        return _iri(finding.value) or (ox.Literal(finding.value) if finding.value else None)
    line = f"<x:x> <x:x> {finding.term} ."
    value = next(iter(ox.parse(line.encode(), format=ox.RdfFormat.N_TRIPLES))).object
    return value if isinstance(value, ox.NamedNode | ox.Literal) else None

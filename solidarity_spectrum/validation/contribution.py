"""Judging a contribution: is it well-formed, what does it lack, and does it fit the graph?"""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pyoxigraph as ox

from solidarity_spectrum import reasoning, store
from solidarity_spectrum.findings import SEVERITIES, Finding, InputError, Place, suggest, violation
from solidarity_spectrum.records import (
    PROVENANCE,
    Compiled,
    Record,
    compile_records,
    context,
    entity_iri,
    graph_iri,
    read_records,
)
from solidarity_spectrum.records import json as json_reader
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.validation.positions import Positions
from solidarity_spectrum.validation.shapes import Engine, Locate, finding, judge
from solidarity_spectrum.vocabulary import SOL, vocabulary

CONTRIBUTION = ox.NamedNode(BASE + "graph/contribution")
CONTEXT_IRI = BASE + "context.jsonld"
MAX_BYTES = 64 * 2**20
FORMATS: dict[str, ox.RdfFormat | None] = {
    "yaml": None,
    "yml": None,
    "json": None,
    "jsonld": ox.RdfFormat.JSON_LD,
    "ttl": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "rdf": ox.RdfFormat.RDF_XML,
}
"""What can be judged, by file name ending; None means records."""


def validate_files(
    inputs: Iterable[tuple[str, bytes, str]], folder: Path, engine: Engine = "fast"
) -> tuple[list[Finding], int]:
    """Judge files together, against the shapes and the graph of a built store.

    `inputs` holds name, content and format (a key of FORMATS) of each file. Returns the findings, the most serious
    first, and the number of statements (quads) judged. Raises NoStore if there is no built store.
    """
    findings: list[Finding] = []
    records: list[Record] = []
    quads: list[ox.Quad] = []
    locators: list[Locate] = []
    for name, data, kind in inputs:
        try:
            if len(data) > MAX_BYTES:
                raise _refuse(Place(name), f"larger than {MAX_BYTES >> 20} MiB: split it", "túl nagy: ossza fel")
            rdf = FORMATS[kind]
            if kind == "json" and _is_json_ld(data, name):
                rdf = ox.RdfFormat.JSON_LD
            if rdf is None:
                records += read_records(data, name)
            else:
                parsed, locate, problems = _read_rdf(name, data, rdf)
                quads += parsed
                findings += problems
                locators.append(locate)
        except InputError as error:
            findings += error.findings
    compiled = compile_records(records, vocabulary().documented_relations())
    findings += compiled.findings
    quads += compiled.accepted
    if quads:
        findings += _judge(quads, compiled, [compiled.locate, *locators], folder, engine)
    findings.sort(key=lambda f: (SEVERITIES.index(f.severity), f.place.file, f.place.line, f.place.column, f.rule))
    return findings, len(quads) + len(compiled.candidates)


def _refuse(place: Place, en: str, hu: str) -> InputError:
    return InputError([violation("syntax", place, en, hu)])


def _is_json_ld(data: bytes, name: str) -> bool:
    document, _ = json_reader.read(data, name)
    nodes = document if isinstance(document, list) else [document]
    return any(isinstance(node, dict) and {"@context", "@graph", "@id"} & node.keys() for node in nodes)


def _read_rdf(name: str, data: bytes, kind: ox.RdfFormat) -> tuple[list[ox.Quad], Locate, list[Finding]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _refuse(Place(name, line), "the file is not UTF-8 text", "a fájl nem UTF-8 kódolású") from error
    if kind == ox.RdfFormat.JSON_LD:
        text, locate = _json_ld(text, name)
    elif kind == ox.RdfFormat.RDF_XML:
        _check_xml(data, name)

        def locate(focus: str, path: str = "", value: str = "") -> Place | None:
            offset = text.find(f'"{focus}"')
            return Place(name, text.count("\n", 0, offset) + 1) if offset >= 0 else None
    else:
        positions = Positions(text)

        def locate(focus: str, path: str = "", value: str = "") -> Place | None:
            line, column = positions.locate(focus, path, value)
            if not line:
                line, column = positions.find(focus)
            return Place(name, line, column) if line else None

    try:
        # Relative IRIs would mean different things in different places, so there is no base.
        quads = list(ox.parse(text.encode(), format=kind))
    except SyntaxError as error:
        place = Place(name, error.lineno or 0, error.offset or 0)
        reason = str(error.msg).partition(": ")[2] or str(error.msg)
        raise _refuse(place, f"not valid: {reason}", f"szintaktikai hiba: {reason}") from error
    placed = [_placed(quad) for quad in quads]
    return placed, locate, _unknown_terms(placed, locate, name)


def _check_xml(data: bytes, name: str) -> None:
    """Well-formedness with a line, which the RDF parser does not give, and no declarations that could expand."""
    parser = expat.ParserCreate()

    def declared(*_: object) -> None:
        place = Place(name, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        raise _refuse(place, "entity declarations are not allowed", "entitásdeklaráció nem megengedett")

    parser.EntityDeclHandler = declared
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        place = Place(name, error.lineno, error.offset + 1)
        raise _refuse(place, f"not valid XML: {reason}", f"hibás XML: {reason}") from error


def _placed(quad: ox.Quad) -> ox.Quad:
    if isinstance(quad.graph_name, ox.DefaultGraph):
        return ox.Quad(quad.subject, quad.predicate, quad.object, CONTRIBUTION)
    return quad


def _json_ld(text: str, name: str) -> tuple[str, Locate]:
    """The document with our context put in, no other being fetched, and a locator by `@id`."""
    document, places = json_reader.read(text.encode(), name)
    record = Record({}, name, places)
    index: dict[str, tuple[Any, tuple[str | int, ...]]] = {}
    ours = context()

    def visit(node: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(node, list):
            return [visit(item, (*path, number)) for number, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        identity = node.get("@id") or node.get("id")
        if isinstance(identity, str):
            iri = ours.expand(identity)
            index[iri if ":" in iri else BASE + "id/" + iri] = (node, path)
        return {
            key: _local_context(item, record.place((*path, key))) if key == "@context" else visit(item, (*path, key))
            for key, item in node.items()
        }

    filled = visit(document, ())

    def locate(focus: str, path: str = "", value: str = "") -> Place | None:
        if focus not in index:
            return None
        node, at = index[focus]
        names = {path, ours.key_of.get(path, path)} | {
            f"{prefix}:{path.removeprefix(iri)}" for prefix, iri in ours.prefixes.items() if path.startswith(iri)
        }
        return next((record.place((*at, key)) for key in node if key in names), record.place(at))

    return json.dumps(filled, ensure_ascii=False), locate


def _local_context(value: Any, place: Place) -> Any:
    if isinstance(value, list):
        return [_local_context(item, place) for item in value]
    if isinstance(value, str):
        if value != CONTEXT_IRI:
            raise _refuse(
                place,
                f"the context {value} is not fetched: write it out, or use {CONTEXT_IRI}",
                f"a(z) {value} kontextust nem töltjük le: írja ki, vagy használja ezt: {CONTEXT_IRI}",
            )
        return context().raw
    if isinstance(value, dict) and "@import" in value:
        raise _refuse(place, "@import is not followed: write the context out", "az @import nem megengedett")
    return value


def _unknown_terms(quads: list[ox.Quad], locate: Locate, name: str) -> list[Finding]:
    """Terms of our namespaces that nothing declares: a misspelling that RDF would take in silence."""
    declared = vocabulary().declared()
    found: dict[str, ox.Quad] = {}
    blank: ox.Quad | None = None
    for quad in quads:
        terms = [quad.predicate] + ([quad.object] if quad.predicate.value.endswith("#type") else [])
        for term in terms:
            if isinstance(term, ox.NamedNode) and term.value.startswith(SOL) and term.value not in declared:
                found.setdefault(term.value, quad)
        if blank is None and isinstance(quad.subject, ox.BlankNode):
            blank = quad
    findings = []
    for iri, quad in found.items():
        near = suggest(iri.removeprefix(SOL), {term.removeprefix(SOL) for term in declared if term.startswith(SOL)})
        focus = quad.subject.value if isinstance(quad.subject, ox.NamedNode) else ""
        place = locate(focus, quad.predicate.value, iri) or Place(name)
        findings.append(
            violation(
                "unknown-term",
                place,
                f"the ontology has no «{iri.removeprefix(SOL)}».{near[0]}",
                f"az ontológiában nincs «{iri.removeprefix(SOL)}».{near[1]}",
                focus,
                quad.predicate.value,
                iri,
            )
        )
    if blank is not None:
        findings.append(
            violation(
                "blank-node",
                Place(name),
                "a blank node cannot be cited or changed later: give every node an IRI",
                "üres csomópontra később nem lehet hivatkozni: minden csomópont kapjon IRI-t",
                path=blank.predicate.value,
            )
        )
    return findings


def _judge(
    quads: list[ox.Quad], compiled: Compiled, locators: list[Locate], folder: Path, engine: Engine
) -> list[Finding]:
    """Put the contribution into a copy of the graph, let the rules run, and report what the shapes then say anew."""
    graph = store.load_memory(folder)
    findings = []
    for iri, (record, _) in compiled.nodes.items():
        if iri == graph_iri(record.id) and _remove(graph, iri):
            findings.append(
                Finding(
                    "warning",
                    "replaces-record",
                    {
                        "en": f"the graph already holds «{record.id}»: this record would replace it",
                        "hu": f"a gráfban már van «{record.id}»: ez a rekord felváltaná",
                    },
                    record.place(("id",)),
                    entity_iri(record.id),
                )
            )
    if findings:  # what followed from the old records may follow no more
        graph.remove_graph(reasoning.INFERRED)
    graph.extend(quads)
    reasoning.materialise(graph)
    known = {
        (entry["rule"], entry["focus"], entry["path"], entry["value"])
        for entry in json.loads((folder / store.REPORT).read_text("utf-8"))
    }
    touched = {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)}
    said = {(finding.focus, finding.path) for finding in compiled.findings}
    for result in judge({quad.triple for quad in graph}, engine):
        if (result.focus, result.path) in said:
            continue  # the reader named the cause already
        if result.focus in touched or (result.rule, result.focus, result.path, result.value) not in known:
            found = finding(result, locators)
            findings.append(_with_suggestion(found, graph))
    return findings


def _with_suggestion(found: Finding, graph: ox.Store) -> Finding:
    """For a reference to something that the graph does not hold: the nearest thing that it does."""
    folder, _, name = found.value.rpartition("/")
    if not folder.startswith(BASE.rstrip("/")) or "#" in name:
        return found
    if next(graph.quads_for_pattern(ox.NamedNode(found.value), None, None, None), None):
        return found
    label = ox.NamedNode(context().expand("rdfs:label" if folder == BASE + "id" else "skos:prefLabel"))
    held = {
        quad.subject.value.rpartition("/")[2]
        for quad in graph.quads_for_pattern(None, label, None, None)
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.rpartition("/")[0] == folder
    }
    en, hu = suggest(name, held)
    messages = {"en": found.message("en") + en, "hu": found.message("hu") + hu}
    return replace(found, messages=messages)


def _remove(graph: ox.Store, iri: str) -> bool:
    """Take a record's graph and its provenance out; False if there was none."""
    node = ox.NamedNode(iri)
    if not graph.contains_named_graph(node):
        return False
    graph.remove_graph(node)
    for quad in list(graph.quads_for_pattern(node, None, None, PROVENANCE)):
        if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(iri + "#"):
            for detail in list(graph.quads_for_pattern(quad.object, None, None, PROVENANCE)):
                graph.remove(detail)
        graph.remove(quad)
    return True

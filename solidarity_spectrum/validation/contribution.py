"""Judging a contribution: is it well-formed, what does it lack, and does it fit the graph?"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pyoxigraph as ox

from solidarity_spectrum import store
from solidarity_spectrum.findings import SEVERITIES, Finding, InputError, Place, suggest, violation
from solidarity_spectrum.records import (
    PROVENANCE,
    Compiled,
    Record,
    compile_records,
    context,
    dates,
    entity_iri,
    graph_iri,
    identifiers,
    read_records,
)
from solidarity_spectrum.records import json as json_reader
from solidarity_spectrum.records.context import Key
from solidarity_spectrum.records.yaml import CONTROL, NO_CONTROL
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.validation import impact
from solidarity_spectrum.validation.positions import Positions
from solidarity_spectrum.validation.shapes import Engine, Locate, finding
from solidarity_spectrum.view import Term, View
from solidarity_spectrum.vocabulary import SOL, vocabulary

CONTEXT_IRI = BASE + "context.jsonld"
MAX_BYTES = 64 * 2**20
MAX_STATEMENTS = 100_000
"""More than this would take the shapes minutes."""
MAX_SUGGESTIONS = 100
"""Looking for the nearest id takes time, and nobody reads more of them."""
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
    inputs: Sequence[tuple[str, bytes, str]],
    folder: Path,
    engine: Engine = "fast",
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[list[Finding], int]:
    """Judge files together, against the shapes and the graph of a built store.

    `inputs` holds name, content and format (a key of FORMATS) of each file. Returns the findings, the most serious
    first, and the number of statements (quads) judged; `tell` is given a line of text before each step that may take
    long. Raises NoStore if there is no built store.
    """
    findings: list[Finding] = []
    records: list[Record] = []
    quads: list[ox.Quad] = []
    locators: list[Locate] = []
    for name, data, kind in inputs:
        tell(f"reading {name}: {len(data):,} bytes")
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
        except RecursionError:
            findings += _refuse(Place(name), "nested too deeply", "túl mély beágyazás").findings
    compiled = compile_records(records, vocabulary().documented_relations())
    findings += compiled.findings
    quads += compiled.accepted
    if len(quads) > MAX_STATEMENTS:
        en, hu = f"more than {MAX_STATEMENTS} statements: split it", f"több mint {MAX_STATEMENTS} állítás: ossza fel"
        findings.append(violation("too-large", Place(inputs[0][0]), en, hu))
    elif quads:
        tell(f"judging {len(quads):,} statements")
        said = {(found.focus, found.path) for found in findings if found.focus}
        findings += _judge(quads, compiled, said, [compiled.locate, *locators], folder, engine)
    findings.sort(key=lambda f: (SEVERITIES.index(f.severity), f.place.file, f.place.line, f.place.column, f.rule))
    return findings, len(quads) + len(compiled.candidates)


_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_NO_RDF_1_2 = (
    "triple terms and text directions of RDF 1.2 are not accepted: use a Connection",
    "az RDF 1.2 hármaskifejezései és szövegirányai nem megengedettek: használjon Connection rekordot",
)


def _refuse(place: Place, en: str, hu: str) -> InputError:
    return InputError([violation("syntax", place, en, hu)])


def _is_json_ld(data: bytes, name: str) -> bool:
    document = json_reader.parse(data, name)
    nodes = document if isinstance(document, list) else [document]
    return any(isinstance(node, dict) and {"@context", "@graph", "@id"} & node.keys() for node in nodes)


def _read_rdf(name: str, data: bytes, kind: ox.RdfFormat) -> tuple[list[ox.Quad], Locate, list[Finding]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _refuse(Place(name, line), "the file is not UTF-8 text", "a fájl nem UTF-8 kódolású") from error
    problems: list[Finding] = []
    if kind == ox.RdfFormat.JSON_LD:
        text, locate, problems = _json_ld(text, name)
    elif kind == ox.RdfFormat.RDF_XML:
        _check_xml(data, name)

        def locate(focus: str, path: str = "", value: str = "") -> Place | None:
            offset = text.find(f'"{focus}"')
            return Place(name, text.count("\n", 0, offset) + 1) if offset >= 0 else None
    else:
        positions = Positions(text)
        if positions.triple_term[0]:  # found before parsing, because deep ones overflow the parser's stack
            raise _refuse(Place(name, *positions.triple_term), *_NO_RDF_1_2)

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
    if any(isinstance(quad.object, ox.Triple) or getattr(quad.object, "direction", None) for quad in quads):
        raise _refuse(Place(name), *_NO_RDF_1_2)
    if not quads and not problems:
        raise _refuse(Place(name), "no statement found", "nincs benne állítás")
    placed = [_placed(quad) for quad in quads]
    problems += _unknown_terms(placed, locate, name) + _wrong_literals(placed, locate, name)
    return placed, locate, problems + _wrong_identifiers(placed, locate, name)


def _check_xml(data: bytes, name: str) -> None:
    """Well-formedness with a line, which the RDF parser does not give, and no declarations that could expand."""
    parser = expat.ParserCreate("utf-8")

    def started(_: str, attributes: dict[str, str]) -> None:
        if "Triple" in attributes.values():  # deep ones overflow the stack of the RDF parser
            raise _refuse(Place(name, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1), *_NO_RDF_1_2)

    def declared(*_: object) -> None:
        place = Place(name, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        raise _refuse(place, "entity declarations are not allowed", "entitásdeklaráció nem megengedett")

    parser.StartElementHandler = started
    parser.EntityDeclHandler = declared
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        place = Place(name, error.lineno, error.offset + 1)
        raise _refuse(place, f"not valid XML: {reason}", f"hibás XML: {reason}") from error


def _placed(quad: ox.Quad) -> ox.Quad:
    if isinstance(quad.graph_name, ox.DefaultGraph):
        return ox.Quad(quad.subject, quad.predicate, quad.object, impact.CONTRIBUTION)
    return quad


def _json_ld(text: str, name: str) -> tuple[str, Locate, list[Finding]]:
    """The document with our context put in, no other being fetched; a locator by `@id`; and, where our context
    alone holds, what JSON-LD would drop in silence: keys, types and ids that mean nothing."""
    document, places = json_reader.read(text.encode(), name)
    record = Record({}, name, places)
    index: dict[str, tuple[Any, tuple[str | int, ...]]] = {}
    ours = context()
    problems: list[Finding] = []

    def refuse(rule: str, path: tuple[str | int, ...], en: str, hu: str) -> None:
        problems.append(violation(rule, record.place(path), en, hu))

    def check(node: dict[str, Any], path: tuple[str | int, ...], scoped: dict[str, Key]) -> None:
        for key in node:
            if key[:1] != "@" and ":" not in key and key not in ours.raw and key not in scoped:
                en, hu = suggest(key, ours.keys)
                refuse("unknown-key", (*path, key), f"«{key}» is not a key.{en}", f"«{key}» nem kulcs.{hu}")
        for key in ("@type", "type"):
            for kind in node[key] if isinstance(node.get(key), list) else [node[key]] if key in node else []:
                if not isinstance(kind, str) or (":" not in kind and kind not in ours.classes):
                    en, hu = suggest(str(kind), ours.classes)
                    refuse("type", (*path, key), f"«{kind}» is not a type.{en}", f"«{kind}» nem típus.{hu}")

    def visit(node: Any, path: tuple[str | int, ...], strict: bool, scoped: dict[str, Key]) -> Any:
        if isinstance(node, list):
            return [visit(item, (*path, number), strict, scoped) for number, item in enumerate(node)]
        if isinstance(node, str) and CONTROL.search(node):
            refuse("syntax", path, *NO_CONTROL)
            return ""
        if not isinstance(node, dict):
            return node
        if "@context" in node:
            strict = node["@context"] == CONTEXT_IRI
        if strict:
            check(node, path, scoped)
        identity = node.get("@id", node.get("id"))
        if isinstance(identity, str):
            iri = ours.expand(identity)
            iri = iri if ":" in iri else BASE + "id/" + iri
            index[iri] = (node, path)
            try:
                ox.BlankNode(iri[2:]) if iri.startswith("_:") else ox.NamedNode(iri)
            except ValueError:
                refuse("id", path, f"«{identity}» is not an id", f"«{identity}» nem azonosító")
        filled = {}
        for key, item in node.items():
            known = scoped.get(key) or ours.keys.get(key)
            if key == "@context":
                filled[key] = _local_context(item, record.place((*path, key)))
            elif CONTROL.search(key):
                refuse("syntax", (*path, key), *NO_CONTROL)
            else:  # the keys of a language map are languages
                inside = strict and not (known and known.kind == "language")
                filled[key] = visit(item, (*path, key), inside, known.scoped if known else {})
        return filled

    filled = visit(document, (), False, {})

    def locate(focus: str, path: str = "", value: str = "") -> Place | None:
        if focus not in index:
            return None
        node, at = index[focus]
        names = {path, ours.key_of.get(path, path)} | {
            f"{prefix}:{path.removeprefix(iri)}" for prefix, iri in ours.prefixes.items() if path.startswith(iri)
        }
        return next((record.place((*at, key)) for key in node if key in names), record.place(at))

    return json.dumps(filled, ensure_ascii=False), locate, problems


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
            if not isinstance(term, ox.NamedNode) or term.value in declared:
                continue
            if term.value.startswith(SOL) or _meant(term.value):
                found.setdefault(term.value, quad)
        nodes = (quad.subject, quad.object, quad.graph_name)
        if blank is None and any(isinstance(node, ox.BlankNode) for node in nodes):
            blank = quad
    findings = []
    for iri, quad in found.items():
        shown = iri.removeprefix(SOL)
        if iri.startswith(SOL):
            en, hu = suggest(shown, {term.removeprefix(SOL) for term in declared if term.startswith(SOL)})
        else:
            en, hu = f" Did you mean «{_meant(iri)}»?", f" Erre gondolt: «{_meant(iri)}»?"
        focus = quad.subject.value if isinstance(quad.subject, ox.NamedNode) else ""
        place = locate(focus, quad.predicate.value, iri) or Place(name)
        findings.append(
            violation(
                "unknown-term",
                place,
                f"the ontology has no «{shown}».{en}",
                f"az ontológiában nincs «{shown}».{hu}",
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


@cache
def _meant(iri: str) -> str:
    """The IRI meant by one whose namespace is a misspelling of a known one (http for https, say), or ""."""
    known = context().prefixes.values()
    if iri.startswith(tuple(known)):
        return ""
    namespace, local = re.fullmatch(r"(.*[/#])?(.*)", iri, re.DOTALL).groups(default="")  # type: ignore[union-attr]
    bare = {re.sub(r"https?://(www\.)?", "", each): each for each in known}
    given = re.sub(r"https?://(www\.)?", "", namespace.lower())
    near = [given] if given in bare else get_close_matches(given, [SOL.removeprefix("https://")], n=1, cutoff=0.85)
    return bare[near[0]] + local if near else ""


def _wrong_literals(quads: list[ox.Quad], locate: Locate, name: str) -> list[Finding]:
    """Texts with control characters, and dates that are none: RDF takes both in silence."""
    findings = []
    for quad in quads:
        literal = quad.object
        if not isinstance(literal, ox.Literal):
            continue
        rule, (en, hu) = "syntax", NO_CONTROL if CONTROL.search(literal.value) else ("", "")
        if literal.datatype.value in dates.DATATYPES:
            try:
                fits = dates.datatype(literal.value) == literal.datatype.value
            except ValueError:
                fits = False
            if not fits:
                kind = literal.datatype.value.rpartition("/")[2].rpartition("#")[2]
                rule, en, hu = "date", f"«{literal.value}» is no {kind}", f"«{literal.value}» nem {kind}"
        if en:
            focus = quad.subject.value if isinstance(quad.subject, ox.NamedNode) else ""
            place = locate(focus, quad.predicate.value, literal.value) or Place(name)
            findings.append(violation(rule, place, en, hu, focus, quad.predicate.value, literal.value))
    return findings


def _wrong_identifiers(quads: list[ox.Quad], locate: Locate, name: str) -> list[Finding]:
    """Identifiers that are none, or that contradict what else is said of their subject."""
    nodes: dict[str, dict[str, list[str]]] = {}
    ours = context()
    for quad in quads:
        term = quad.predicate.value
        key = "type" if term == _RDF_TYPE else ours.key_of.get(term)
        if key and isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal):
            text = quad.object.value
            if key != "eliUri":
                text = text.removeprefix(BASE + "id/").removeprefix(SOL)
            nodes.setdefault(quad.subject.value, {}).setdefault(key, []).append(text)
    findings = []
    for focus, node in nodes.items():
        for problem in identifiers.problems(node):
            path = ours.keys[problem.key].iri
            place = locate(focus, path, problem.value) or Place(name)
            found = violation(problem.rule, place, problem.en, problem.hu, focus, path, problem.value)
            findings.append(replace(found, severity=problem.severity))
    return findings


def _judge(
    quads: list[ox.Quad],
    compiled: Compiled,
    said: set[tuple[str, str]],
    locators: list[Locate],
    folder: Path,
    engine: Engine,
) -> list[Finding]:
    """Judge the graph as the contribution would make it, and report what the shapes then say anew.

    `said` holds focus and path of what the readers found wrong already.
    """
    base = _open(folder.resolve())
    gone: set[ox.Quad] = set()
    findings = []
    for iri, (record, _) in compiled.nodes.items():
        if iri == graph_iri(record.id) and (before := _record(base, iri)):
            gone.update(before)
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
    touched: set[Term] = {quad.subject for quad in quads}
    change = impact.Change(base, gone, quads)
    big = len(quads) * impact.WORTH > store.manifest(folder)["quads"]
    if big or change.of_schema:
        results = impact.judge_whole(change, touched, folder, engine)
    else:
        results = impact.judge_touched(change, touched, engine)
    judged = [finding(result, locators) for result in results if (result.focus, result.path) not in said]
    missing = {f.value for f in judged if f.value.startswith(BASE) and not _holds(change.view, f.value)}
    suggestible = sorted(missing)[:MAX_SUGGESTIONS]
    held = cache(lambda kind: _held(change.view, folder, kind))
    judged = [replace(f, cause=f"missing {f.value}") if f.value in missing else f for f in judged]
    return findings + [_with_suggestion(f, held) if f.value in suggestible else f for f in judged]


@lru_cache(maxsize=2)
def _open(folder: Path) -> ox.Store:
    """A built store, which never changes: a new build has another name. Raises NoStore."""
    return store.open_disk(folder)


def _holds(graph: View, iri: str) -> bool:
    try:
        return next(graph.quads_for_pattern(ox.NamedNode(iri), None, None), None) is not None
    except ValueError:  # a text that only looks like an address
        return True


def _held(graph: View, folder: Path, kind: str) -> set[str]:
    """The names of what has a label, of things or of concepts (`kind` is what their IRIs begin with)."""
    label = ox.NamedNode(context().expand("rdfs:label" if kind == BASE + "id" else "skos:prefLabel"))

    def labelled(quads: Iterable[ox.Quad]) -> set[str]:
        return {
            quad.subject.value for quad in quads if quad.predicate == label and isinstance(quad.subject, ox.NamedNode)
        }

    gone = {iri for iri in labelled(graph.gone) if not _holds(graph, iri)}
    iris = {*store.names(folder), *labelled(graph.added)} - gone
    return {iri.rpartition("/")[2] for iri in iris if iri.rpartition("/")[0] == kind}


def _with_suggestion(found: Finding, held: Callable[[str], set[str]]) -> Finding:
    """For a reference to something that the graph does not hold: the nearest thing that it does."""
    folder, _, name = found.value.rpartition("/")
    if "#" in name:
        return found
    en, hu = suggest(name, held(folder))
    messages = {"en": found.message("en") + en, "hu": found.message("hu") + hu}
    return replace(found, messages=messages)


def _record(graph: ox.Store, iri: str) -> set[ox.Quad]:
    """The quads of a record: its graph and its provenance."""
    node = ox.NamedNode(iri)
    found = set(graph.quads_for_pattern(None, None, None, node))
    if found:
        for quad in graph.quads_for_pattern(node, None, None, PROVENANCE):
            found.add(quad)
            if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(iri + "#"):
                found.update(graph.quads_for_pattern(quad.object, None, None, PROVENANCE))
    return found

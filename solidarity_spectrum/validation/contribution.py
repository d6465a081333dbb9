"""Judging a contribution: is it well-formed, what does it lack, and does it fit the graph?"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from solidarity_spectrum import reasoning, store
from solidarity_spectrum.findings import SEVERITIES, Finding, InputError, Place, suggest, violation
from solidarity_spectrum.records import (
    MAX_RECOVERED,
    PROVENANCE,
    Compiled,
    Record,
    addresses,
    chronology,
    compile_records,
    context,
    dates,
    entity_iri,
    graph_iri,
    identifiers,
    privacy,
    recover_records,
)
from solidarity_spectrum.records import json as json_reader
from solidarity_spectrum.records.context import Key
from solidarity_spectrum.records.tables import MAX_FINDINGS
from solidarity_spectrum.records.text import decode
from solidarity_spectrum.records.yaml import CONTROL, NO_CONTROL
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.validation import duplicates, impact
from solidarity_spectrum.validation.inputs import FORMATS, MAX_BYTES, Input, expand
from solidarity_spectrum.validation.positions import NO_RDF_1_2, Elements, Positions
from solidarity_spectrum.validation.shapes import Engine, Locate, finding
from solidarity_spectrum.view import Term, View
from solidarity_spectrum.vocabulary import SOL, vocabulary

CONTEXT_IRI = BASE + "context.jsonld"
MAX_STATEMENTS = 100_000
"""More than this would take the shapes minutes."""
MAX_SUGGESTIONS = 100
"""Looking for the nearest id takes time, and nobody reads more of them."""


def validate_files(
    inputs: Iterable[Input | Finding],
    folder: store.Place | ox.Store,
    engine: Engine = "fast",
    tell: Callable[[str], None] = lambda _: None,
    limit: int = MAX_BYTES,
    most: int = MAX_STATEMENTS,
) -> tuple[list[Finding], int]:
    """Judge files together, against the shapes and the graph of a built store, or of one in memory.

    `inputs` holds name, content and format of each file, and findings about what could not be read (see `inputs.py`);
    zip files are opened. `tell` is given a line of text before each step that may take long. `limit` is how many bytes
    the inputs may have together, unpacked, and `most` how many statements. Against a store in memory nothing is judged
    that needs the whole graph. Returns the findings, the most serious first, and the number of statements
    (quads) judged. Raises NoStore if there is no built store.
    """
    examined = examine(inputs, folder, engine, tell, limit, most)
    return examined.findings, examined.statements


@dataclass(slots=True)
class Examined:
    """What was found in a contribution, how many statements it has, and what came of it: records and other quads (those
    of RDF) and, unless nothing could be read or it is too big, the change of the graph that it would be."""

    findings: list[Finding]
    statements: int
    records: list[Record]
    rdf: list[ox.Quad]
    change: impact.Change | None = None
    locators: list[Locate] = field(default_factory=list)


def examine(
    inputs: Iterable[Input | Finding],
    folder: store.Place | ox.Store,
    engine: Engine = "fast",
    tell: Callable[[str], None] = lambda _: None,
    limit: int = MAX_BYTES,
    most: int = MAX_STATEMENTS,
) -> Examined:
    """Judge files together, as `validate_files` does, and keep what was read."""
    findings: list[Finding] = []
    records: list[Record] = []
    quads: list[ox.Quad] = []
    locators: list[Locate] = []
    lost: set[str] = set()
    too_many: list[Finding] = []
    for item in expand(inputs, limit):
        if isinstance(item, Finding):
            findings.append(item)
            continue
        tell(f"reading {item[0]}: {len(item[1]):,} bytes")
        done = read(*item)
        records += done.records
        quads += done.quads
        findings += done.findings
        locators += [done.locate] if done.locate else []
        lost.update(_WORD.findall(done.lost))
        if len(quads) + len(records) > most:
            too_many = [_too_many(item[0], most)]
            break
    compiled = compile_records(records, vocabulary().documented_relations())
    findings += compiled.findings
    examined = Examined([], len(quads) + len(compiled.accepted) + len(compiled.candidates), records, quads)
    quads = quads + compiled.accepted
    if len(quads) > most or too_many:
        findings += too_many or [_too_many(records[0].file, most)]
    elif quads:
        tell(f"judging {len(quads):,} statements")
        said = {(found.focus, found.path) for found in findings if found.focus}
        examined.locators = [compiled.locate, *locators]
        judged, examined.change = _judge(quads, compiled, said, examined.locators, folder, engine)
        findings += [found for found in judged if not _of_what_is_lost(found, lost)]
    broken = {found.place for found in findings if found.rule == "syntax" and found.place.column}
    examined.findings = [found for found in findings if found.rule == "syntax" or found.place not in broken]
    examined.findings.sort(
        key=lambda f: (SEVERITIES.index(f.severity), f.place.file, f.place.line, f.place.column, f.rule)
    )
    return examined


@dataclass(slots=True)
class Reading:
    """What one input holds, what is wrong with its form, and the text of what could not be read."""

    records: list[Record] = field(default_factory=list)
    quads: list[ox.Quad] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    locate: Locate | None = None
    lost: str = ""


def read(name: str, data: bytes, kind: str) -> Reading:
    """Read one input of a format other than zip. Nothing is raised: what is wrong is among the findings, and what can
    be read beside it is there."""
    try:
        rdf = FORMATS[kind]
        if kind == "json" and _is_json_ld(data, name):
            rdf = ox.RdfFormat.JSON_LD
        if rdf is None:
            held = recover_records(data, name, kind)
            return Reading(held.records, findings=held.findings, lost=held.lost)
        return _read_rdf(name, data, rdf)
    except InputError as error:
        return Reading(findings=error.findings, lost=data.decode("utf-8", "ignore"))
    except RecursionError:
        return Reading(findings=_refuse(Place(name), "nested too deeply", "túl mély beágyazás").findings)


_WORD = re.compile(r"[\w-]+")


def _of_what_is_lost(found: Finding, lost: set[str]) -> bool:
    """Whether a finding of the shapes may only be there because a part of the input could not be read: something is
    missing that this part may say, of a thing that it names."""
    focus, value = (re.split("[/#]", iri)[-1] for iri in (found.focus, found.value))
    return value in lost if value and found.value != found.focus else focus in lost


def _too_many(name: str, most: int) -> Finding:
    en, hu = f"more than {most} statements: split it", f"több mint {most} állítás: ossza fel"
    return violation("too-large", Place(name), en, hu)


_TITLE = "http://purl.org/dc/terms/title"
_SOURCE = "http://www.w3.org/ns/oa#hasSource"
_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def _refuse(place: Place, en: str, hu: str) -> InputError:
    return InputError([violation("syntax", place, en, hu)])


def _is_json_ld(data: bytes, name: str) -> bool:
    document, _, _ = json_reader.recover(data, name)
    nodes = document if isinstance(document, list) else [document]
    return any(isinstance(node, dict) and {"@context", "@graph", "@id"} & node.keys() for node in nodes)


def _read_rdf(name: str, data: bytes, kind: ox.RdfFormat) -> Reading:
    """Raises InputError where nothing of it can be read."""
    text = decode(data, name)
    problems: list[Finding] = []
    if kind == ox.RdfFormat.JSON_LD:
        text, locate, problems = _json_ld(text, name)
    elif kind == ox.RdfFormat.RDF_XML:
        elements = Elements(text, name)
        problems, locate = elements.findings, elements.locate
    else:
        positions = Positions(text)
        if positions.triple_term[0]:  # found before parsing, because deep ones overflow the parser's stack
            raise _refuse(Place(name, *positions.triple_term), *NO_RDF_1_2)

        def locate(focus: str, path: str = "", value: str = "") -> Place | None:
            line, column = positions.locate(focus, path, value)
            if not line:
                line, column = positions.find(focus)
            return Place(name, line, column) if line else None

    quads, broken, lost = _parse(name, text, kind, locate)
    if len(quads) > MAX_STATEMENTS:
        return Reading(quads=quads)
    if kind == ox.RdfFormat.RDF_XML and problems:  # what the RDF parser says of broken XML is worse said
        broken = []
    if any(isinstance(quad.object, ox.Triple) or getattr(quad.object, "direction", None) for quad in quads):
        raise _refuse(Place(name), *NO_RDF_1_2)
    if not quads and not problems and not broken:
        raise _refuse(Place(name), "no statement found", "nincs benne állítás")
    placed = [_placed(quad) for quad in quads]
    problems = problems + broken + _unknown_terms(placed, locate, name) + _wrong_literals(placed, locate, name)
    problems += _wrong_identifiers(placed, locate, name) + _harmful(placed, locate, name)
    return Reading([], placed, problems, locate, lost)


def _parse(name: str, text: str, kind: ox.RdfFormat, locate: Locate) -> tuple[list[ox.Quad], list[Finding], str]:
    """The quads that can be read, what is wrong, and the text of the statements that cannot be read.

    After a mistake the parser goes on with the next statement. Where a text is not closed it would take all texts for
    gaps and all gaps for texts, so it begins anew after the line (N-Quads) or the statement (Turtle).
    """
    quads: list[ox.Quad] = []
    findings: list[Finding] = []
    lost: list[str] = []
    said: set[str] = set()
    lines = text.split("\n")
    by_line = kind in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)
    end = 0  # the last line of what was lost
    after_dot = 0  # the line where a dot was missed last
    skipped = 0  # lines before what the parser reads now
    # Relative IRIs would mean different things in different places, so there is no base.
    parser = ox.parse(text.encode(), format=kind)
    while len(findings) < MAX_FINDINGS:
        try:
            for quad in parser:
                quads.append(quad)
                if len(quads) > MAX_STATEMENTS:
                    return quads, findings, ""
            break
        except SyntaxError as error:
            line, column = ((error.lineno or 0) + skipped, error.offset or 0) if error.lineno else (0, 0)
            reason = str(error.msg).partition(": ")[2] or str(error.msg)
            following = line == after_dot  # what is no dot may be no statement either: one mistake
            after_dot = line if "dot" in reason else 0
            if "dot" in reason and line and not lines[line - 1][: column - 1].strip():
                # It is missed where the next statement begins, and missing where the one before ends.
                line = max((at for at in range(1, line) if lines[at - 1].strip()), default=line)
                column = len(lines[line - 1].rstrip()) + 1
            place = Place(name, line, column)
            if not line and quads and (near := locate(str(getattr(quads[-1].subject, "value", "")), "", "")):
                place = near
            if reason not in said and not following and not (findings and line and findings[-1].place.line == line):
                findings.append(violation("syntax", place, f"not valid: {reason}", f"szintaktikai hiba: {reason}"))
            if reason.startswith("The prefix"):
                said.add(reason)
            if not line:
                lost.append(text)
                break
            begin, before, end = line - 1, end, max(line, end)
            while not by_line and begin > before and not _ENDS.search(lines[begin - 1]):
                begin -= 1
            while not by_line and end < len(lines) and not _ENDS.search(lines[end - 1]):
                end += 1
            lost += lines[begin:end]
            unclosed = reason.startswith(("Line jumps", "Unexpected end"))
            if unclosed and kind == ox.RdfFormat.TRIG:
                lost += lines[end:]
                break
            if by_line or unclosed:
                if end >= len(lines) or len(text) > MAX_RECOVERED:  # to begin anew takes the more, the more there is
                    lost += lines[end:]
                    break
                prefixes = "".join(f"@prefix {each}: <{iri}> . " for each, iri in parser.prefixes.items())
                rest = "\n".join([prefixes, *lines[end:]])
                parser, skipped = ox.parse(rest.encode(), format=kind), end - 1
    return quads, findings, "\n".join(lost)


_ENDS = re.compile(r"\.\s*(#.*)?$")
"""A line at which a statement of Turtle ends, as people write it."""


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
    """Identifiers that are none, and those and dates that contradict what else is said of their subject."""
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
        for problem in (*identifiers.problems(node), *chronology.problems(node)):
            path = ours.keys[problem.key].iri
            place = locate(focus, path, problem.value) or Place(name)
            found = violation(problem.rule, place, problem.en, problem.hu, focus, path, problem.value)
            findings.append(replace(found, severity=problem.severity))
    return findings


def _harmful(quads: list[ox.Quad], locate: Locate, name: str) -> list[Finding]:
    """Texts and places by which a person could be found (not in titles), and addresses by which no source is."""
    findings = []
    for quad in quads:
        if isinstance(quad.object, ox.BlankNode | ox.Triple) or quad.predicate.value == _TITLE:
            continue
        focus, path, text = _name(quad.subject), quad.predicate.value, quad.object.value
        if path == _SOURCE and (told := addresses.fleeting(text)):
            found = violation("fleeting-address", locate(focus, path, text) or Place(name), *told, focus, path, text)
            findings.append(replace(found, severity="warning"))
        if isinstance(quad.object, ox.NamedNode) and not text.startswith(("mailto:", "tel:")):
            continue
        for rule, severity, en, hu in privacy.seen(text, path):
            found = violation(rule, locate(focus, path, text) or Place(name), en, hu, focus, path, text)
            findings.append(replace(found, severity=severity))
    return findings


def _name(node: Term) -> str:
    return node.value if isinstance(node, ox.NamedNode) else ""


def _judge(
    quads: list[ox.Quad],
    compiled: Compiled,
    said: set[tuple[str, str]],
    locators: list[Locate],
    folder: store.Place | ox.Store,
    engine: Engine,
) -> tuple[list[Finding], impact.Change]:
    """Judge the graph as the contribution would make it, and report what the shapes then say anew.

    `said` holds focus and path of what the readers found wrong already.
    """
    if not isinstance(folder, Path | ox.Store):
        folder.prefetch({term.value for quad in quads for term in quad if isinstance(term, ox.NamedNode)})
    place = folder.resolve() if isinstance(folder, Path) else folder
    base = place if isinstance(place, ox.Store) else open_built(place)
    gone: set[ox.Quad] = set()
    findings = []
    for iri, (record, _) in compiled.nodes.items():
        if iri == graph_iri(record.name) and (before := _record(base, iri)):
            gone.update(before)
            findings.append(
                Finding(
                    "warning",
                    "replaces-record",
                    {
                        "en": f"the graph already holds «{record.name}»: this record would replace it",
                        "hu": f"a gráfban már van «{record.name}»: ez a rekord felváltaná",
                    },
                    record.place(("record",) if "record" in record.data else ("id",)),
                    entity_iri(record.id),
                )
            )
    touched: set[Term] = {quad.subject for quad in quads}
    change = impact.Change(base, gone, quads)
    if isinstance(folder, ox.Store):
        if change.of_schema:
            return [*findings, _needs_all(quads, locators)], change
        results = impact.judge_touched(change, touched, engine)
    elif change.of_all(folder):
        results = impact.judge_whole(change, touched, folder, engine)
    else:
        results = impact.judge_touched(change, touched, engine)
    judged = [finding(result, locators) for result in results if (result.focus, result.path) not in said]
    own = {_name(node) for node in touched}
    # Two things of one identifier are told of once: of the one that comes.
    judged = [f for f in judged if f.focus in own or f.value not in own or not f.rule.startswith("Same")]
    missing = {f.value for f in judged if f.value.startswith(BASE) and not _holds(change.view, f.value)}
    suggestible = sorted(missing)[:MAX_SUGGESTIONS]
    held = cache(lambda kind: _held(change.view, folder, kind))
    judged = [replace(f, cause=f"missing {f.value}") if f.value in missing else f for f in judged]
    new = {node for node in touched if isinstance(node, ox.NamedNode) and not _holds(change.old, node.value)}
    findings += duplicates.likely(change.view, new, folder, locators)
    return findings + [_with_suggestion(f, held) if f.value in suggestible else f for f in judged], change


def _needs_all(quads: list[ox.Quad], locators: list[Locate]) -> Finding:
    """What is said where a contribution changes what is true of all of the graph, and that is not at hand."""
    told = [quad for quad in quads if reasoning.is_schema(quad.triple)]
    places = (
        locate(*(_value(term) for term in (quad.subject, quad.predicate, quad.object)))
        for quad in told
        for locate in locators
    )
    return violation(
        "too-large",
        next((place for place in places if place), Place(_value((told or quads)[0].subject))),
        "this changes the ontology, so that the whole graph would have to be judged: use «solidarity validate»",
        "ez az ontológiát módosítja, így az egész gráfot vizsgálni kellene: erre a «solidarity validate» parancs való",
    )


def _value(term: Any) -> str:
    return "" if isinstance(term, ox.BlankNode) else str(getattr(term, "value", ""))


@lru_cache(maxsize=2)
def open_built(folder: store.Place) -> ox.Store:
    """A built store, which never changes: a new build has another name. Raises NoStore."""
    return store.open_disk(folder)


def _holds(graph: View, iri: str) -> bool:
    try:
        return next(graph.quads_for_pattern(ox.NamedNode(iri), None, None), None) is not None
    except ValueError:  # a text that only looks like an address
        return True


def _held(graph: View, folder: store.Place | ox.Store, kind: str) -> set[str]:
    """The names of what has a label, of things or of concepts (`kind` is what their IRIs begin with)."""
    label = ox.NamedNode(context().expand("rdfs:label" if kind == BASE + "id" else "skos:prefLabel"))

    def labelled(quads: Iterable[ox.Quad]) -> set[str]:
        return {
            quad.subject.value for quad in quads if quad.predicate == label and isinstance(quad.subject, ox.NamedNode)
        }

    gone = {iri for iri in labelled(graph.gone) if not _holds(graph, iri)}
    iris = (store.names(folder) | labelled(graph.added)) - gone
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

"""Writes docs/model.svg, ontology/records.schema.json, and the parts of docs/rules.md and docs/records.md that stand
below their marker, from the ontology.

What stands above the marker is written by hand and kept. `make docs` runs this; the tests compare.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from pathlib import Path

import rdflib
from rdflib.namespace import DCTERMS, ORG, RDF, RDFS, SH, SKOS

from solidarity_spectrum import fields, schema
from solidarity_spectrum.fields import Field
from solidarity_spectrum.records.context import Key, context
from solidarity_spectrum.records.tables import PARTS
from solidarity_spectrum.report.catalogue import READERS
from solidarity_spectrum.resources import BASE, ONTOLOGY

DOCS = Path(__file__).parent
MODEL = "model.svg"
SCHEMA_FILE = ONTOLOGY / "records.schema.json"
MARKER = "<!-- Generated below this line from the folder ontology: change that, then run «make docs». -->"
SOL = rdflib.Namespace(BASE + "ontology#")
SOLSH = rdflib.Namespace(BASE + "shapes#")
SCHEMA = rdflib.Namespace("https://schema.org/")
LEVELS: dict[object, str] = {SH.Violation: "error", SH.Warning: "warning", SH.Info: "advice"}
OWN_KINDS = {
    "id": "id",
    "type": "name of a type",
    "unverified": "keys and values",
    "url": "address",
    "sources": "list",
    "licence": "address",
}


@cache
def ontology() -> rdflib.Graph:
    """Modules, alignments, code lists and shapes."""
    graph = rdflib.Graph()
    for file in sorted(ONTOLOGY.glob("*/*.ttl")):
        graph.parse(file)
    return graph


def text(node: rdflib.term.Node | None, predicate: rdflib.URIRef, language: str = "en") -> str:
    """The text of a property in a language, fit for the cell of a table; empty if there is none."""
    found = ontology().objects(node, predicate)
    value = next((str(v) for v in found if isinstance(v, rdflib.Literal) and v.language == language), "")
    return " ".join(value.split()).replace("|", r"\|").replace("<", "&lt;")


def local(iri: object) -> str:
    return re.split(r"[#/]", str(iri))[-1]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    titles = list(head)
    lines = [f"| {' | '.join(titles)} |", "|" + " --- |" * len(titles)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def rules() -> Iterator[str]:
    """The rules of the readers; then per file of shapes and per shape: name, level, and message in both languages."""
    yield "## Before the shapes\n"
    yield "A file must be readable before it can be judged. These rules belong to the readers and have no shape.\n"
    for head, language in ((("rule", "what is wrong", "what to do"), 0), (("szabály", "mi a hiba", "mi a teendő"), 1)):
        yield from table(head, (_reader_rule(name, language) for name in READERS))
    for file in sorted((ONTOLOGY / "shapes").glob("*.ttl")):
        yield f"## {file.stem.capitalize()}\n"
        here = rdflib.Graph().parse(file)
        for shape in sorted(here.subjects(RDF.type, SH.NodeShape), key=str):
            members = sorted({*here.objects(shape, SH.property), *here.objects(shape, SH.sparql)}, key=str)
            yield f'### <a id="{local(shape)}"></a>{local(shape)}\n'
            if about := text(shape, RDFS.comment):
                yield f"{about}\n"
            said = [rule for rule in [shape, *members] if text(rule, SH.message)]
            if said:
                yield from table(("rule", "level", "English", "magyar"), (_rule(shape, rule) for rule in said))
            examples = f"ontology/shapes/examples/{local(shape)}"
            if (DOCS.parent / examples).is_dir():
                yield f"Examples: [broken](../{examples}/fail.ttl), [right](../{examples}/pass.ttl)\n"


def _reader_rule(name: str, language: int) -> tuple[str, str, str]:
    anchor = "" if language else f'<a id="{name}"></a>'
    return f"{anchor}`{name}`", READERS[name].wrong[language], READERS[name].mend[language]


def _rule(shape: rdflib.term.Node, rule: rdflib.term.Node) -> tuple[str, ...]:
    # A SPARQL constraint has the level of its shape; a shape without a level finds violations (SHACL, 2.1.4).
    level = ontology().value(rule, SH.severity) or ontology().value(shape, SH.severity) or SH.Violation
    anchor = "" if rule == shape else f'<a id="{local(rule)}"></a>'
    return f"{anchor}`{local(rule)}`", LEVELS[level], text(rule, SH.message), text(rule, SH.message, "hu")


def takes(key: Key) -> str:
    """What the value of a key looks like."""
    if key.kind == "code":
        return f"code of [{local(key.scheme)}](#codes-{local(key.scheme)})"
    if key.kind == "language":
        return "text by language"
    if key.kind == "date":
        return "[date](#dates)"
    if key.kind == "term":
        return "[relation](#relations)" if key.name == "relation" else "keys of the record"
    if key.kind == "typed":
        return {"boolean": "true or false", "integer": "whole number", "decimal": "number", "duration": "P90D, P1Y"}[
            local(key.datatype)
        ]
    if key.name in PARTS:
        return f"parts: [{PARTS[key.name]}](#{PARTS[key.name].lower()})"
    if key.kind == "reference":
        of = ontology().objects(rdflib.URIRef(key.iri), SCHEMA.rangeIncludes | RDFS.range)
        kinds = sorted({text(kind, RDFS.label) for kind in of} - {""})
        return f"id ({', '.join(kinds)})" if kinds else "id or address"
    return "text"


def _row(field: Field, of_source: bool = False) -> tuple[str, ...]:
    """The row of a key: name, what its value looks like, whether it must be there, meaning."""
    key = field.key
    kind = "address" if of_source and field.name == "url" else OWN_KINDS.get(field.name) or (takes(key) if key else "")
    need = field.need + (" (one of several)" if field.need and field.group else "")
    said = fields.meaning(field.name, of_source=of_source).replace("|", r"\|").replace("<", "&lt;")
    return f"`{field.name}`", kind, need, said


def records() -> Iterator[str]:
    """Keys by type, relations and code lists."""
    head = ("key", "value", "", "meaning")
    yield "## Every record\n"
    yield from table(head, map(_row, [*fields.evidence().values(), *fields.general().values()]))
    yield "## Sources\n"
    yield "Each item of `sources` takes these keys and no `id` or `type`.\n"
    yield from table(head, (_row(field, of_source=True) for field in fields.source().values()))
    for name, iri in context().classes.items():
        yield f"## {name}\n"
        yield f"{meaning_of_class(iri)}\n"
        if fitting := fields.particular(name):
            yield from table(head, map(_row, fitting.values()))
    yield from _relations()
    yield from _codes()


def meaning_of_class(iri: str) -> str:
    node = rdflib.URIRef(iri)
    return text(node, SKOS.definition) or "An idea that statements, laws and practices may express."


def _relations() -> Iterator[str]:
    def below(root: rdflib.URIRef) -> list[rdflib.term.Node]:
        found = {node for node in ontology().transitive_subjects(RDFS.subPropertyOf, root) if node}
        return sorted(found - {root}, key=str)

    yield "## Relations\n"
    yield "The values of `relation` in a Connection.\n"
    for title, root, but in (
        ("Argued: somebody's interpretation", SOL.argued, {SOL.classifies}),
        ("Documented: what a source reports", SOL.documented, set()),
    ):
        yield f"### {title}\n"
        rows = ((f"`{local(r)}`", text(r, SKOS.definition)) for r in below(root) if r not in but)
        yield from table(("relation", "meaning"), rows)


def _codes() -> Iterator[str]:
    yield "## Codes\n"
    for file in sorted((ONTOLOGY / "vocabularies").glob("*.ttl")):
        scheme = rdflib.URIRef(BASE + "concept/" + file.stem)
        codes = sorted(ontology().subjects(SKOS.inScheme, scheme), key=str)
        if not codes:
            continue
        yield f'### <a id="codes-{file.stem}"></a>{file.stem}\n'
        yield f"{text(scheme, DCTERMS.description)}\n"
        rows = ((f"`{local(c)}`", text(c, SKOS.prefLabel), text(c, SKOS.definition)) for c in codes)
        yield from table(("code", "name", "meaning"), rows)


# The picture of the model: where each class stands, and which properties join them. The words are the ontology's.
BOXES = {
    SOL.Work: (20, 40),
    SKOS.Concept: (300, 40),
    SOL.Connection: (580, 40),
    SOL.RecordGraph: (900, 40),
    SOL.Citation: (1180, 40),
    SOL.Actor: (20, 230),
    SOL.Statement: (300, 230),
    SOL.LegalInstrument: (580, 230),
    SOL.Decision: (900, 230),
    SOL.outcome: (1180, 230),
    SOL.Office: (20, 400),
    SOL.Event: (300, 400),
    SOL.Provision: (580, 400),
    SOL.Case: (900, 400),
    SOL.Practice: (580, 550),
    SOL.Penalty: (300, 550),
}
ARROWS = [
    (SOL.Statement, SOL.speaker, SOL.Actor),
    (SOL.Statement, SOL.expresses, SKOS.Concept),
    (SOL.Statement, SOL.motivates, SOL.LegalInstrument),
    (SOL.Work, SOL.analyses, SKOS.Concept),
    (SOL.Actor, ORG.hasMembership, SOL.Office),
    (SOL.Event, SOL.prompts, SOL.LegalInstrument),
    (SOL.LegalInstrument, SOL.creates, SOL.Provision),
    (SOL.Provision, SOL.criminalises, SOL.Practice),
    (SOL.Provision, SOL.penalty, SOL.Penalty),
    (SOL.Case, SOL.chargedUnder, SOL.Provision),
    (SOL.Case, SOL.practiceAtIssue, SOL.Practice),
    (SOL.Decision, SOL.inCase, SOL.Case),
    (SOL.Decision, SOL.findsIncompatible, SOL.LegalInstrument),
    (SOL.Decision, SOL.outcome, SOL.outcome),
    (SOL.RecordGraph, SOL.citation, SOL.Citation),
]
WIDTH, HEIGHT = 160, 54


def model_svg() -> str:
    """The classes and how they are joined, as a picture; argued relations are dashed."""
    argued = set(ontology().transitive_subjects(RDFS.subPropertyOf, SOL.argued))
    label = {node: escape(text(node, RDFS.label) or text(node, SKOS.prefLabel) or local(node)) for node in BOXES}
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1360 630" role="img" aria-labelledby="t d" '
        'font-family="system-ui, sans-serif" font-size="13">',
        '<title id="t">The model</title>',
        f'<desc id="d">{"; ".join(f"{label[s]} {escape(_word(p))} {label[o]}" for s, p, o in ARROWS)}.</desc>',
        "<style>.box{fill:#f6f4ee;stroke:#55524a}.code{fill:#e3efe6}.name{font-weight:600;fill:#1d1c19}"
        ".term{font-size:11px;fill:#55524a}.line{stroke:#1d1c19;stroke-width:1.4;marker-end:url(#head)}"
        ".argued{stroke:#a33b1f;stroke-dasharray:6 4;marker-end:url(#claim)}.word{font-size:11.5px;fill:#1d1c19;"
        "paint-order:stroke;stroke:#fff;stroke-width:4px}.claim{fill:#a33b1f}</style>",
        "<defs>",
        *(
            f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
            for name, colour in (("head", "#1d1c19"), ("claim", "#a33b1f"))
        ),
        "</defs>",
        '<rect width="1360" height="630" fill="#fff"/>',
    ]
    for start, relation, end in ARROWS:
        (x1, y1), (x2, y2) = _ends(BOXES[start], BOXES[end])
        kind = " argued" if relation in argued else ""
        lines.append(f'<line class="line{kind}" x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"/>')
    for node, (x, y) in BOXES.items():
        kind = " code" if node == SOL.outcome else ""
        lines.append(f'<rect class="box{kind}" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>')
        lines.append(_centred("name", x, y + 24, label[node]))
        lines.append(_centred("term", x, y + 42, f"{'skos' if node == SKOS.Concept else 'sol'}:{local(node)}"))
    for start, relation, end in ARROWS:
        (x1, y1), (x2, y2) = _ends(BOXES[start], BOXES[end])
        kind = " claim" if relation in argued else ""
        y = (y1 + y2) / 2 + (-7 if y1 == y2 else 4)
        lines.append(
            f'<text class="word{kind}" x="{(x1 + x2) / 2:.0f}" y="{y:.0f}" text-anchor="middle">'
            f"{escape(_word(relation))}</text>"
        )
    x, y = BOXES[SOL.Connection]
    for row, words in enumerate(("subject, relation, object,", "claimant, chronology;", "argued relations are dashed")):
        lines.append(_centred("term", x, y + HEIGHT + 16 + 15 * row, words))
    x, y = BOXES[SOL.RecordGraph]
    lines.append(_centred("term", x, y + HEIGHT + 16, "around every record"))
    return "\n".join([*lines, "</svg>", ""])


def _centred(kind: str, x: int, y: int, words: str) -> str:
    return f'<text class="{kind}" x="{x + WIDTH / 2:.0f}" y="{y}" text-anchor="middle">{words}</text>'


def _word(relation: rdflib.URIRef) -> str:
    return text(relation, RDFS.label) or local(relation)


def _ends(start: tuple[int, int], end: tuple[int, int]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the line between the middles of two boxes leaves the one and meets the other."""
    (x1, y1), (x2, y2) = ((x + WIDTH / 2, y + HEIGHT / 2) for x, y in (start, end))
    dx, dy = x2 - x1, y2 - y1
    reach = min((WIDTH / 2 + 3) / abs(dx) if dx else 9, (HEIGHT / 2 + 3) / abs(dy) if dy else 9)
    return (x1 + dx * reach, y1 + dy * reach), (x2 - dx * reach, y2 - dy * reach)


PAGES = {"rules.md": rules, "records.md": records}


def page(name: str) -> str:
    """The file as it should be: what is written by hand, then what follows from the ontology."""
    if name == MODEL:
        return model_svg()
    head, marker, _ = (DOCS / name).read_text("utf-8").partition(MARKER)
    if not marker:
        raise ValueError(f"{name} lacks the line {MARKER}")
    return f"{head}{MARKER}\n\n" + "\n".join(PAGES[name]()).rstrip() + "\n"


if __name__ == "__main__":
    for file_name in (*PAGES, MODEL):
        (DOCS / file_name).write_text(page(file_name), "utf-8")
    SCHEMA_FILE.write_text(schema.text(), "utf-8")

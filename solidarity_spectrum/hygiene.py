"""Is the ontology well kept? One rule is one query of `ontology/hygiene`; `profile.tsv` says how grave it is.

A query returns `?entity ?property ?value` for each fault. One rule is no query: `undeclared` reads the files that use
the ontology (shapes, rules, questions, context, documents) and asks whether each name in them is declared.

`python -m solidarity_spectrum.hygiene` prints what it finds, writes `build/hygiene.tsv` and `build/hygiene.json`, and
exits with 1 if anything of level ERROR was found.
"""

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path

import pyoxigraph as ox
from rdflib.namespace import DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SH, SKOS, XSD

from solidarity_spectrum import questions
from solidarity_spectrum.records import context
from solidarity_spectrum.resources import BASE, ONTOLOGY, QUERIES
from solidarity_spectrum.table import shorten
from solidarity_spectrum.vocabulary import vocabulary

HYGIENE = ONTOLOGY / "hygiene"
LEVELS = ("ERROR", "WARN", "INFO")
UNDECLARED = "undeclared"
_VOCABULARIES = {
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "org": ORG,
    "owl": OWL,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "schema": SDO,
    "sh": SH,
    "skos": SKOS,
    "xsd": XSD,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its level and rule, what it was found in, and, where a file was read, the file and line."""

    level: str
    rule: str
    entity: str
    property: str = ""
    value: str = ""
    place: str = ""

    def __str__(self) -> str:
        parts = (self.place, f"{self.level} {self.rule}:", self.entity, self.property, self.value)
        return " ".join(filter(None, parts))


def profile() -> dict[str, str]:
    """Level by rule. Raises ValueError for an unknown level."""
    with (HYGIENE / "profile.tsv").open(encoding="utf-8", newline="") as table:
        levels = {row["rule"]: row["level"] for row in csv.DictReader(table, delimiter="\t")}
    if unknown := set(levels.values()) - set(LEVELS):
        raise ValueError(f"profile.tsv: unknown level {', '.join(sorted(unknown))}")
    return levels


def faults(store: ox.Store) -> Iterator[Fault]:
    """What the queries find in a store that holds an ontology. Raises KeyError for a rule without a level."""
    levels = profile()
    for file in sorted(HYGIENE.glob("*.rq")):
        solutions = store.query(file.read_text("utf-8"), use_default_graph_as_union=True)
        assert isinstance(solutions, ox.QuerySolutions), f"{file.name} is no SELECT"
        for row in solutions:
            shown = [shorten(getattr(cell, "value", "")) if cell else "" for cell in row]
            yield Fault(levels[file.stem], file.stem, *shown)


def declared() -> dict[str, set[str]]:
    """Local names by prefix: of ours what modules, code lists and shapes describe, of others what rdflib or an
    alignment knows of their vocabulary."""
    known = context().prefixes | {"sh": str(SH)}
    names = {
        prefix: {iri.removeprefix(namespace) for iri in map(str, dir(_VOCABULARIES[prefix]))}
        if prefix in _VOCABULARIES
        else set()
        for prefix, namespace in known.items()
    }
    by_length = sorted(known.items(), key=lambda item: -len(item[1]))
    for iri in vocabulary().declared():
        for prefix, namespace in by_length:
            if iri.startswith(namespace):
                names[prefix].add(iri.removeprefix(namespace))
                break
    return names


def undeclared(files: Iterable[Path], held: ox.Store | None = None) -> Iterator[Fault]:
    """Names in files that nothing declares, with the nearest one that is.

    In a SPARQL or Turtle file and in a question every prefixed name counts, in a Markdown file those in code. With
    `held`, the built graph, ids and concepts are looked up too, but for made-up ones, which start with `example-`.
    """
    level = profile()[UNDECLARED]
    names = declared()
    checked = {prefix for prefix, known in names.items() if known} - {"concept", "graph", "question"}
    for file in files:
        for number, line in enumerate(_code(file), 1):
            for prefix, local in re.findall(r"(?<![\w:<#?$-])([a-z]+):([A-Za-z][\w-]*)(?![\w*]*/\w)", line):
                name = f"{prefix}:{local}"
                standard = _VOCABULARIES.get(prefix)
                if standard is not None and local in standard:
                    continue
                if prefix in checked and local not in names[prefix]:
                    near = get_close_matches(local, names[prefix], n=1, cutoff=0.7)
                    hint = f"did you mean {prefix}:{near[0]}?" if near else ""
                    yield Fault(level, UNDECLARED, name, "", hint, f"{file}:{number}:")
                elif held and prefix in ("id", "concept") and not _holds(held, f"{BASE}{prefix}/{local}"):
                    yield Fault(level, UNDECLARED, name, "", "the graph does not hold it", f"{file}:{number}:")


def _holds(store: ox.Store, iri: str) -> bool:
    return "/example-" in iri or next(store.quads_for_pattern(ox.NamedNode(iri), None, None, None), None) is not None


def _code(file: Path) -> Iterator[str]:
    """The lines of a file, reduced to what is code: no comments, no texts, no IRIs; of Markdown what stands as code."""
    text = file.read_text("utf-8")
    if file.suffix == ".md":
        fenced = False
        for line in text.splitlines():
            if line.startswith("```"):
                fenced = not fenced
                yield ""
            else:
                yield re.sub(r'"[^"]*"|<[^>]*>', "", line if fenced else " ".join(re.findall(r"`([^`]+)`", line)))
        return
    if file.suffix == ".yaml":  # of a question, the query alone
        lines = text.splitlines()
        start = next((number for number, line in enumerate(lines) if line.startswith("query:")), len(lines))
        end = next((n for n in range(start + 1, len(lines)) if lines[n][:1] not in ("", " ")), len(lines))
        text = "\n".join([""] * (start + 1) + lines[start + 1 : end])
    blank = re.compile(
        r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|<[^<>\s]*>|#[^\n]*|\b@?prefix\b[^\n]*', re.I | re.S
    )
    yield from blank.sub(lambda found: "\n" * found.group().count("\n"), text).splitlines()


def using_files(root: Path | None = None) -> list[Path]:
    """The files that use the ontology; with `root`, a checkout, its documents and fixtures too."""
    files = [*sorted((ONTOLOGY / "shapes").glob("*.ttl")), *sorted((ONTOLOGY / "modules").glob("*.ttl"))]
    files += [
        *sorted((ONTOLOGY / "rules").glob("*.rq")),
        *sorted(HYGIENE.glob("*.rq")),
        *sorted(QUERIES.glob("*.yaml")),
    ]
    if root:
        files += [
            *sorted(root.glob("*.md")),
            *sorted((root / "docs").rglob("*.md")),
            *sorted(root.glob("loaders/*/*.md")),
        ]
    return files


def main() -> int:
    """Run all rules over the shipped ontology and the checkout in the working folder; the exit code."""
    store = ox.Store()
    store.extend(vocabulary().quads())
    store.extend(questions.quads())
    found = sorted([*faults(store), *undeclared(using_files(Path()))], key=lambda f: (LEVELS.index(f.level), str(f)))
    for fault in found:
        print(fault)
    Path("build").mkdir(exist_ok=True)
    rows = [asdict(fault) for fault in found]
    Path("build/hygiene.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
    with Path("build/hygiene.tsv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, list(Fault.__dataclass_fields__), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    counts = ", ".join(f"{n} {level}" for level in LEVELS if (n := sum(f.level == level for f in found)))
    print(f"{len(profile())} rules: {counts or 'nothing found'}")
    return 1 if any(fault.level == "ERROR" for fault in found) else 0


if __name__ == "__main__":
    sys.exit(main())

"""The question catalogue: one YAML file per question in `queries/`, each with its text, parameters and answer.

A parameter is written `$name` in the query, always where SPARQL allows a term (`VALUES ?law { $law }`), and is
bound as a term: the text that a user gives never becomes part of the query's text.
"""

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any

import pyoxigraph as ox

from solidarity_spectrum.findings import InputError, Place, violation
from solidarity_spectrum.records import context, dates, entity_iri
from solidarity_spectrum.records.yaml import read
from solidarity_spectrum.resources import BASE, QUERIES

GRAPH = ox.NamedNode(BASE + "graph/questions")
THEMES = ("rhetoric", "rhetoric-to-law", "law", "law-to-outcome", "resistance", "concepts", "evidence")
_XSD = "http://www.w3.org/2001/XMLSchema#"
_FIELDS = {"question", "theme", "answers", "keywords", "parameters", "columns", "evidence", "plot", "query", "expected"}
_ID = re.compile(r"[a-z0-9]+(-+[a-z0-9]+)*\Z")


class QuestionError(ValueError):
    """No such question, or a parameter that is unknown, missing or malformed; the message says which."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: `type` is `entity`, `concept`, `date`, `code:SCHEME`, `integer` or `text`;
    without a `default` that is a value it may be left out, and then matches anything."""

    name: str
    type: str
    label: dict[str, str] = field(hash=False)
    default: str = ""

    @property
    def names_a_node(self) -> bool:
        """Whether its value must be something that the graph holds."""
        return self.type not in ("date", "integer", "text")

    def term(self, value: str) -> str:
        """The value as a SPARQL term. Raises QuestionError if it cannot be one."""
        try:
            return str(self._term(value))
        except ValueError as error:
            raise QuestionError(f"parameter {self.name}: {error}") from error

    def _term(self, value: str) -> ox.NamedNode | ox.Literal:
        if self.type == "date":
            if dates.datatype(value) != _XSD + "date":
                raise ValueError(f"«{value}» is not a day (YYYY-MM-DD)")
            return ox.Literal(value, datatype=ox.NamedNode(_XSD + "date"))
        if self.type == "integer":
            if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
                raise ValueError(f"«{value}» is not a whole number")
            return ox.Literal(value, datatype=ox.NamedNode(_XSD + "integer"))
        if self.type == "text":
            return ox.Literal(value)
        local = value.removeprefix(BASE + ("concept/" if self.type == "concept" else "id/"))
        if self.type == "concept":
            local = local.removeprefix("concept:")
        if not _ID.match(local):
            raise ValueError(f"«{value}» is not an id, such as {self.default or 'hu-btk-353a'}")
        if self.type == "concept":
            return ox.NamedNode(BASE + "concept/" + local)
        if self.type.startswith("code:"):
            return ox.NamedNode(f"{BASE}concept/{self.type.removeprefix('code:')}/{local}")
        return ox.NamedNode(entity_iri(local))


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the catalogue; `answers` numbers the competency questions it answers,
    `evidence` names the columns that lead to sources, `expected` what the shipped data answers."""

    name: str
    question: dict[str, str] = field(hash=False)
    theme: str
    answers: tuple[int, ...]
    keywords: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]
    evidence: tuple[str, ...]
    query: str
    expected: tuple[dict[str, Any], ...] = field(hash=False)
    plot: str = ""

    @property
    def iri(self) -> str:
        return BASE + "question/" + self.name


@cache
def catalogue() -> dict[str, Question]:
    """Every question by name, by theme and then by name. Raises InputError for a malformed file."""
    questions = [_parse(file.stem, read(file.read_bytes(), str(file))[0], str(file)) for file in QUERIES.glob("*.yaml")]
    questions.sort(key=lambda question: (THEMES.index(question.theme), question.name))
    return {question.name: question for question in questions}


def _parse(name: str, data: dict[str, Any], file: str) -> Question:
    def refuse(en: str, hu: str) -> InputError:
        return InputError([violation("question", Place(file), en, hu)])

    missing = _FIELDS - {"parameters", "plot", "keywords", "evidence"} - data.keys()
    unknown = data.keys() - _FIELDS
    if missing or unknown:
        raise refuse(f"missing {sorted(missing)}, unknown {sorted(unknown)}", f"hiányzik {sorted(missing)}")
    if data["theme"] not in THEMES:
        raise refuse(f"«{data['theme']}» is not a theme", f"«{data['theme']}» nem téma")
    parameters = tuple(
        Parameter(p["name"], p["type"], p["label"], p.get("default", "")) for p in data.get("parameters", [])
    )
    used = set(re.findall(r"\$(\w+)", data["query"]))
    if used != {parameter.name for parameter in parameters}:
        raise refuse(f"the query uses ${', $'.join(sorted(used))}", "a lekérdezés paraméterei mások")
    return Question(
        name=name,
        question=data["question"],
        theme=data["theme"],
        answers=tuple(int(number) for number in data["answers"]),
        keywords=tuple(data.get("keywords", [])),
        parameters=parameters,
        columns=tuple(data["columns"]),
        evidence=tuple(data.get("evidence", [])),
        query=data["query"],
        expected=tuple(data["expected"]),
        plot=data.get("plot", ""),
    )


def find(name: str) -> Question:
    """The question of that name. Raises QuestionError, with the nearest name, if there is none."""
    known = catalogue()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise QuestionError(f"no question «{name}»" + (f"; did you mean «{near[0]}»?" if near else ""))
    return known[name]


def bind(question: Question, values: dict[str, str]) -> str:
    """The query with its parameters bound as terms; one left out takes its default, or matches anything.

    Raises QuestionError for a parameter that the question does not have or a value that does not fit.
    """
    known = {parameter.name: parameter for parameter in question.parameters}
    for name in values:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise QuestionError(f"question «{question.name}» has no parameter «{name}»; it has: {listed}")
    terms = {
        name: parameter.term(value) if (value := values.get(name) or parameter.default) else "UNDEF"
        for name, parameter in known.items()
    }
    return prefixes() + re.sub(r"\$(\w+)", lambda match: terms[match.group(1)], question.query)


def check(question: Question, values: dict[str, str], graph: ox.Store) -> None:
    """Refuse ids that the graph does not hold, rather than answer with nothing. Raises QuestionError."""
    for parameter in question.parameters:
        value = values.get(parameter.name)
        if not value or not parameter.names_a_node:
            continue
        term = ox.NamedNode(parameter.term(value)[1:-1])
        if next(graph.quads_for_pattern(term, None, None, None), None) is None:
            folder = term.value.rpartition("/")[0] + "/"
            held = {
                quad.subject.value.removeprefix(folder)
                for quad in graph.quads_for_pattern(None, ox.NamedNode(context().expand("rdfs:label")), None, None)
                if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(folder)
            }
            near = get_close_matches(term.value.removeprefix(folder), held, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise QuestionError(f"parameter {parameter.name}: the graph has no «{value}»{hint}")


@cache
def prefixes() -> str:
    """The PREFIX lines that every query of the catalogue and every ad hoc query may rely on."""
    known = {"id": BASE + "id/"} | context().prefixes
    return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in known.items())


def quads() -> list[ox.Quad]:
    """The catalogue as RDF (SHACL executables), for the graph `graph/questions`."""
    sol, sh = BASE + "ontology#", "http://www.w3.org/ns/shacl#"
    rdf_type = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    label = ox.NamedNode(context().expand("rdfs:label"))
    result: list[ox.Quad] = []

    def add(subject: str, predicate: str | ox.NamedNode, value: ox.NamedNode | ox.Literal) -> None:
        property_ = predicate if isinstance(predicate, ox.NamedNode) else ox.NamedNode(predicate)
        result.append(ox.Quad(ox.NamedNode(subject), property_, value, GRAPH))

    for question in catalogue().values():
        add(question.iri, rdf_type, ox.NamedNode(sol + "Question"))
        add(question.iri, rdf_type, ox.NamedNode(sh + "SPARQLSelectExecutable"))
        # What an editor asks for its examples: https://github.com/sib-swiss/sparql-editor
        add(question.iri, rdf_type, ox.NamedNode(sh + "SPARQLExecutable"))
        add(question.iri, context().expand("rdfs:comment"), ox.Literal(question.question["en"], language="en"))
        for language, text in question.question.items():
            add(question.iri, label, ox.Literal(text, language=language))
        add(question.iri, sh + "select", ox.Literal(bind(question, {})))
        add(question.iri, sol + "theme", ox.Literal(question.theme))
        for number in question.answers:
            add(question.iri, sol + "competencyQuestion", ox.Literal(number))
        for keyword in question.keywords:
            add(question.iri, "https://schema.org/keywords", ox.Literal(keyword))
        for parameter in question.parameters:
            node = f"{question.iri}#{parameter.name}"
            add(question.iri, sol + "parameter", ox.NamedNode(node))
            add(node, rdf_type, ox.NamedNode(sol + "QuestionParameter"))
            add(node, sol + "parameterName", ox.Literal(parameter.name))
            add(node, sol + "parameterType", ox.Literal(parameter.type))
            for language, text in parameter.label.items():
                add(node, label, ox.Literal(text, language=language))
            if parameter.default:
                add(node, sol + "default", ox.Literal(parameter.default))
    return result

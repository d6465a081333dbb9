"""From records to quads: checks what JSON-LD would silently drop, then lets the JSON-LD context do the mapping.

Each record becomes the named graph `graph/ID`; its sources, status and hash stand in the one graph
`graph/provenance`. What a record marks as unverified is kept apart, as candidates.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pyoxigraph as ox

from solidarity_spectrum.findings import Finding, Place, suggest, violation
from solidarity_spectrum.records import addresses, chronology, dates, identifiers, privacy
from solidarity_spectrum.records.context import Key, context
from solidarity_spectrum.records.yaml import Path, Places
from solidarity_spectrum.resources import BASE

PROVENANCE = ox.NamedNode(BASE + "graph/provenance")
_CONTENT_HASH = ox.NamedNode(BASE + "ontology#contentHash")
_ID = re.compile(r"(?=.{1,200}\Z)(concept:)?[a-z0-9]+(-+[a-z0-9]+)*\Z")
_GRAPHS = {"ontology", "vocabularies", "shapes", "questions", "provenance", "inferred", "links", "contribution"} | {
    *("void", "quality", "withdrawn")
}
"""Graphs of the program, `graph/NAME`: a record of such an id would write into them."""
_EVIDENCE = ("sources", "status", "recorded", "recordedBy", "licence")
_ASIDE = ("record", "unverified")
_VALIDITY_CLASSES = {"Provision", "Offence", "ProvisionVersion", "Exemption"}
_POINTS = ("date", "adopted", "announced", "lodged", "promulgated", "proposed", "published", "inForce")


@dataclass(slots=True)
class Record:
    """One record as read: its keys and values, and where each stands."""

    data: dict[str, Any]
    file: str
    places: Places = field(default_factory=dict, repr=False)
    base: Path = ()

    def place(self, path: Path = ()) -> Place:
        """Where a value stands, or the nearest thing around it that has a place."""
        full = (*self.base, *path)
        while full not in self.places and full:
            full = full[:-1]
        return Place(self.file, *self.places.get(full, (0, 0)))

    @property
    def id(self) -> str:
        return str(self.data.get("id", ""))

    @property
    def name(self) -> str:
        """What names its graph: its own `record`, or the id of what it describes."""
        return str(self.data.get("record") or self.id)


@dataclass(slots=True)
class Compiled:
    """What became of records: quads for the store, candidates kept out of it, findings, and the records' nodes."""

    accepted: list[ox.Quad] = field(default_factory=list)
    candidates: list[ox.Quad] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    nodes: dict[str, tuple[Record, Path]] = field(default_factory=dict)
    """For the IRI of each node and each record graph, the record and the path inside it where it is described."""

    direct: dict[tuple[str, str, str], Record] = field(default_factory=dict)
    """For subject, property and object of each direct triple, the connection that states it."""

    def locate(self, focus: str, path: str = "", value: str = "") -> Place | None:
        """The place of a node, of its property (an IRI) and of the value, as near as can be; None if not ours.

        A record's graph and its sources stand where the record's sources do.
        """
        graph, _, source = focus.partition("#source-")
        if graph.startswith(BASE + "graph/") and graph in self.nodes:
            record, _ = self.nodes[graph]
            if source.isdigit():
                own = {key.iri: name for name, key in context().keys["sources"].scoped.items()}
                return record.place(("sources", int(source) - 1, own.get(path) or context().key_of.get(path, "")))
            return record.place((context().key_of.get(path, "sources"),))
        if focus not in self.nodes:
            connection = self.direct.get((focus, path, value))
            return connection.place(("relation",)) if connection else None
        record, at = self.nodes[focus]
        key = context().key_of.get(path)
        if not key:
            return record.place(at)
        items: Any = record.data
        for step in at:
            items = items[step]
        items = items.get(key)
        if isinstance(items, list) and value:
            for index, item in enumerate(items):
                written = item.get("id", "") if isinstance(item, dict) else str(item)
                if written and value.endswith(written.rpartition(":")[2]):
                    return record.place((*at, key, index))
        return record.place((*at, key))


def graph_iri(record_id: str) -> str:
    """The IRI of the graph that holds a record's assertions."""
    return BASE + "graph/" + record_id.rpartition(":")[2]


def entity_iri(record_id: str) -> str:
    """The IRI that a record's id stands for."""
    return context().expand(record_id) if ":" in record_id else BASE + "id/" + record_id


def compile_records(records: Iterable[Record], documented: Iterable[str]) -> Compiled:
    """Turn records into quads.

    `documented` names the relations that are facts rather than arguments: for those, a connection also states
    the direct triple. Nothing is raised: every problem is a finding of the result; what can be read of a record
    that has one is compiled all the same, so that the shapes can judge it too.
    """
    compiled = Compiled()
    facts = frozenset(documented)
    accepted: list[dict[str, Any]] = []
    candidates: list[dict[str, Any]] = []
    for record in records:
        expander = _Expander(record, facts)
        graphs, doubtful = expander.record()
        # An id names one thing, whatever its kind: a concept and an actor of the same id would share a graph.
        # What says more of a thing that another record describes has a name of its own, and may share the thing.
        named: list[tuple[str, Path]] = (
            [(graph_iri(record.name), ()), *expander.nodes.items()] if expander.nodes else []
        )
        for iri, at in named:
            other, where = compiled.nodes.get(iri, (None, ()))
            if other and _adds(record, iri):
                continue
            if other and not _adds(other, iri):
                expander.refuse(
                    "duplicate-id",
                    (*at, "id"),
                    f"the id is already taken at {other.place(where)}",
                    f"ez az azonosító már foglalt itt: {other.place(where)}",
                )
                break
            compiled.nodes[iri] = (record, at)
        compiled.findings += expander.findings
        for triple in expander.direct:
            compiled.direct[triple] = record
        accepted += graphs
        candidates += doubtful
    compiled.accepted = _quads(accepted)
    compiled.candidates = _quads(candidates)
    return compiled


def _adds(record: Record, iri: str) -> bool:
    """Whether a record only says more of a thing that another one describes."""
    return "record" in record.data and iri == entity_iri(record.id)


def _quads(graphs: list[dict[str, Any]]) -> list[ox.Quad]:
    """Parse JSON-LD graphs and add to the provenance the hash of each one's assertions."""
    if not graphs:
        return []
    document = json.dumps({"@context": context().raw, "@graph": graphs}, ensure_ascii=False).encode()
    quads = list(ox.parse(document, format=ox.RdfFormat.JSON_LD))
    lines: dict[Any, list[str]] = {}
    for quad in quads:
        if quad.graph_name != PROVENANCE:
            lines.setdefault(quad.graph_name, []).append(str(quad.triple))
    for graph, triples in lines.items():
        digest = hashlib.sha256("\n".join(sorted(triples)).encode()).hexdigest()
        quads.append(ox.Quad(graph, _CONTENT_HASH, ox.Literal("sha256:" + digest), PROVENANCE))
    return quads


class _Expander:
    """Checks one record and gives its JSON-LD."""

    def __init__(self, record: Record, documented: frozenset[str]) -> None:
        self.source = record
        self.documented = documented
        self.findings: list[Finding] = []
        self.nodes: dict[str, Path] = {}
        self.direct: list[tuple[str, str, str]] = []

    def refuse(self, rule: str, path: Path, en: str, hu: str, near: str = "", severity: str = "violation") -> None:
        """Add a finding about the value at `path`; `near` is the key that was probably meant."""
        focus = ""
        value: Any = self.source.data
        for step in path:
            if isinstance(value, dict) and isinstance(name := value.get("id"), str) and _ID.match(name):
                focus = entity_iri(name)
            value = value[step]
        keys = [step for step in path if isinstance(step, str)]
        key = context().keys.get(near or (keys[-1] if keys else ""))
        text = "" if value is None or isinstance(value, dict | list) else str(value)
        place = self.source.place(path)
        found = violation(rule, place, en, hu, focus, key.iri if key else "", text)
        self.findings.append(replace(found, severity=severity))

    def record(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The graphs of the accepted part and of the unverified part."""
        data = self.source.data
        if not isinstance(data, dict):
            self.refuse(
                "record", (), "a record is a mapping of keys to values", "egy rekord kulcsok és értékek listája"
            )
            return [], []
        if not self._identity(data, ()):
            return [], []
        name, key = (data["record"], "record") if "record" in data else (data["id"], "id")
        if not isinstance(name, str) or not _ID.match(name):
            self.refuse("id", (key,), f"«{name}» is not an id", f"«{name}» nem azonosító")
            return [], []
        if name.rpartition(":")[2] in _GRAPHS:
            self.refuse(
                "id",
                (key,),
                f"«{name}» names a graph of the program: take another id",
                f"«{name}» a program egyik gráfjának a neve: válasszon más azonosítót",
            )
            return [], []
        if not data.get("status"):
            self.refuse(
                "status",
                (),
                "the key «status» is missing: verified, single-source or unverified",
                "hiányzik a «status» kulcs: verified, single-source vagy unverified",
            )
        if not data.get("sources"):
            self.refuse(
                "sources",
                (),
                "the key «sources» is missing: nothing is stated without a source",
                "hiányzik a «sources» kulcs: forrás nélkül nincs állítás",
            )
        evidence = {key: data[key] for key in _EVIDENCE if key in data}
        body = {key: value for key, value in data.items() if key not in (*_EVIDENCE, *_ASIDE)}
        main = self._graphs(body, evidence, name, ())
        if data.get("status") == "unverified":
            return [], main
        doubtful = data.get("unverified")
        if doubtful is None:
            return main, []
        if not isinstance(doubtful, dict):
            self.refuse(
                "unverified",
                ("unverified",),
                "«unverified» holds keys and values of this record",
                "az «unverified» e rekord kulcsait és értékeit tartalmazza",
            )
            return main, []
        aside = {"id": data["id"], "type": data.get("type")} | doubtful
        known = self.nodes
        self.nodes = {}
        # The sources of the record do not speak for what is set aside, so they do not stand beside it.
        remembered = {key: value for key, value in evidence.items() if key != "sources"} | {"status": "unverified"}
        graphs = self._graphs(aside, remembered, name + "--unverified", ("unverified",))
        self.nodes = known
        return main, graphs

    def _identity(self, node: dict[str, Any], path: Path) -> bool:
        known = context().classes
        name = node.get("id")
        if not isinstance(name, str) or not _ID.match(name):
            self.refuse(
                "id",
                (*path, "id") if name else path,
                f"«{name}» is not an id: lower-case letters, digits and hyphens, such as hu-btk-353a"
                if name
                else "the key «id» is missing",
                f"«{name}» nem azonosító: kisbetűk, számjegyek és kötőjelek, például hu-btk-353a"
                if name
                else "hiányzik az «id» kulcs",
            )
            return False
        kind = node.get("type")
        if not isinstance(kind, str) or kind not in known:
            en, hu = suggest(str(kind), known)
            self.refuse(
                "type",
                (*path, "type") if kind else path,
                f"«{kind}» is not a type.{en}" if kind else "the key «type» is missing",
                f"«{kind}» nem típus.{hu}" if kind else "hiányzik a «type» kulcs",
            )
            return False
        return True

    def _graphs(self, body: dict[str, Any], evidence: dict[str, Any], name: str, path: Path) -> list[dict[str, Any]]:
        """The graph of the assertions and, beside it, its provenance."""
        assertions = [self._node(body, path)]
        relation = body.get("relation")
        subject, target = assertions[0].get("subject"), assertions[0].get("object")
        if (
            isinstance(relation, str)
            and relation in self.documented
            and isinstance(subject, str)
            and isinstance(target, str)
        ):
            assertions.append({"id": subject, "sol:" + relation: {"id": target}})
            self.direct.append((entity_iri(subject), context().expand("sol:" + relation), entity_iri(target)))
        graph = graph_iri(name)
        sources = evidence.get("sources") or []
        listed = isinstance(sources, list)
        provenance = self._values({key: value for key, value in evidence.items() if key != "sources"}, ())
        provenance["sources"] = [
            {"id": f"{graph}#source-{number}", "type": "sol:Citation"}
            | self._source(item, ("sources", number - 1) if listed else ("sources",))
            for number, item in enumerate(sources if listed else [sources], start=1)
        ]
        about = {"id": graph, "type": "sol:RecordGraph", "describes": body["id"]} | provenance
        return [{"id": graph, "@graph": assertions}, {"id": PROVENANCE.value, "@graph": [about]}]

    def _source(self, item: Any, path: Path) -> dict[str, Any]:
        if not isinstance(item, dict):
            self.refuse(
                "sources",
                path,
                "a source is a mapping with url, title and tier",
                "egy forrás: url, title és tier kulcsok",
            )
            return {}
        if isinstance(url := item.get("url"), str) and (told := addresses.fleeting(url)):
            self.refuse("fleeting-address", (*path, "url"), *told, severity="warning")
        return self._values(item, path, context().keys["sources"].scoped)

    def _node(self, node: dict[str, Any], path: Path) -> dict[str, Any]:
        self.nodes[entity_iri(node["id"])] = path
        expanded = {"id": node["id"], "type": node.get("type")}
        expanded |= self._values({k: v for k, v in node.items() if k not in expanded}, path)
        self._consistency(node, path)
        if node.get("type") == "Concept" and "label" not in node and "prefLabel" in expanded:
            expanded["label"] = expanded["prefLabel"]
        first, last = _span(node)
        if first:
            expanded["earliest"] = first.isoformat()
        if last:
            expanded["latest"] = last.isoformat()
        return expanded

    def _consistency(self, node: dict[str, Any], path: Path) -> None:
        """Check the texts of a node: identifiers in form, those and the dates not against each other, and nothing that
        would harm a person."""
        places: dict[tuple[str, str], Path] = {}
        texts: dict[str, list[str]] = {}
        for key, at, text in _texts(node):
            if len(at) == 1 or isinstance(at[1], int):  # not those of a language
                texts.setdefault(key, []).append(text)
                places.setdefault((key, text), (*path, *at))
            for rule, severity, en, hu in privacy.seen(text):
                self.refuse(rule, (*path, *at), en, hu, severity=severity)
        for problem in (*identifiers.problems(texts), *chronology.problems(texts)):
            at = places.get((problem.key, problem.value), (*path, problem.key))
            self.refuse(problem.rule, at, problem.en, problem.hu, severity=problem.severity)

    def _values(self, node: dict[str, Any], path: Path, scoped: dict[str, Key] | None = None) -> dict[str, Any]:
        known = context().keys
        result: dict[str, Any] = {}
        for name, value in node.items():
            key = (scoped or {}).get(name) or known.get(name)
            if key is None:
                en, hu = suggest(name, known)
                near = en.partition("«")[2].partition("»")[0]
                en, hu = f"«{name}» is not a key.{en}", f"«{name}» nem kulcs.{hu}"
                self.refuse("unknown-key", (*path, name), en, hu, near)
            elif value is None or value in ([], {}):
                self.refuse(
                    "empty",
                    (*path, name),
                    f"«{name}» has no value; leave the key out",
                    f"«{name}» üres; hagyja el a kulcsot",
                )
            else:
                result[name] = self._value(key, value, (*path, name))
        return result

    def _value(self, key: Key, value: Any, path: Path) -> Any:
        if isinstance(value, list):
            return [self._value(key, item, (*path, index)) for index, item in enumerate(value)]
        if key.kind == "language":
            return self._language_map(key, value, path)
        if isinstance(value, dict):
            if key.kind == "reference" and self._identity(value, path):
                return self._node(value, path)
            if key.kind != "reference":
                self.refuse(
                    "value",
                    path,
                    f"«{key.name}» takes a single value or a list of them",
                    f"«{key.name}» egyetlen értéket vagy értékek listáját várja",
                )
            return None
        text = "true" if value is True else "false" if value is False else str(value)
        if key.kind == "date":
            return self._date(text, path)
        if key.kind == "reference":
            return self._reference(text, path)
        return text

    def _language_map(self, key: Key, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            self.refuse(
                "language",
                path,
                f"«{key.name}» needs a language, such as {key.name}: {{en: ...}}",
                f"«{key.name}» mellé nyelv kell, például {key.name}: {{hu: ...}}",
            )
            return None
        taken: dict[str, Any] = {}
        for language, text in value.items():
            texts = text if isinstance(text, list) else [text]
            if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
                self.refuse(
                    "language",
                    (*path, language),
                    f"«{language}» is not a language tag, such as en or hu",
                    f"«{language}» nem nyelvkód, mint en vagy hu",
                )
            elif not all(isinstance(item, str) and item.strip() for item in texts):
                self.refuse("empty", (*path, language), "the text is missing", "hiányzik a szöveg")
            else:
                taken[language] = text
        return taken

    def _date(self, text: str, path: Path) -> Any:
        try:
            return {"@value": text, "@type": dates.datatype(text)}
        except ValueError as error:
            self.refuse(
                "date",
                path,
                f"«{text}» is not a date: {error}",
                f"«{text}» nem dátum; így írja: ÉÉÉÉ-HH-NN, ÉÉÉÉ-HH, ÉÉÉÉ, 2017-10/2018-01",
            )
            return {"@value": text}  # so that the shapes do not miss a date as well

    def _reference(self, text: str, path: Path) -> str | None:
        if _ID.match(text):
            return text
        if re.match(r"https?://[^/\s]", text):
            try:
                ox.NamedNode(text)
                return text
            except ValueError:
                pass
        en, hu = (
            "an id such as viktor-orban, or an address starting with http:// or https://",
            "azonosítót, például viktor-orban, vagy http://, https:// kezdetű címet",
        )
        self.refuse("reference", path, f"«{text}» is neither {en}", f"«{text}» helyett itt adjon meg {hu}")
        return None


def _texts(value: Any, at: Path = ()) -> Iterator[tuple[str, Path, str]]:
    """The texts of a node with their keys and places in it; those of nodes inside it are theirs."""
    if isinstance(value, str):
        yield str(at[0]), at, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*at, index))
    elif isinstance(value, dict) and (not at or not isinstance(value.get("id"), str)):
        for key, item in value.items():
            yield from _texts(item, (*at, key))


def _span(node: dict[str, Any]) -> tuple[date | None, date | None]:
    """First and last day of a node's time, from its dates; (None, None) where it has none that can be read."""

    def bounds(name: str) -> tuple[date | None, date | None]:
        try:
            return dates.bounds(str(node[name])) if name in node else (None, None)
        except ValueError:
            return None, None

    if "startDate" in node or "endDate" in node:
        return bounds("startDate")[0], bounds("endDate")[1]
    if node.get("type") in _VALIDITY_CLASSES:
        end = bounds("noLongerInForce")[0]
        return bounds("inForce")[0], end - timedelta(days=1) if end and end > date.min else None
    return next((bounds(name) for name in _POINTS if name in node), (None, None))

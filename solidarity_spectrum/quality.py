"""How good is the graph? Measures of its coverage, sources, links, freshness and disagreements, as data (W3C DQV).

Each measure is taken over all records and per class. They stand in `graph/quality`, computed from the graph alone, so
that the same input gives the same numbers; freshness is therefore a day, not an age.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median_low

import pyoxigraph as ox
from jinja2 import Environment, PackageLoader

from solidarity_spectrum.findings import SEVERITIES, Finding
from solidarity_spectrum.records import context
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.table import shorten
from solidarity_spectrum.vocabulary import SOL, vocabulary

GRAPH = ox.NamedNode(BASE + "graph/quality")
_DQV = "http://www.w3.org/ns/dqv#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")

# Metric → dimension, datatype, and what it measures in both languages.
METRICS = {
    "records": ("completeness", "integer", "Number of records.", "A rekordok száma."),
    "coverage": (
        "completeness",
        "decimal",
        "Share of what the shapes recommend to give that is given.",
        "Az alakzatok által ajánlott adatok közül a megadottak aránya.",
    ),
    "hungarian-labels": (
        "completeness",
        "decimal",
        "Share of records that have a Hungarian name.",
        "A magyar nevet is viselő rekordok aránya.",
    ),
    "single-source-rate": (
        "credibility",
        "decimal",
        "Share of records that rest on one source only, and that not a primary one.",
        "A csak egyetlen, nem elsődleges forráson nyugvó rekordok aránya.",
    ),
    "primary-sources": (
        "credibility",
        "decimal",
        "Share of citations that name a primary source.",
        "Az elsődleges forrást megnevező hivatkozások aránya.",
    ),
    "consulted-sources": (
        "credibility",
        "decimal",
        "Share of citations whose source was opened and read.",
        "Azoknak a hivatkozásoknak az aránya, amelyek forrását megnyitották és elolvasták.",
    ),
    "orphans": (
        "consistency",
        "decimal",
        "Share of records that neither refer to another record nor are referred to.",
        "Azoknak a rekordoknak az aránya, amelyek más rekordra nem utalnak, és amelyekre más rekord nem utal.",
    ),
    "disagreements": (
        "consistency",
        "integer",
        "Number of matters on which sources differ and both readings are kept.",
        "Azoknak a kérdéseknek a száma, amelyekben a források eltérnek, és mindkét olvasat megvan.",
    ),
    "recorded-median": (
        "currentness",
        "date",
        "Day by which half of the records had been entered or renewed.",
        "Az a nap, amelyig a rekordok felét felvették vagy megújították.",
    ),
    "recorded-latest": (
        "currentness",
        "date",
        "Day on which the newest record was entered or renewed.",
        "Az a nap, amelyen a legújabb rekordot felvették vagy megújították.",
    ),
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of a metric, over a class (its name as in records) or, where that is empty, over all records."""

    metric: str
    kind: str
    value: str


class _Reader:
    """What the measures need to know of the graph, read once."""

    def __init__(self, graph: ox.Store) -> None:
        self.graph = graph
        names = {context().expand(iri): name for name, iri in context().classes.items()}
        self.topics: dict[str, list[ox.NamedNode]] = {}
        self.kinds: dict[str, list[str]] = {}
        for quad in self._all("foaf:primaryTopic"):
            assert isinstance(quad.object, ox.NamedNode) and isinstance(quad.subject, ox.NamedNode)
            own = graph.quads_for_pattern(quad.object, _RDF_TYPE, None, quad.subject)
            types = (item.object.value for item in own if isinstance(item.object, ox.NamedNode))
            kind = next((names[iri] for iri in types if iri in names), "")
            if kind:
                self.topics.setdefault(quad.object.value, []).append(quad.subject)
                self.kinds.setdefault(kind, []).append(quad.object.value)
        self.status = self._values("sol:status")
        self.recorded = self._values("sol:recorded")
        self.citations: dict[str, list[str]] = {}
        for quad in self._all("sol:citation"):
            assert isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode)
            self.citations.setdefault(quad.subject.value, []).append(quad.object.value)
        self.tier = self._values("sol:tier")
        self.consulted = self._values("sol:consulted")
        self.linked = self._linked()

    def _all(self, name: str) -> Iterator[ox.Quad]:
        return self.graph.quads_for_pattern(None, ox.NamedNode(context().expand(name)), None, None)

    def _values(self, name: str) -> dict[str, str]:
        return {
            quad.subject.value: quad.object.value
            for quad in self._all(name)
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal)
        }

    def _linked(self) -> set[str]:
        """The entities that some record graph joins with another entity."""
        found: set[str] = set()
        for iri, graphs in self.topics.items():
            for graph in graphs:
                for quad in self.graph.quads_for_pattern(None, None, None, graph):
                    other = quad.object.value if isinstance(quad.object, ox.NamedNode) else ""
                    if other in self.topics and other != iri:
                        found |= {iri, other}
        return found

    def has_label(self, iri: str, language: str) -> bool:
        node = ox.NamedNode(iri)
        properties = [ox.NamedNode(context().expand(name)) for name in ("rdfs:label", "skos:prefLabel")]
        found = (q.object for p in properties for q in self.graph.quads_for_pattern(node, p, None, None))
        return any(isinstance(label, ox.Literal) and label.language == language for label in found)


def measure(graph: ox.Store, findings: Iterable[Finding]) -> list[Measurement]:
    """All measurements over a built graph; `findings` are those of its validation."""
    reader = _Reader(graph)
    missing = Counter(finding.focus for finding in findings if finding.rule in _recommended())
    everything = [iri for entities in reader.kinds.values() for iri in entities]
    result = []
    for kind, entities in [("", everything), *sorted(reader.kinds.items())]:
        for metric, value in _measures(reader, kind, entities, missing):
            result.append(Measurement(metric, kind, value))
    return result


def _measures(reader: _Reader, kind: str, entities: list[str], missing: Counter[str]) -> Iterator[tuple[str, str]]:
    records = [graph.value for iri in entities for graph in reader.topics[iri]]
    cited = [citation for record in records for citation in reader.citations.get(record, [])]
    days = sorted(reader.recorded[record] for record in records if record in reader.recorded)
    yield "records", str(len(entities))
    asked = sum(_asked(k) * len(found) for k, found in reader.kinds.items() if not kind or k == kind)
    if asked:
        yield "coverage", _share(asked - sum(missing[iri] for iri in entities), asked)
    yield "hungarian-labels", _share(sum(reader.has_label(iri, "hu") for iri in entities), len(entities))
    single = sum(reader.status.get(record, "").endswith("/single-source") for record in records)
    yield "single-source-rate", _share(single, len(records))
    if cited:
        yield "primary-sources", _share(sum(reader.tier.get(c, "").endswith("/primary") for c in cited), len(cited))
        yield "consulted-sources", _share(sum(reader.consulted.get(c) == "true" for c in cited), len(cited))
    yield "orphans", _share(sum(iri not in reader.linked for iri in entities), len(entities))
    kept = ox.NamedNode(context().expand("sol:disagreement"))
    held = (reader.graph.quads_for_pattern(ox.NamedNode(iri), kept, None, None) for iri in entities)
    yield "disagreements", str(sum(1 for matters in held for _ in matters))
    if days:
        yield "recorded-median", median_low(days)
        yield "recorded-latest", days[-1]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "0.000"


def _recommended() -> dict[str, str]:
    """The rules that recommend: shapes that ask for a value and whose breach is no error. Name → class they look at."""
    sh = "http://www.w3.org/ns/shacl#"
    store = vocabulary().store
    found = store.query(
        f"PREFIX sh: <{sh}> SELECT ?rule ?class WHERE {{ ?shape sh:targetClass ?class ; sh:property ?rule . "
        "?rule sh:minCount ?least ; sh:severity ?severity FILTER(?least > 0 && ?severity != sh:Violation) }",
        use_default_graph_as_union=True,
    )
    assert isinstance(found, ox.QuerySolutions)
    return {row["rule"].value.rpartition("#")[2]: row["class"].value for row in found}


def _asked(kind: str) -> int:
    """How many recommendations look at the records of a class."""
    iri = context().expand(context().classes[kind])
    above = {parent for parent in set(_recommended().values()) if iri in vocabulary().below(parent, _SUBCLASS)}
    return sum(target in above for target in _recommended().values())


_SUBCLASS = "http://www.w3.org/2000/01/rdf-schema#subClassOf"


def quads(measurements: Iterable[Measurement]) -> Iterator[ox.Quad]:
    """The measurements and their metrics as DQV, for `graph/quality`."""

    def quad(subject: str, predicate: str, value: str | ox.Literal) -> ox.Quad:
        node = ox.NamedNode(value) if isinstance(value, str) else value
        return ox.Quad(ox.NamedNode(subject), ox.NamedNode(predicate), node, GRAPH)

    definition, label = context().expand("skos:definition"), context().expand("rdfs:label")
    for name, (dimension, datatype, english, hungarian) in METRICS.items():
        metric = f"{BASE}quality/{name}"
        yield quad(metric, _RDF_TYPE.value, _DQV + "Metric")
        yield quad(metric, label, ox.Literal(name.replace("-", " "), language="en"))
        yield quad(metric, definition, ox.Literal(english, language="en"))
        yield quad(metric, definition, ox.Literal(hungarian, language="hu"))
        yield quad(metric, _DQV + "expectedDataType", _XSD + datatype)
        yield quad(metric, _DQV + "inDimension", f"{BASE}quality/dimension/{dimension}")
        yield quad(f"{BASE}quality/dimension/{dimension}", _RDF_TYPE.value, _DQV + "Dimension")
        yield quad(f"{BASE}quality/dimension/{dimension}", label, ox.Literal(dimension, language="en"))
    for item in measurements:
        node = f"{BASE}quality/{item.metric}/{item.kind or 'all'}"
        of = ox.NamedNode(_XSD + METRICS[item.metric][1])
        yield quad(node, _RDF_TYPE.value, _DQV + "QualityMeasurement")
        yield quad(node, _DQV + "isMeasurementOf", f"{BASE}quality/{item.metric}")
        yield quad(node, _DQV + "computedOn", BASE + "dataset")
        yield quad(node, _DQV + "value", ox.Literal(item.value, datatype=of))
        if item.kind:
            yield quad(node, "https://schema.org/about", context().expand(context().classes[item.kind]))


def page(measurements: Iterable[Measurement], counts: dict[str, object], findings: Iterable[Finding]) -> str:
    """The build report as one HTML page: counts, quality by class, and the findings that are not errors, by rule."""
    table: dict[str, dict[str, str]] = {}
    for item in measurements:
        table.setdefault(item.kind or "all", {})[item.metric] = item.value
    rules: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        rules.setdefault((finding.severity, finding.rule), []).append(finding)
    ordered = sorted(rules.items(), key=lambda item: (SEVERITIES.index(item[0][0]), -len(item[1]), item[0][1]))
    environment = Environment(loader=PackageLoader("solidarity_spectrum"), autoescape=True, trim_blocks=True)
    environment.filters["short"] = shorten
    return environment.get_template("report.html").render(
        metrics=METRICS, table=table, counts=counts, rules=ordered, base=SOL
    )

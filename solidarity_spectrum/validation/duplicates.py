"""What a contribution may tell a second time: things that the graph holds under another id, and facts told already."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

import pyoxigraph as ox

from solidarity_spectrum import store
from solidarity_spectrum.findings import Finding, Place
from solidarity_spectrum.patterns import RDF_TYPE
from solidarity_spectrum.records.context import context
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.validation.shapes import Locate
from solidarity_spectrum.view import View
from solidarity_spectrum.vocabulary import SOL, vocabulary

ALIKE = 0.8
"""From this share of common characters on, two words are spellings of one."""
SHORTEST = 8
"""Of shorter names, only equal ones are told."""
MOST = 1000
"""Of more new things than this none is compared by name: that is a data set, and not a slip."""
_LABELS = tuple(ox.NamedNode(context().expand(name)) for name in ("rdfs:label", "skos:prefLabel"))
_EARLIEST, _LATEST = (ox.NamedNode(SOL + name) for name in ("earliest", "latest"))
_ENDS = tuple(ox.NamedNode(SOL + name) for name in ("subject", "relation", "object"))
_KINDS = frozenset(
    context().expand(name)
    for name in (
        *("sol:Person", "sol:Organisation", "sol:State", "sol:Court", "sol:PoliticalParty", "sol:Municipality"),
        *("sol:Statement", "sol:LegalInstrument", "sol:Provision", "sol:Offence", "sol:Case", "sol:Decision"),
        *("sol:Event", "sol:SolidarityPractice", "sol:ControlPractice", "sol:Work", "skos:Concept"),
    )
)
"""Classes of what has a name of its own; the names of connections and parts follow from what they are of."""


@dataclass(slots=True)
class _Index:
    """The names of a built store: what is called so, by the whole name and by each word of it."""

    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    words: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@lru_cache(maxsize=2)
def _index(folder: store.Place | ox.Store) -> _Index:
    index = _Index()
    for iri, label in store.labels(folder):
        index.names[plain(label)].append(iri)
    for name in index.names:
        for word in set(name.split()):
            index.words[word].append(name)
    return index


def learn(place: store.Place | ox.Store) -> None:
    """Make the index of a store, so that the first judgement need not."""
    _index(place)


def forget() -> None:
    """Know no store any more: one in memory has changed."""
    _index.cache_clear()


def plain(label: str) -> str:
    """A name without case, accents and punctuation, its words in one order."""
    letters = unicodedata.normalize("NFKD", label.casefold())
    return " ".join(sorted(re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c)))))


def _near(name: str, index: _Index) -> Iterator[str]:
    """The names of the store that are this one, or nearly so; numbers must be the same."""
    if name in index.names:
        yield name
    if len(name) < SHORTEST:
        return
    words = sorted(set(name.split()), key=lambda word: len(index.words.get(word, ())))
    numbers = [word for word in name.split() if not word.isalpha()]  # which tell like things apart
    # Two names that are alike share all words but one or two, so one of the rarest three that are known at all.
    known = [word for word in words if word in index.words][:3]
    for other in {other for word in known for other in index.words[word]} - {name}:
        if [w for w in other.split() if not w.isalpha()] == numbers and _alike(name.split(), other.split()):
            yield other


def _alike(one: list[str], other: list[str]) -> bool:
    """Whether the words that only one of two names has are spellings of each other, or one word is too many."""
    here, there = sorted((Counter(one) - Counter(other)).elements()), sorted((Counter(other) - Counter(one)).elements())
    if len(here) > 2 or len(there) > 2 or len(here) + len(there) > len(one):
        return False
    if not here or not there:
        return len(here + there) == 1 and len(one) > 3
    return len(here) == len(there) and all(
        SequenceMatcher(None, word, spelt, autojunk=False).ratio() >= ALIKE
        for word, spelt in zip(here, there, strict=True)
    )


def _said(view: View, node: ox.NamedNode, predicate: ox.NamedNode) -> set[str]:
    return {str(triple.object.value) for triple in view.triples(node, predicate, None)}  # type: ignore[union-attr]


def _same_time(view: View, one: ox.NamedNode, other: ox.NamedNode) -> bool:
    """Whether two things may be of one time: of one of them no time is known, or the spans have a day in common."""
    spans = [
        (min(_said(view, node, _EARLIEST), default=""), max(_said(view, node, _LATEST), default="9"))
        for node in (one, other)
    ]
    return spans[0][0] <= spans[1][1] and spans[1][0] <= spans[0][1]


def _finding(
    rule: str, node: ox.NamedNode, path: ox.NamedNode, other: str, locators: list[Locate], en: str, hu: str
) -> Finding:
    places = (locate(node.value, path.value, "") for locate in locators)
    place = next((place for place in places if place), Place(node.value))
    name = other.rpartition("/")[2]
    messages = {"en": en.format(name), "hu": hu.format(name)}
    return Finding("warning", rule, messages, place, node.value, path.value, other)


_CALLED = (
    "the graph holds «{}», which is called (nearly) so: if it is the same, write what is new into that record",
    "a gráfban van már (majdnem) így hívott dolog: «{}»; ha ugyanaz, abba a rekordba írja az újat",
)
_TOLD = (
    "«{}» tells the same of the same two: put the sources into that record, unless there were two occasions",
    "a(z) «{}» ugyanezt mondja ugyanarról a kettőről: abba a rekordba írja a forrásokat, hacsak nem két eset volt",
)


def likely(view: View, new: set[ox.NamedNode], folder: store.Place | ox.Store, locators: list[Locate]) -> list[Finding]:
    """Warnings of new things that are called as others of the same kind and time are, and of facts told already.

    `view` is the graph with the contribution, `new` are the things that it describes and the graph did not, `folder` is
    the built store.
    """
    findings = []
    kinds = {node: _said(view, node, RDF_TYPE) & _KINDS for node in new}
    named = {node for node, kind in kinds.items() if kind}
    for node in sorted(named if len(named) <= MOST else (), key=str):
        labels = {plain(text) for link in _LABELS for text in _said(view, node, link)}
        found: Counter[str] = Counter()
        for label in labels:
            for name in _near(label, _index(folder)):
                found.update(_index(folder).names[name])
        for iri, _ in found.most_common(3):
            other = ox.NamedNode(iri)
            same_kind = kinds[node] & _said(view, other, RDF_TYPE)
            ours = iri.rpartition("/")[0] in (BASE + "id", BASE + "concept")  # and no code of a list
            if ours and other not in new and same_kind and _same_time(view, node, other):
                findings.append(_finding("likely-duplicate", node, _LABELS[0], iri, locators, *_CALLED))
                break
    for node in sorted(new, key=str):
        ends = [next(view.triples(node, link, None), None) for link in _ENDS]
        if not all(ends):
            continue
        subject, relation, obj = (end.object for end in ends)  # type: ignore[union-attr]
        # Who argues something argues it beside others; a fact is told once, with all its sources.
        if str(relation).strip("<>").removeprefix(SOL) not in vocabulary().documented_relations():
            continue
        others = {triple.subject for triple in view.triples(None, _ENDS[0], subject)} - {node}
        for twin in sorted(others, key=str):
            if any(view.triples(twin, _ENDS[1], relation)) and any(view.triples(twin, _ENDS[2], obj)):
                assert isinstance(twin, ox.NamedNode)
                findings.append(_finding("same-connection", node, _ENDS[1], twin.value, locators, *_TOLD))
                break
    return findings

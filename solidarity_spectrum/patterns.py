"""The triple patterns of a SPARQL query, as far as the rules and the shapes write it: what the query can read.

From these it is known which triples a change can make or unmake, and which ones the query must see. Filters and
computed values are passed over, so what is known is too much rather than too little. Whatever else stands in a query
raises ValueError: nothing is passed over in silence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyoxigraph as ox

from solidarity_spectrum.view import Term

RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
Slot = str | ox.NamedNode | ox.Literal
"""A place in a pattern: a term, or the name of a variable."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One triple pattern; with `many`, its predicate holds one or more times in a row."""

    subject: Slot
    predicate: Slot
    object: Slot
    many: bool = False

    def variables(self) -> set[str]:
        return {slot for slot in (self.subject, self.predicate, self.object) if isinstance(slot, str)}


@dataclass(frozen=True, slots=True)
class Body:
    """One alternative of a query: patterns that must hold, groups that may, and values that variables may have."""

    patterns: tuple[Pattern, ...]
    optional: tuple[tuple[Pattern, ...], ...] = ()
    values: tuple[tuple[dict[str, Term], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """What a query makes (`head`, for a CONSTRUCT) out of which alternatives."""

    head: tuple[Pattern, ...]
    bodies: tuple[Body, ...]


_TOKEN = re.compile(
    r"""\s+ | \#[^\n]* | (?P<iri><[^<>\s]*>) | (?P<text>"(?:[^"\\]|\\.)*") | (?P<var>[?$]\w+)
    | (?P<name>[A-Za-z][\w-]*:[\w-]* | :[\w-]+) | (?P<number>\d+) | (?P<word>\w+) | (?P<mark>\|\||&&|[<>!]=|\^\^|.)""",
    re.VERBOSE,
)


@dataclass(slots=True)
class _Group:
    patterns: list[Pattern] = field(default_factory=list)
    optional: list[tuple[Pattern, ...]] = field(default_factory=list)
    values: list[tuple[dict[str, Term], ...]] = field(default_factory=list)
    unions: list[list[Body]] = field(default_factory=list)

    def bodies(self) -> list[Body]:
        found = [Body(tuple(self.patterns), tuple(self.optional), tuple(self.values))]
        for union in self.unions:
            found = [
                Body(a.patterns + b.patterns, a.optional + b.optional, a.values + b.values)
                for a in found
                for b in union
            ]
        return found


class Reader:
    """Reads one query, token by token."""

    def __init__(self, text: str, prefixes: dict[str, str]) -> None:
        self.pieces = [
            (match.lastgroup, match.group()) for match in _TOKEN.finditer(text) if match.lastgroup is not None
        ]
        self.at = 0
        self.prefixes = dict(prefixes)
        self.fresh = 0

    def look(self) -> str:
        return self.pieces[self.at][1] if self.at < len(self.pieces) else ""

    def take(self, *expected: str) -> str:
        found = self.look()
        if not found or (expected and found.upper() not in expected):
            raise ValueError(f"«{found}» where {' or '.join(expected) or 'more'} was expected")
        self.at += 1
        return found

    def query(self) -> Query:
        while self.look().upper() == "PREFIX":
            self.take()
            name = self.take().removesuffix(":")
            self.prefixes[name] = self.take()[1:-1]
        head: tuple[Pattern, ...] = ()
        if self.take("CONSTRUCT", "SELECT").upper() == "CONSTRUCT":
            self.take("{")
            group = _Group()
            self.triples(group)
            head = tuple(group.patterns)
            self.take("}")
        else:
            while self.look().upper() not in ("WHERE", "{", ""):
                self.take()
        if self.look().upper() == "WHERE":
            self.take()
        bodies = self.group().bodies()
        if self.look():
            raise ValueError(f"«{self.look()}» after the pattern")
        return Query(head, tuple(bodies))

    def group(self) -> _Group:
        self.take("{")
        group = _Group()
        while (word := self.look().upper()) != "}":
            if word == "{":
                union = self.group().bodies()
                while self.look().upper() == "UNION":
                    self.take()
                    union += self.group().bodies()
                group.unions.append(union)
            elif word == "OPTIONAL":
                self.take()
                inner = self.group()
                if inner.optional or inner.values or inner.unions:
                    raise ValueError("an OPTIONAL may hold triple patterns only")
                group.optional.append(tuple(inner.patterns))
            elif word == "FILTER":
                self.take()
                if self.look() != "(":
                    self.take()  # the name of a function
                self.brackets()
            elif word == "BIND":
                self.bind(group)
            elif word == "VALUES":
                self.take()
                group.values.append(self.rows())
            elif word == ".":
                self.take()
            else:
                self.triples(group)
        self.take("}")
        return group

    def brackets(self) -> list[str]:
        """Everything up to the closing bracket, unread; a query inside (EXISTS) would read triples, so it may not."""
        self.take("(")
        depth, inside = 1, []
        while depth:
            piece = self.take()
            depth += {"(": 1, ")": -1}.get(piece, 0)
            if piece == "{":
                raise ValueError("a pattern inside an expression")
            inside.append(piece)
        return inside[:-1]

    def bind(self, group: _Group) -> None:
        """A variable that gets a constant is as good as VALUES; a computed one can be anything."""
        self.take()
        start = self.at
        inside = self.brackets()
        end, self.at = self.at, start + 1
        if len(inside) == 3 and inside[1].upper() == "AS" and not inside[0].startswith(("?", "$")):
            value = self.slot()
            assert not isinstance(value, str)
            group.values.append(({inside[2][1:]: value},))
        self.at = end

    def rows(self) -> tuple[dict[str, Term], ...]:
        wide = self.look() == "("
        names = []
        if wide:
            self.take()
        while self.look().startswith(("?", "$")):
            names.append(self.take()[1:])
        if wide:
            self.take(")")
        self.take("{")
        rows = []
        while self.look() != "}":
            if wide:
                self.take("(")
            row: dict[str, Term] = {}
            for name in names:
                if self.look() == "UNDEF":
                    self.take()
                    continue
                value = self.slot()
                if isinstance(value, str):
                    raise ValueError("a variable among VALUES")
                row[name] = value
            if wide:
                self.take(")")
            rows.append(row)
        self.take("}")
        return tuple(rows)

    def slot(self) -> Slot:
        kind, piece = self.pieces[self.at]
        self.at += 1
        if kind == "var":
            return piece[1:]
        if kind == "iri":
            return ox.NamedNode(piece[1:-1])
        if kind == "name":
            prefix, _, local = piece.partition(":")
            return ox.NamedNode(self.prefixes[prefix] + local)
        if kind == "text" and self.look() not in ("@", "^^"):
            return ox.Literal(piece[1:-1])
        if piece == "a":
            return RDF_TYPE
        raise ValueError(f"«{piece}» is not read")

    def triples(self, group: _Group) -> None:
        subject = self.slot()
        while True:
            steps = [(self.slot(), self.many())]
            while self.look() == "/":
                self.take()
                steps.append((self.slot(), self.many()))
            while True:
                obj = self.slot()
                here = subject
                for number, (predicate, many) in enumerate(steps):
                    last = number == len(steps) - 1
                    self.fresh += 0 if last else 1
                    there: Slot = obj if last else f" {self.fresh}"
                    group.patterns.append(Pattern(here, predicate, there, many))
                    here = there
                if self.look() != ",":
                    break
                self.take()
            if self.look() != ";":
                break
            self.take()
        if self.look() == ".":
            self.take()

    def many(self) -> bool:
        if self.look() == "+":
            self.take()
            return True
        if self.look() in ("*", "?", "|", "^"):
            raise ValueError(f"the path operator {self.look()} is not read")
        return False


def read(text: str, prefixes: dict[str, str] | None = None) -> Query:
    """The patterns of a SELECT or CONSTRUCT; `prefixes` are those declared outside it. Raises ValueError."""
    try:
        return Reader(text, prefixes or {}).query()
    except IndexError:
        raise ValueError("the query ends too early") from None


def slots(pattern: Pattern) -> Iterator[Slot]:
    yield from (pattern.subject, pattern.predicate, pattern.object)

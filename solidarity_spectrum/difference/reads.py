"""What a question reads: the triples that can change its answer, and what else must then hold.

A triple changes an answer only where it fits a pattern of the query and the patterns around that one hold too, before
or after the change. Whatever else a query does (filters, values computed, groups) is passed over, so that a question
may be taken to change although it does not, and never the other way round. What is not read here raises ValueError;
such a question is asked again whatever changed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, product

import pyoxigraph as ox

from solidarity_spectrum.matching import Bindings, Matcher
from solidarity_spectrum.patterns import Pattern, Reader, Slot, slots
from solidarity_spectrum.view import Term, View

MAX_STEPS = 5_000
"""Triples looked at for one question; one that needs more is taken to change."""
_MAX_BRANCHES = 400
Values = tuple[dict[str, Term], ...]
_XSD = "http://www.w3.org/2001/XMLSchema#"


@dataclass(frozen=True, slots=True)
class Use:
    """A pattern that a changed triple may fit, with the patterns and values that must hold beside it.

    The variables in `loose` are bound by an optional part only: what comes after it may bind them to something else.
    """

    pattern: Pattern
    beside: tuple[Pattern, ...] = ()
    values: tuple[Values, ...] = field(default=(), compare=False)
    loose: frozenset[str] = frozenset()

    def joined(self, other: "Branch") -> "Use":
        away = {name: f"{name} elsewhere" for name in self.loose}
        more = tuple(_renamed(pattern, away) for pattern in other.required)
        return replace(self, beside=self.beside + more, values=self.values + _renamed_values(other.values, away))

    def variables(self) -> set[str]:
        return self.pattern.variables().union(*(pattern.variables() for pattern in self.beside))


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative of a group: what must hold, what may be read, and variables that are others by another name."""

    required: tuple[Pattern, ...] = ()
    values: tuple[Values, ...] = ()
    uses: tuple[Use, ...] = ()
    loose: frozenset[str] = frozenset()
    same: tuple[tuple[str, str], ...] = ()

    def bound(self) -> set[str]:
        return set().union(*(pattern.variables() for pattern in self.required))

    def join(self, other: "Branch") -> "Branch":
        uses = [use.joined(other) for use in self.uses] + [use.joined(self) for use in other.uses]
        required = self.required + other.required
        return Branch(
            required,
            self.values + other.values,
            tuple(uses),
            (self.loose | other.loose) - set().union(*(pattern.variables() for pattern in required)),
            self.same + other.same,
        )

    def beside(self, inner: "Branch", optional: bool) -> "Branch":
        """With a part that may hold (`optional`), or that rows are filtered by."""
        inner = inner.settled()
        own = frozenset(inner.bound() | inner.loose) - self.bound()
        uses = [replace(use, loose=use.loose | own).joined(self) for use in inner.uses]
        return replace(self, uses=self.uses + tuple(uses), loose=self.loose | (own if optional else frozenset()))

    def renamed(self, names: dict[str, str]) -> "Branch":
        return Branch(
            tuple(_renamed(pattern, names) for pattern in self.required),
            _renamed_values(self.values, names),
            tuple(
                Use(
                    _renamed(use.pattern, names),
                    tuple(_renamed(pattern, names) for pattern in use.beside),
                    _renamed_values(use.values, names),
                    frozenset(names.get(name, name) for name in use.loose),
                )
                for use in self.uses
            ),
            frozenset(names.get(name, name) for name in self.loose),
            tuple((names.get(a, a), names.get(b, b)) for a, b in self.same),
        )

    def settled(self) -> "Branch":
        """Other names put down to the first."""
        branch = self
        while branch.same:
            (name, first), *rest = branch.same
            branch = replace(branch, same=tuple(rest)).renamed({name: first})
        return branch


def _renamed(pattern: Pattern, names: dict[str, str]) -> Pattern:
    if not names:
        return pattern
    subject, predicate, obj = (names.get(slot, slot) if isinstance(slot, str) else slot for slot in slots(pattern))
    return Pattern(subject, predicate, obj, pattern.many)


def _renamed_values(values: tuple[Values, ...], names: dict[str, str]) -> tuple[Values, ...]:
    return tuple(tuple({names.get(n, n): term for n, term in row.items()} for row in rows) for rows in values)


@dataclass(frozen=True, slots=True)
class _Step:
    predicate: Slot
    back: bool = False
    many: bool = False


class _Reader(Reader):
    """Reads the queries of the catalogue into branches."""

    def whole(self) -> list[Branch]:
        while self.look().upper() == "PREFIX":
            self.take()
            name = self.take().removesuffix(":")
            self.prefixes[name] = self.take()[1:-1]
        self.take("SELECT")
        self.projection()
        branches = self.part()
        if "{" in (piece for _, piece in self.pieces[self.at :]):
            raise ValueError("a pattern after the pattern")
        return branches

    def projection(self) -> set[str]:
        """The variables that a SELECT gives; an empty set for all."""
        names: set[str] = set()
        depth = 0
        while self.look().upper() not in ("WHERE", "{", ""):
            piece = self.take()
            depth += {"(": 1, ")": -1}.get(piece, 0)
            before = self.pieces[self.at - 2][1].upper()
            if piece[0] in "?$" and (not depth or before == "AS"):
                names.add(piece[1:])
        if self.look().upper() == "WHERE":
            self.take()
        return names

    def part(self) -> list[Branch]:
        """A group: `{ … }`."""
        self.take("{")
        branches = [Branch()]
        filters: list[list[Branch]] = []

        def joined(parts: list[Branch]) -> list[Branch]:
            if len(branches) * len(parts) > _MAX_BRANCHES:
                raise ValueError("too many alternatives")
            return [a.join(b) for a in branches for b in parts]

        while (word := self.look().upper()) != "}":
            if word == "SELECT":
                branches = joined(self.inner_select())
            elif word == "{":
                parts = self.part()
                while self.look().upper() == "UNION":
                    self.take()
                    parts += self.part()
                branches = joined(parts)
            elif word in ("OPTIONAL", "MINUS"):
                self.take()
                parts = self.part()
                for inner in parts:
                    branches = [branch.beside(inner, word == "OPTIONAL") for branch in branches]
            elif word == "GRAPH":
                self.take()
                self.slot()
                branches = joined(self.part())
            elif word == "FILTER":
                self.take()
                while self.look() not in ("(", "{"):
                    self.take()  # the name of a function, or EXISTS
                filters += [self.part()] if self.look() == "{" else self.expression()[1]
            elif word == "BIND":
                branches = [self.named(branch, *found) for found in [self.bound_to()] for branch in branches]
            elif word == "VALUES":
                self.take()
                branches = joined([Branch(values=(self.rows(),))])
            elif word == ".":
                self.take()
            else:
                for more in self.statements():
                    branches = joined([more])
        self.take("}")
        for parts in filters:
            for inner in parts:
                branches = [branch.beside(inner, optional=False) for branch in branches]
        return branches

    def inner_select(self) -> list[Branch]:
        self.take()
        names = self.projection()
        parts = [branch.settled() for branch in self.part()]
        while self.look() != "}":
            if self.take().upper() in ("LIMIT", "OFFSET", "{"):
                raise ValueError("a query inside that is cut")
        self.fresh += 1
        mark = self.fresh
        result = []
        for branch in parts:
            every = branch.bound() | branch.loose
            every = every.union(*(use.variables() for use in branch.uses), *(row for v in branch.values for row in v))
            result.append(branch.renamed({name: f"{name} {mark}" for name in every - names} if names else {}))
        return result

    def expression(self) -> tuple[list[str], list[list[Branch]]]:
        """The pieces between brackets, and the groups inside (EXISTS)."""
        self.take("(")
        depth, pieces, groups = 1, [], []
        while depth:
            if self.look() == "{":
                groups.append(self.part())
                continue
            piece = self.take()
            depth += {"(": 1, ")": -1}.get(piece, 0)
            pieces.append(piece)
        return pieces[:-1], groups

    def bound_to(self) -> tuple[str, str]:
        """What BIND names: the variable, and the one that it is another name of, or ""."""
        self.take()
        pieces, groups = self.expression()
        if groups:
            raise ValueError("a pattern inside an expression")
        name = pieces[-1][1:]
        what = [piece for piece in pieces[:-2] if piece not in ("(", ")", ",")]
        if len(what) == 1 and what[0][0] in "?$":
            return name, what[0][1:]
        # Where the first has no value, a text takes its place, which is the subject of nothing.
        first = what[1][1:] if len(what) == 3 and what[0].upper() == "COALESCE" and what[2] == '""' else ""
        if not first or what[1][0] not in "?$" or name in self.objects:
            return name, ""
        self.subjects.add(name)
        return name, first

    def __init__(self, text: str, objects: set[str]) -> None:
        super().__init__(text, {})
        self.subjects: set[str] = set()
        self.objects = objects
        """Variables that stand where a text may stand."""
        self.ends: set[str] = set()

    @staticmethod
    def named(branch: Branch, name: str, first: str) -> Branch:
        if not first or first in branch.loose or name in branch.bound():
            return branch
        return replace(branch, same=(*branch.same, (name, first)))

    def slot(self) -> Slot:
        kind, piece = self.pieces[self.at]
        if kind == "number":
            self.at += 1
            return ox.Literal(piece, datatype=ox.NamedNode(_XSD + "integer"))
        if piece in ("true", "false"):
            self.at += 1
            return ox.Literal(piece, datatype=ox.NamedNode(_XSD + "boolean"))
        if kind == "text" and self.pieces[self.at + 1][1] in ("@", "^^"):
            self.at += 2
            mark, (_, tag) = self.pieces[self.at - 1][1], self.pieces[self.at]
            if mark == "@":
                self.at += 1
                return ox.Literal(piece[1:-1], language=tag)
            datatype = super().slot()
            assert isinstance(datatype, ox.NamedNode)
            return ox.Literal(piece[1:-1], datatype=datatype)
        return super().slot()

    def statements(self) -> Iterator[Branch]:
        subject = self.slot()
        while True:
            alternatives = self.alternatives()
            while True:
                yield from self.path(subject, alternatives, self.slot())
                if self.look() != ",":
                    break
                self.take()
            while self.look() == ";":
                self.take()
                again = self.look() not in (".", "}", ";")
                if again:
                    break
            else:
                break
            if not again:
                break
        if self.look() == ".":
            self.take()

    def alternatives(self) -> list[tuple[_Step, ...]]:
        """The ways that a property path may go."""
        found = self.sequence()
        while self.look() == "|":
            self.take()
            found += self.sequence()
        return found

    def sequence(self) -> list[tuple[_Step, ...]]:
        found = self.element()
        while self.look() == "/":
            self.take()
            found = [a + b for a, b in product(found, self.element())]
        return found

    def element(self) -> list[tuple[_Step, ...]]:
        back = self.look() == "^"
        if back:
            self.take()
        if self.look() == "(":
            self.take()
            found = self.alternatives()
            self.take(")")
        else:
            found = [(_Step(self.slot()),)]
        if back:
            found = [tuple(replace(step, back=not step.back) for step in reversed(way)) for way in found]
        if self.look() == "?":
            self.take()
            found = [*found, ()]
        elif self.look() in ("*", "+"):
            self.take()
            if len(found) != 1 or len(found[0]) != 1:
                raise ValueError("a repeated path of several properties")
            found = [(replace(found[0][0], many=True),)]
        return found

    def path(self, subject: Slot, ways: list[tuple[_Step, ...]], obj: Slot) -> Iterator[Branch]:
        if len(ways) == 1 and not any(step.many for step in ways[0]):
            for pattern in self.along(subject, ways[0], obj):
                yield Branch((pattern,), uses=(Use(pattern),))
            return
        if all(len(way) == 1 and not way[0].back and not way[0].many for way in ways):
            self.fresh += 1
            name = f" {self.fresh}"
            rows: Values = tuple({name: way[0].predicate} for way in ways if not isinstance(way[0].predicate, str))
            pattern = Pattern(subject, name, obj)
            self.ends |= {obj} if isinstance(obj, str) else set()
            yield Branch((pattern,), (rows,), (Use(pattern, values=(rows,)),))
            return
        uses = []
        for way in ways:
            steps = self.along(subject, way, obj)
            uses += [Use(each, tuple(s for s in steps if s is not each and not s.many)) for each in steps]
        yield Branch(uses=tuple(uses))  # which way it goes is not known, so that it does not bind its ends

    def along(self, subject: Slot, way: tuple[_Step, ...], obj: Slot) -> list[Pattern]:
        patterns, here = [], subject
        for number, step in enumerate(way):
            last = number == len(way) - 1
            self.fresh += 0 if last else 1
            there: Slot = obj if last else f" {self.fresh}"
            ends = (there, here) if step.back else (here, there)
            self.ends |= {ends[1]} if isinstance(ends[1], str) else set()
            patterns.append(Pattern(ends[0], step.predicate, ends[1], step.many))
            here = there
        return patterns


def read(text: str) -> tuple[Use, ...]:
    """All uses of the patterns of a SELECT query. Raises ValueError for what is not read here."""
    objects: set[str] = set()
    while True:
        reader = _Reader(text, objects)
        try:
            branches = [branch.settled() for branch in reader.whole()]
        except IndexError:
            raise ValueError("the query ends too early") from None
        wrong = reader.subjects & reader.ends
        if not wrong:
            break
        objects |= wrong
    uses = {}
    for branch in branches:
        for use in branch.uses:
            variables = use.variables()
            values = tuple(rows for rows in use.values if any(variables & row.keys() for row in rows))
            key = use.pattern, frozenset(use.beside), str(values)
            uses[key] = Use(use.pattern, tuple(dict.fromkeys(use.beside)), values)
    return tuple(uses.values())


def affected(uses: Iterable[Use], view: View, changed: Iterable[ox.Triple]) -> bool:
    """Whether triples that came or went may change the answer of a query that has these uses.

    `view` is the graph as it was and as it is, together.
    """
    by_predicate: dict[Slot | None, list[Use]] = {}
    for use in uses:
        predicate = use.pattern.predicate
        by_predicate.setdefault(None if isinstance(predicate, str) else predicate, []).append(use)
    search = _Search(view)
    try:
        for triple in changed:
            for use in (*by_predicate.get(triple.predicate, ()), *by_predicate.get(None, ())):
                if search.may_matter(use, triple):
                    return True
    except _TooMuch:
        return True
    return False


class _TooMuch(Exception):
    pass


class _Search(Matcher):
    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.steps = 0
        self.known: dict[tuple[frozenset[Pattern], tuple[tuple[str, Term], ...]], bool] = {}

    def may_matter(self, use: Use, triple: ox.Triple) -> bool:
        for start in self.fits(use.pattern, triple):
            starts = [start]
            for rows in use.values:
                starts = [{**s, **row} for s in starts for row in rows if all(s.get(k, v) == v for k, v in row.items())]
            if any(self.all_hold(use.beside, given) for given in starts):
                return True
        return False

    def all_hold(self, patterns: tuple[Pattern, ...], given: Bindings) -> bool:
        """Whether patterns hold together. What hangs together by variables is looked at apart from the rest."""
        rest = list(patterns)
        while rest:
            part, names = [rest.pop()], set[str]()
            names |= part[0].variables() - given.keys()
            while more := [pattern for pattern in rest if pattern.variables() & names]:
                part += more
                rest = [pattern for pattern in rest if pattern not in more]
                names |= set().union(*(pattern.variables() for pattern in more)) - given.keys()
            own = {name: term for name, term in given.items() if any(name in p.variables() for p in part)}
            key = frozenset(part), tuple(sorted(own.items(), key=lambda item: item[0]))
            if key not in self.known:
                self.known[key] = self.hold(tuple(part), own)
            if not self.known[key]:
                return False
        return True

    def hold(self, rest: tuple[Pattern, ...], found: Bindings) -> bool:
        if not rest:
            return True
        free = {pattern: len(pattern.variables() - found.keys()) for pattern in rest}
        least = [pattern for pattern in rest if free[pattern] == min(free.values())]
        chosen = least[0]
        for pattern in least if len(least) > 1 else ():
            if len(list(islice(self.rows(pattern, found), 8))) < 8:
                chosen = pattern
                break
        others = tuple(pattern for pattern in rest if pattern is not chosen)
        for more, _ in self.rows(chosen, found):
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise _TooMuch
            if self.hold(others, more):
                return True
        return False

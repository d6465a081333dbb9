"""Where terms stand in Turtle, TriG, N-Triples and N-Quads: parsers give triples without lines, people need lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

# Quantifiers are possessive and what is left open runs to the end, so that no text takes more than linear time.
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*+)
    |(?P<text>"{3}(?:[^"\\]|\\.|"(?!""))*+(?:"{3}|\Z)|'{3}(?:[^'\\]|\\.|'(?!''))*+(?:'{3}|\Z)
        |"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?)
    |<(?P<iri>[^<>\s]*+)>
    |(?P<prefix>@prefix|@base|(?:prefix|base)(?=\s))
    |(?P<name>(?:_|[^\W\d_][\w.-]*+)?:(?:[\w:%.-]*[\w:%-])?)
    |(?P<word>a(?=[\s<])|[\w+-][\w.+-]*+)
    |(?P<mark><<|[.;,{}()\[\]^@])""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\'": "'", "\\\\": "\\"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: str
    offset: int


class Positions:
    """The terms of one document, statement by statement."""

    def __init__(self, text: str) -> None:
        self._lines = [0] + [match.end() for match in re.finditer("\n", text)]
        self._statements: dict[str, list[list[_Token]]] = {}
        statement: list[_Token] = []
        self.triple_term = (0, 0)
        """Line and column of the first «<<» of RDF 1.2, or (0, 0)."""
        for token in _tokens(text):
            if token.value == "<<" and token.kind == "mark" and not self.triple_term[0]:
                self.triple_term = self._at(token)
            if token.kind == "mark" and token.value in ".{}":
                self._close(statement)
                statement = []
            else:
                statement.append(token)
        self._close(statement)

    def _close(self, statement: list[_Token]) -> None:
        if statement:
            self._statements.setdefault(statement[0].value, []).append(statement)

    def locate(self, focus: str, path: str = "", value: str = "") -> tuple[int, int]:
        """Line and column (from 1) of a value of a subject's property, of the property, or of the subject;
        (0, 0) if the subject does not stand in the document."""
        statements = self._statements.get(focus, [])
        best: _Token | None = statements[0][0] if statements else None
        for statement in statements:
            after = False
            for token in statement[1:]:
                if token.kind == "iri" and token.value == path:
                    best, after = token, True
                    if not value:
                        return self._at(token)
                elif after and value and token.value == value:
                    return self._at(token)
        return self._at(best) if best else (0, 0)

    def find(self, iri: str) -> tuple[int, int]:
        """Line and column of the first place where an IRI stands, or (0, 0)."""
        for statements in self._statements.values():
            for statement in statements:
                for token in statement:
                    if token.value == iri:
                        return self._at(token)
        return (0, 0)

    def _at(self, token: _Token) -> tuple[int, int]:
        low, high = 0, len(self._lines)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._lines[middle] <= token.offset else (low, middle)
        return low + 1, token.offset - self._lines[low] + 1


def _tokens(text: str) -> Iterator[_Token]:
    """Terms (IRIs expanded, literals as their text) and punctuation; prefix declarations are taken in, not given."""
    prefixes: dict[str, str] = {}
    base = ""
    declaring = ""
    name = ""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        value = match.group(kind)
        if kind == "comment":
            continue
        if kind == "prefix":
            declaring, name = value.lower().lstrip("@"), ""
        elif declaring == "prefix" and kind == "name" and not name:
            name = value
        elif declaring and kind == "iri":
            if declaring == "base":
                base = urljoin(base, value)
            else:
                prefixes[name.removesuffix(":")] = urljoin(base, value)
            declaring = ""
        elif kind == "iri":
            yield _Token("iri", urljoin(base, value) if base else value, match.start())
        elif kind == "name":
            prefix, _, local = value.partition(":")
            yield _Token("iri", prefixes.get(prefix, prefix + ":") + local, match.start())
        elif kind == "word":
            yield _Token("iri" if value == "a" else "text", _TYPE if value == "a" else value, match.start())
        elif kind == "text":
            quote = 3 if value[:3] in ('"""', "'''") else 1
            inner = re.sub(r"\\.", lambda m: _ESCAPES.get(m.group(), m.group()), value[quote:-quote])
            yield _Token("text", inner, match.start())
        else:
            yield _Token("mark", value, match.start())

"""Where terms stand in Turtle, TriG, N-Triples, N-Quads and RDF/XML: parsers give triples without lines, people need
lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from urllib.parse import urljoin
from xml.parsers import expat

from solidarity_spectrum.findings import Finding, InputError, Place, violation

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
MAX_TOKENS = 2_000_000
"""What stands after so many terms and marks has no place: each takes some hundred bytes."""
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
        self._text = text
        self.triple_term = (0, 0)
        """Line and column of the first «<<» of RDF 1.2, or (0, 0)."""
        if "<<" in text:
            marks = (token for token in _tokens(text) if token.value == "<<" and token.kind == "mark")
            self.triple_term = next((self._at(token) for token in marks), (0, 0))

    @cached_property
    def _lines(self) -> list[int]:
        return [0] + [match.end() for match in re.finditer("\n", self._text)]

    @cached_property
    def _statements(self) -> dict[str, list[list[_Token]]]:
        """The statements by subject; made when a place is asked for, which most documents need not."""
        found: dict[str, list[list[_Token]]] = {}
        statement: list[_Token] = []
        for token in islice(_tokens(self._text), MAX_TOKENS):
            if token.kind == "mark" and token.value in ".{}":
                if statement:
                    found.setdefault(statement[0].value, []).append(statement)
                statement = []
            else:
                statement.append(token)
        if statement:
            found.setdefault(statement[0].value, []).append(statement)
        return found

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


_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML_BASE = "http://www.w3.org/XML/1998/namespacebase"
_ABSOLUTE = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]*\Z')
NO_RDF_1_2 = (
    "triple terms and text directions of RDF 1.2 are not accepted: use a Connection",
    "az RDF 1.2 hármaskifejezései és szövegirányai nem megengedettek: használjon Connection rekordot",
)


class Elements:
    """The elements of an RDF/XML document, by subject and property; what is not well-formed is in `findings`.

    Raises InputError for entity declarations, which could expand without end, and for triple terms, whose depth would
    overflow the stack of the RDF parser.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self._places: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
        self._subjects: list[str] = []  # of each open element, "" where it has none
        self._parser = expat.ParserCreate("utf-8", "")
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended
        self._parser.EntityDeclHandler = self._declared
        self._parser.CharacterDataHandler = self._text
        self._written: list[str] = []
        self._based = False
        try:
            self._parser.Parse(text.encode(), True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            place = Place(file, error.lineno, error.offset + 1)
            self.findings.append(violation("syntax", place, f"not valid XML: {reason}", f"hibás XML: {reason}"))

    def locate(self, focus: str, path: str = "", value: str = "") -> Place | None:
        """The place of a value of a subject's property, of the property, or of the subject."""
        found = self._places.get((focus, path)) or self._places.get((focus, ""), [])
        best = next((each for each in found if value and each[0] == value), found[0] if found else None)
        return Place(self.file, *best[1:]) if best else None

    def _here(self) -> tuple[int, int]:
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        if attributes.get(_RDF + "parseType") == "Triple":
            raise InputError([violation("syntax", Place(self.file, *self._here()), *NO_RDF_1_2)])
        self._based |= _XML_BASE in attributes
        for attribute in (_RDF + "about", _RDF + "resource", _RDF + "datatype"):
            value = attributes.get(attribute)
            if value is not None and not self._based and not _ABSOLUTE.match(value):
                en, hu = f"«{value}» is not an absolute IRI", f"«{value}» nem teljes IRI"
                self.findings.append(violation("syntax", Place(self.file, *self._here()), en, hu))
        subject = attributes.get(_RDF + "about", "")
        if subject:
            self._places.setdefault((subject, ""), []).append(("", *self._here()))
        elif self._subjects and self._subjects[-1]:
            value = attributes.get(_RDF + "resource", "")
            self._places.setdefault((self._subjects[-1], name), []).append((value, *self._here()))
        self._written = []
        self._subjects.append(subject)

    def _ended(self, name: str) -> None:
        self._subjects.pop()
        written = "".join(self._written)
        if (
            written.strip()
            and self._subjects
            and (at := self._places.get((self._subjects[-1], name)))
            and not at[-1][0]
        ):
            at[-1] = (written, *at[-1][1:])
        self._written = []

    def _text(self, text: str) -> None:
        self._written.append(text)

    def _declared(self, *_: object) -> None:
        place = Place(self.file, *self._here())
        en, hu = "entity declarations are not allowed", "entitásdeklaráció nem megengedett"
        raise InputError([violation("syntax", place, en, hu)])

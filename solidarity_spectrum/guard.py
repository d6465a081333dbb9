"""Refusal before evaluation: a scan of the tokens of a query for what no stranger may ask.

The scan knows strings, IRIs, comments, variables and prefixed names, so that the word SERVICE inside one of them
is no reason to refuse. It is the polite half of the protection: a text made to be read differently by this scan
and by the parser still ends in a worker that can open no connection and no file, and that costs nothing to lose.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

MAX_NESTING = 200
"""Brackets within brackets. The evaluator's stack overflows somewhere above 1,600 (measured)."""
MAX_PATTERNS = 400
"""Triple patterns. Planning a join of 400 takes tens of seconds (measured), so more can only end at the time limit."""
MAX_OPERATORS = 1000
"""Operators and clauses in a row nest inside the evaluator too: 1,500 are safe, 12,000 overflow (measured)."""

MAX_TOKENS = 20_000
"""Words, marks and names of a query, or one for each five bytes where longer ones are allowed. Reading more costs more
time (60 ms, measured) than most answers."""

_PROLOGUE = frozenset({"BASE", "PREFIX", "VERSION"})
_FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
UPDATES = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"})
_CLAUSES = frozenset({"UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "GRAPH", "EXISTS", "AS", "LATERAL", "VALUES"})
_VOLATILE = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})

# The order matters: the first alternative that fits wins, as in the grammar of SPARQL 1.1, section 19.8. Quantifiers
# are possessive and what is left open runs to the end, so that no text takes more than linear time.
_LOCAL = r"(?: [\w:\-] | %[0-9A-Fa-f]{2} | \\[_~.\-!$&'()*+,;=/?\#@%] )"
_TOKEN = re.compile(
    rf"""
      (?P<skip>   \s++ | \#[^\r\n]*+ )
    | (?P<iri>    <[^<>"{{}}|^`\\\x00-\x20]*+> )
    | (?P<text>   \"{{3}} (?: (?!\"{{3}}) [^\\] | \\. )*+ (?: \"{{3}} | .*+ )
                | '{{3}}  (?: (?!'{{3}})  [^\\] | \\. )*+ (?: '{{3}}  | .*+ )
                | \" (?: [^"\\\r\n] | \\. )*+ (?: \" | .*+ )
                | '  (?: [^'\\\r\n] | \\. )*+ (?: '  | .*+ ) )
    | (?P<tag>    @[A-Za-z]++(?:-[A-Za-z0-9]++)*+ )
    | (?P<var>    [?$]\w++ )
    | (?P<name>   (?: [^\W\d_][\w.\-]*+ )? : (?: {_LOCAL} (?: \.*+ {_LOCAL} )*+ )?
                | _:\w (?: \.*+ [\w\-] )*+ )
    | (?P<number> (?: \d++(?:\.\d++)? | \.\d++ ) (?: [eE][+\-]?\d++ )? )
    | (?P<words>  [^\W\d][\w.\-]*+ )
    | (?P<mark>   . )
    """,
    re.VERBOSE | re.DOTALL,
)
_WORD_OR_MARK = re.compile(r"\w+|.")


class Refused(Exception):
    """The query is not evaluated. `status` is the HTTP status that says why best."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Call:
    """A place in a query that asks another server: SERVICE or LOAD, from `start` to `end`.

    `address` is None if it is no IRI written out; `rest` is the group of a SERVICE, or where LOAD puts the triples
    (`GRAPH <...>`, or `DEFAULT`).
    """

    start: int
    end: int
    address: str | None
    silent: bool
    rest: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What the tokens say of a query: its form (None if unclear), whether it names its dataset, and whether the same
    query can give another answer on the same data; the graphs of its FROM clauses that are IRIs written out, its
    outermost SERVICE clauses, where its prologue ends, and where what is asked begins after the template of a
    CONSTRUCT."""

    form: str | None
    has_dataset: bool
    volatile: bool
    graphs: tuple[str, ...] = ()
    services: tuple[Call, ...] = ()
    prologue: int = 0
    body: int = 0


@dataclass(frozen=True, slots=True)
class UpdateScan:
    """What the tokens say of an update: whether it says of itself all that it does, whether it names its dataset
    (USING, WITH), its LOAD operations, and the places where a dataset of the request belongs: before a WHERE (start
    and end are the same), or in place of the WHERE of a DELETE WHERE."""

    replayable: bool
    has_dataset: bool
    loads: tuple[Call, ...]
    wheres: tuple[Call, ...]


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def _tokens(query: str) -> Iterator[_Token]:
    """Words (in capitals), marks, IRIs and names of a query, in order; of strings, comments and variables nothing."""
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup
        if kind in ("mark", "iri", "name"):
            yield _Token(kind, match.group(), *match.span())
        elif kind == "words":  # words joined by dots and hyphens that turned out to be no prefix
            for piece in _WORD_OR_MARK.finditer(match.group()):
                word = piece.group().upper()
                start, end = match.start() + piece.start(), match.start() + piece.end()
                yield _Token("word" if word[0].isalpha() else "mark", word, start, end)


def _measure(tokens: Iterable[_Token], most: float = math.inf) -> list[tuple[_Token, int]]:
    """The tokens, each with the depth of brackets it stands in. Raises Refused for what is too deep, wide or long."""
    measured: list[tuple[_Token, int]] = []
    brackets: list[str] = []
    patterns = operators = data = 0
    for token in tokens:
        text = token.text
        if token.kind == "word":
            operators += text in _CLAUSES
            if text == "DATA":
                data = len(brackets) + 1  # what is said there is no pattern to be joined
        elif token.kind == "mark":
            if text in "})]":
                del brackets[-1:]
                data = data if len(brackets) >= data else 0
            elif text in ".;,":
                patterns += bool(brackets) and brackets[-1] != "(" and not data
            elif text in "+-*/|&!":
                operators += 1
        measured.append((token, len(brackets)))
        if token.kind == "mark" and text in "{([":
            brackets.append(text)
            patterns += text == "[" and not data
        if len(brackets) > MAX_NESTING or patterns > MAX_PATTERNS or operators > MAX_OPERATORS:
            deep, wide = len(brackets) > MAX_NESTING, patterns > MAX_PATTERNS
            limit = MAX_NESTING if deep else MAX_PATTERNS if wide else MAX_OPERATORS
            what = "levels of brackets" if deep else "triple patterns" if wide else "operators and clauses"
            raise Refused(400, f"The query has more than {limit} {what}, the limit here.")
        if len(measured) > most:
            raise Refused(400, f"The query has more than {most} words, names and marks, the limit here.")
    return measured


def scan(query: str, *, max_bytes: int, allow_service: bool = False) -> Scan:
    """Look at a query before it is evaluated.

    `allow_service` is for people at their own machine, and for who looks at `services` next. Raises Refused if the
    query is too long, too deep or too wide, or asks for more than to read this store.
    """
    if len(query.encode()) > max_bytes:
        raise Refused(413, f"The query is longer than {max_bytes} bytes, the limit here.")
    tokens = _measure(_tokens(query), max(MAX_TOKENS, max_bytes // 5))
    words = {token.text for token, _ in tokens if token.kind == "word"}
    if "SERVICE" in words and not allow_service:
        raise Refused(403, "SERVICE is refused: this endpoint sends no requests to other servers.")
    first = next((token for token, _ in tokens if token.kind == "word" and token.text not in _PROLOGUE), None)
    form = first.text if first else ""
    place = next((place for place, (token, _) in enumerate(tokens) if token == first), 0)
    template = _group(tokens, place + 1)
    if form in UPDATES:
        raise Refused(400, "This is an update: send it as one, by POST, as «update» or application/sparql-update.")
    return Scan(
        form=form if form in _FORMS else None,
        has_dataset="FROM" in words,
        volatile=not _VOLATILE.isdisjoint(words),
        graphs=tuple(_from(tokens)),
        services=tuple(_services(query, tokens)),
        prologue=first.start if first else 0,
        body=0 if first is None else first.end if template is None else tokens[template][0].end,
    )


def scan_update(update: str, *, max_bytes: int) -> UpdateScan:
    """Look at an update before it is done. Raises Refused if it is too long, too deep or too wide, or names SERVICE."""
    if len(update.encode()) > max_bytes:
        raise Refused(413, f"The update is longer than {max_bytes} bytes, the limit here.")
    tokens = _measure(_tokens(update))
    words = {token.text for token, _ in tokens if token.kind == "word"}
    if "SERVICE" in words:
        raise Refused(403, "SERVICE is refused in updates.")
    outer = {token.text for token, depth in tokens if token.kind == "word" and depth == 0}
    return UpdateScan(
        replayable="WHERE" not in words,
        has_dataset=not outer.isdisjoint({"USING", "WITH"}),
        loads=tuple(_loads(tokens)),
        wheres=tuple(_wheres(update, tokens)),
    )


def _word(tokens: list[tuple[_Token, int]], place: int) -> str:
    """The word at a place, empty if there is none."""
    return tokens[place][0].text if 0 <= place < len(tokens) and tokens[place][0].kind == "word" else ""


def _iri(tokens: list[tuple[_Token, int]], place: int) -> str | None:
    """The IRI at a place, None if there is none."""
    token = tokens[place][0] if place < len(tokens) else None
    return token.text[1:-1] if token and token.kind == "iri" else None


def _from(tokens: list[tuple[_Token, int]]) -> Iterator[str]:
    for place in range(len(tokens)):
        if _word(tokens, place) == "FROM":
            address = _iri(tokens, place + 1 + (_word(tokens, place + 1) == "NAMED"))
            if address is not None:
                yield address


def _group(tokens: list[tuple[_Token, int]], place: int) -> int | None:
    """The place of the bracket that closes the group opened at a place."""
    if place >= len(tokens) or tokens[place][0].text != "{":
        return None
    depth = tokens[place][1]
    closing = (i for i in range(place + 1, len(tokens)) if tokens[i][0].text == "}" and tokens[i][1] == depth)
    return next(closing, None)


def _services(query: str, tokens: list[tuple[_Token, int]]) -> Iterator[Call]:
    past = 0
    for place, (token, _) in enumerate(tokens):
        if place < past or _word(tokens, place) != "SERVICE":
            continue
        silent = _word(tokens, place + 1) == "SILENT"
        at = place + 1 + silent
        close = _group(tokens, at + 1)
        if close is None:
            yield Call(token.start, token.end, None, silent, "")
            continue
        past, end = close + 1, tokens[close][0].end
        yield Call(token.start, end, _iri(tokens, at), silent, query[tokens[at + 1][0].start : end])


def _loads(tokens: list[tuple[_Token, int]]) -> Iterator[Call]:
    for place, (token, depth) in enumerate(tokens):
        if depth or _word(tokens, place) != "LOAD":
            continue
        silent = _word(tokens, place + 1) == "SILENT"
        at = place + 1 + silent
        last, rest = at, "DEFAULT"
        if (_word(tokens, at + 1), _word(tokens, at + 2)) == ("INTO", "GRAPH") and at + 3 < len(tokens):
            last, rest = at + 3, f"GRAPH {tokens[at + 3][0].text}"
        yield Call(token.start, tokens[min(last, len(tokens) - 1)][0].end, _iri(tokens, at), silent, rest)


def _wheres(update: str, tokens: list[tuple[_Token, int]]) -> Iterator[Call]:
    for place, (token, depth) in enumerate(tokens):
        if depth or _word(tokens, place) != "WHERE":
            continue
        close = _group(tokens, place + 1)
        if _word(tokens, place - 1) == "DELETE" and close is not None:
            group = update[tokens[place + 1][0].start : tokens[close][0].end]
            yield Call(token.start, token.end, None, False, group)
        else:
            yield Call(token.start, token.start, None, False, "")

"""Refusal before evaluation: a scan of the tokens of a query for what no stranger may ask.

The scan knows strings, IRIs, comments, variables and prefixed names, so that the word SERVICE inside one of them
is no reason to refuse. It is the polite half of the protection: a text made to be read differently by this scan
and by the parser still ends in a worker that can open no connection and no file, and that costs nothing to lose.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_NESTING = 200
"""Brackets within brackets. The evaluator's stack overflows somewhere above 1,600 (measured)."""
MAX_PATTERNS = 400
"""Triple patterns. Planning a join of 400 takes tens of seconds (measured), so more can only end at the time limit."""
MAX_OPERATORS = 1000
"""Operators and clauses in a row nest inside the evaluator too: 1,500 are safe, 12,000 overflow (measured)."""

_PROLOGUE = frozenset({"BASE", "PREFIX", "VERSION"})
_FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_UPDATES = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"})
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
class Scan:
    """What the tokens say of a query: its form (None if unclear), whether it names its dataset, and whether the same
    query can give another answer on the same data."""

    form: str | None
    has_dataset: bool
    volatile: bool


def _tokens(query: str) -> Iterator[str]:
    """Words and marks of a query, in order; of strings, IRIs, comments, variables and prefixed names nothing."""
    for match in _TOKEN.finditer(query):
        if match.lastgroup == "mark":
            yield match.group()
        elif match.lastgroup == "words":  # words joined by dots and hyphens that turned out to be no prefix
            yield from _WORD_OR_MARK.findall(match.group().upper())


def scan(query: str, *, max_bytes: int, allow_service: bool = False) -> Scan:
    """Look at a query before it is evaluated.

    `allow_service` is for people at their own machine only. Raises Refused if the query is too long, too deep or
    too wide, or asks for more than to read this store.
    """
    if len(query.encode()) > max_bytes:
        raise Refused(413, f"The query is longer than {max_bytes} bytes, the limit here.")
    words: list[str] = []
    brackets: list[str] = []
    patterns = operators = 0
    for piece in _tokens(query):
        if piece[0].isalpha():
            words.append(piece)
            operators += piece in _CLAUSES
            if piece == "SERVICE" and not allow_service:
                raise Refused(403, "SERVICE is refused: this endpoint sends no requests to other servers.")
        elif piece in "{([":
            brackets.append(piece)
            patterns += piece == "["
        elif piece in "})]":
            del brackets[-1:]
        elif piece in ".;,":
            patterns += bool(brackets) and brackets[-1] != "("
        elif piece in "+-*/|&!":
            operators += 1
        for count, limit, what in (
            (len(brackets), MAX_NESTING, "levels of brackets"),
            (patterns, MAX_PATTERNS, "triple patterns"),
            (operators, MAX_OPERATORS, "operators and clauses"),
        ):
            if count > limit:
                raise Refused(400, f"The query has more than {limit} {what}, the limit here.")
    first = next((word for word in words if word not in _PROLOGUE), "")
    if first in _UPDATES:
        raise Refused(400, "This endpoint answers queries; updates are refused.")
    return Scan(
        form=first if first in _FORMS else None,
        has_dataset="FROM" in words,
        volatile=not _VOLATILE.isdisjoint(words),
    )

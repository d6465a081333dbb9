"""What is wrong with an input, where, and how to mend it: one type for every check."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

SEVERITIES = ("violation", "warning", "info")


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a file: `line` and `column` count from 1; 0 where the format has none. The file of a sheet is
    `book.xlsx/sheet`, and its spots are told as Excel names cells: `book.xlsx/sheet!B7`."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        book, _, sheet = self.file.rpartition("/")
        if book.lower().endswith(".xlsx") and self.line and self.column:
            return f"{book}/{sheet}!{cell_name(self.line, self.column)}"
        return ":".join([self.file] + [str(n) for n in (self.line, self.column) if n])


def cell_name(line: int, column: int) -> str:
    """The name of a cell in Excel: `B7` for row 7, column 2."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{letters}{line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend.

    `rule` is a stable name (`syntax`, `unknown-key`, or the local name of a shape); `messages` holds the
    sentence by language; `focus`, `path` and `value` are the RDF terms concerned, as text, or "". Of a shape,
    `component` is the local name of the kind of constraint and `term` the value as N-Triples. Findings of one `cause`
    are told once, as are those of one rule and message.
    """

    severity: str
    rule: str
    messages: dict[str, str] = field(hash=False)
    place: Place
    focus: str = ""
    path: str = ""
    value: str = ""
    component: str = ""
    term: str = ""
    cause: str = ""

    def message(self, language: str = "en") -> str:
        return self.messages.get(language) or self.messages["en"]


class InputError(Exception):
    """An input that cannot be taken in; `findings` says why, one by one."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = list(findings)
        first = self.findings[0]
        more = f" (and {len(self.findings) - 1} more)" if len(self.findings) > 1 else ""
        super().__init__(f"{first.place}: {first.message()}{more}")


def violation(rule: str, place: Place, en: str, hu: str, focus: str = "", path: str = "", value: str = "") -> Finding:
    """A finding that keeps the input out."""
    return Finding("violation", rule, {"en": en, "hu": hu}, place, focus, path, value)


def suggest(word: str, known: Iterable[str]) -> tuple[str, str]:
    """A « did you mean » in English and Hungarian for a near miss, or two empty strings."""
    # A ratio of 3/4 needs lengths of at least 3 to 5; asking that first takes a tenth of the time.
    close = [each for each in known if 3 * len(each) <= 5 * len(word) and 3 * len(word) <= 5 * len(each)]
    near = get_close_matches(word, close, n=1, cutoff=0.75)
    return (f" Did you mean «{near[0]}»?", f" Erre gondolt: «{near[0]}»?") if near else ("", "")

"""Choosing speeches, and quoting them shortly."""

import re

from solidarity_spectrum.loading.description import Description
from solidarity_spectrum.loading.helpers import folded
from solidarity_spectrum.loading.inputs import Input, refuse

MAX_QUOTATION = 300
"""Characters: enough to recognise a speech, and short enough to quote."""


class Wanted:
    """What the user chose of speeches: `words` (beginnings, separated by commas), `from` and `to` (days), `speaker`.

    Raises InputError for a day that is none.
    """

    def __init__(self, description: Description, source: Input) -> None:
        chosen = description.chosen
        stems = [re.escape(word.strip()) for word in chosen.get("words", "").split(",") if word.strip()]
        self.words = re.compile(r"\b(?:" + "|".join(stems) + ")", re.IGNORECASE) if stems else None
        self.first, self.last = chosen.get("from", ""), chosen.get("to", "9999")
        self.speaker = chosen.get("speaker", "")
        for day in (self.first, self.last):
            if day and not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", day):
                raise refuse("date", source.place(), f"«{day}» is not a day, YYYY-MM-DD", f"«{day}» nem nap")

    def takes(self, day: str, who: str, name: str, text: str) -> bool:
        """Whether a speech of a day, by a speaker of this id and name, fits."""
        if not (self.first <= day and day[: len(self.last)] <= self.last):
            return False
        if self.speaker and self.speaker != who and folded(self.speaker) not in folded(name):
            return False
        return self.words is None or self.words.search(text) is not None

    def quotation(self, text: str) -> str:
        """The sentence with the first of the chosen words, or the first one, cut at the end of a word."""
        found = self.words.search(text) if self.words else None
        start = 0
        if found:
            start = max((m.end() for m in re.finditer(r"[.!?…]\s+", text[: found.start()])), default=0)
            if found.end() - start > MAX_QUOTATION:
                start = text.rfind(" ", 0, found.start()) + 1
        rest = text[start:]
        least = max(40, found.end() - start if found else 0)
        sentence = re.match(rf".{{{least},}}?[.!?…](?=\s|$)", rest, re.DOTALL)
        quoted = sentence[0] if sentence else rest
        if len(quoted) > MAX_QUOTATION:
            quoted = quoted[:MAX_QUOTATION].rpartition(" ")[0] + " …"
        return quoted.strip()

"""What the White House published, as candidate statements.

Format: Markdown below YAML front matter. What is signed with «by the authority vested in me as President» is the
president's; everything else is attributed to the White House, which published it.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from solidarity_spectrum.loading import Description, Fields, Input, Wanted, known, mint
from solidarity_spectrum.records import Record
from solidarity_spectrum.records.yaml import read as read_yaml

OFFICE = "whitehouse-office"
_FRONT = re.compile(r"---\r?\n(.*?)\n---[ \t]*\r?\n(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"by\s+(?:virtue\s+of\s+)?the\s+authority\s+vested\s+in\s+me\s+(?:as|by)", re.IGNORECASE)
_STAGE = re.compile(r"\((?:Applause|Laughter|Cheers|Inaudible|Crosstalk|Audience)[^)]*\)", re.IGNORECASE)


def read(source: Input, description: Description) -> Iterator[Record]:
    """The statement of one document, and its speaker the first time."""
    text = source.text()
    parts = _FRONT.fullmatch(text)
    place = source.place(1)
    if not parts:
        raise Fields({}, "", place, description).error(
            "syntax", "it does not start with front matter between «---»", "nem «---» közti fejléccel kezdődik"
        )
    values, _ = read_yaml(parts[1].encode(), source.name)
    if not isinstance(values, dict):
        raise Fields({}, "", place, description).error("syntax", "the front matter is no mapping", "hibás fejléc")
    fields = Fields(values, "", place, description)
    url, day, title = fields.take("source_url"), fields.take("date"), " ".join(fields.take("title").split())
    sections = fields.texts("tags")
    told = sorted({known(description.tables["sections"], tag, source.place(1), "tags") for tag in sections})
    fields.done()
    body = _plain(parts[2])
    if not body:
        raise fields.error("missing-field", "there is no text below the front matter", "a fejléc alatt nincs szöveg")
    host = urlsplit(url).netloc
    president = known(description.tables["presidents"], host, source.place(1), "source_url")
    if day < president.get("from", ""):
        en = f"{host} is not known to be that of a president on {day}"
        raise fields.error("unknown-value", en, f"{host} {day} napján nem ismert elnöké")
    name, speaker = "White House", OFFICE
    if _AUTHORITY.search(body):
        name = president["name"]
        speaker = source.joined("wikidataId", president["wikidata"], "Person") or mint(
            "whitehouse", "president", president["wikidata"]
        )
    wanted = Wanted(description, source)
    if not wanted.takes(day, speaker, name, f"{title}\n{body}"):
        return
    cited = description.source(url, title)
    if speaker.startswith("whitehouse-") and speaker not in description.kept:
        description.kept[speaker] = True
        person = speaker != OFFICE
        yield fields.record(
            {
                "id": speaker,
                "type": "Person" if person else "Organisation",
                "label": {"en": name if person else "The White House (office of the President of the United States)"},
                "organisationType": None if person else "government",
                "wikidataId": president["wikidata"] if person else None,
                "sources": [cited],
                "status": description.status,
            }
        )
    yield fields.record(
        {
            "id": mint("whitehouse", host.partition(".")[0], urlsplit(url).path.strip("/").replace("/", " ")),
            "type": "Statement",
            "label": {"en": f"{name}, {day}: {title}"},
            "speaker": speaker,
            "date": day,
            "occasion": "; ".join(told),
            "quotation": {"en": wanted.quotation(body)},
            "sources": [cited],
            "status": "unverified",
        }
    )


def _plain(markdown: str) -> str:
    """The text without marks of Markdown, tags, and what was not said."""
    text = re.sub(r"</?[a-zA-Z][^>]*>", " ", markdown)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\\([^\w\s])", r"\1", text)
    text = re.sub(r"(?m)^\s*(?:#+|>|[-*+]|\d+\.)\s+", "", text)
    text = _STAGE.sub(" ", text.replace("**", "").replace("__", ""))
    return " ".join(text.split())

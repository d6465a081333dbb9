"""Speeches in parliaments as candidate statements, with those who spoke and the bodies they belong to.

Formats: ParlaMint, a profile of TEI P5 by CLARIN (https://clarin-eric.github.io/ParlaMint/): a corpus root, lists of
persons and organisations in it or beside it, a file per sitting; and speeches of ParlaMint-GB as a table. A speech
comes in as `unverified`, with its place and a short quotation; nothing is classified.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from solidarity_spectrum.findings import Finding
from solidarity_spectrum.loading import (
    Description,
    Fields,
    Input,
    Wanted,
    elements,
    known,
    mint,
    namesake,
    refuse,
    rows,
)
from solidarity_spectrum.records import Record

TEI = "http://www.tei-c.org/ns/1.0"
_CORPUS = re.compile(r"(?:.*[/!])?(ParlaMint-[A-Z]{2}(?:-[A-Z]{2})?)(?:_.*)?\.xml(?:\.gz|\.bz2|\.xz)?")
_WIKIDATA = re.compile(r"https?://(?:www\.)?wikidata\.org/(?:wiki|entity)/(Q\d+)")


@dataclass(slots=True)
class _Speaker:
    id: str
    name: str


def read(source: Input, description: Description) -> Iterator[Record]:
    """The actors of a corpus root, the speeches of a sitting, or the speeches of a table."""
    if source.stem.lower().endswith(".csv"):
        yield from _table(source, description)
        return
    corpus = _CORPUS.fullmatch(source.name)
    if not corpus:
        en = "its name is not that of a corpus or a sitting, such as ParlaMint-HU.xml or ParlaMint-HU_2018-06-25.xml"
        hu = "a neve nem korpuszé vagy ülésé, mint ParlaMint-HU.xml vagy ParlaMint-HU_2018-06-25.xml"
        raise refuse("root", source.place(), f"{en}; the annotated version (.ana) is not read", hu)
    if "_" in source.name.rpartition("/")[2].rpartition("!")[2]:
        yield from _speeches(source, description, corpus[1])
    else:
        yield from _actors(source, description, corpus[1])


# -- who speaks

_HEADER = "teiCorpus/teiHeader/profileDesc/particDesc"


def _lists(root: Input, description: Description, corpus: str, kind: str) -> Iterator[Fields]:
    """The persons or organisations of a corpus: in its root, or in the list beside it."""
    item = "person" if kind == "listPerson" else "org"
    beside = root.sibling(f"{corpus}-{kind}.xml")
    if beside:
        other = (f"{kind}/listRelation/relation", f"{kind}/head")
        found = elements(beside, description, f"{kind}/{item}", f"{kind}/{kind}//{item}", *other, namespace=TEI)
    else:
        lists = (f"{_HEADER}//{path}" for path in ("listPerson/person", "listOrg/org", "listRelation/relation"))
        found = elements(root, description, *lists, namespace=TEI)
    for fields in found:
        if fields.path.endswith(f"/{item}"):
            yield fields
        else:
            fields.skip(*fields.keys())


def _actors(source: Input, description: Description, corpus: str) -> Iterator[Record]:
    language = _language(source, description)
    bodies: dict[str, str] = {}
    for org in _lists(source, description, corpus, "listOrg"):
        if org.take("@xml:id") in description.tables["independents"]:
            org.skip(*org.keys())  # who belongs to no party is no party
            continue
        record = _organisation(org, source, corpus, language)
        bodies[org.take("@xml:id")] = record.id
        if record.data.get("organisationType") == "parliament" or org.take("@role") == "parliament":
            bodies["MP"] = "" if "MP" in bodies else record.id  # which one is meant, if there is only one
        yield record
    for person in _lists(source, description, corpus, "listPerson"):
        found = _person(person, source, corpus, language, bodies)
        if found:
            yield found


def _language(source: Input, description: Description) -> str:
    with source.open() as stream:
        found = re.search(rb'xml:lang="([a-z]{2,3})"', stream.read(4000))
    return found[1].decode() if found else "en"


def _organisation(org: Fields, source: Input, corpus: str, language: str) -> Record:
    about = org.description
    name = org.take("@xml:id")
    kind = org.code("@role", about.tables["roles"])
    labels: dict[str, str] = {}
    short = ""
    for part in org.each("orgName"):
        text, tag, full = part.take("#"), part.get("@xml:lang") or language, part.get("@full")
        part.skip("@from", "@to", "@ana", "@type", "@corresp", "@xml:id")
        if full in ("abb", "init"):
            short = short or text
        else:
            labels.setdefault(tag, text)
    labels.setdefault("en", labels.get(language) or next(iter(labels.values()), short or name))
    wikidata = _wikidata(org)
    same = about.tables["same"].get(f"{corpus.removeprefix('ParlaMint-')}/{name}")
    known_as = same or (source.joined("wikidataId", wikidata) if wikidata else None)
    made = mint("parlamint", corpus.removeprefix("ParlaMint-"), "org", name)
    return org.record(
        {
            **({"record": made, "id": known_as} if known_as else {"id": made}),
            "type": "PoliticalParty" if kind == "political-party" else "Organisation",
            "label": None if known_as else labels,
            "altLabel": {language: short} if short and not known_as else None,
            "organisationType": None if known_as else kind,
            "wikidataId": wikidata,
            "sources": [about.source(about.address, f"{corpus}, list of organisations", locator=f"org {name}")],
            "status": about.status,
        }
    )


def _name(person: Fields) -> tuple[str, str]:
    """Given name first, and family name first, of the latest name."""
    names = person.each("persName")
    if not names:
        raise person.error("missing-field", "the person has no persName", "a személynek nincs neve (persName)")
    found = ("", "")
    for each in names:
        each.skip("@from", "@to", "@xml:lang", "@type", "@ana", "@full")
        given = " ".join(each.texts("forename"))
        links = " ".join(each.texts("nameLink"))
        family = " ".join([*([links] if links else []), *each.texts("surname")])
        each.skip("roleName", "genName", "addName", "term", "#")
        whole = each.get("#") if not given and not family else ""
        if not found[0] or not each.get("@to"):
            found = (whole or f"{given} {family}".strip(), whole or f"{family} {given}".strip())
    return " ".join(found[0].split()), " ".join(found[1].split())


def _wikidata(fields: Fields) -> str:
    found = ""
    for each in fields.each("idno"):
        match = _WIKIDATA.match(each.get("#"))
        each.skip("@type", "@subtype", "@xml:lang", "@corresp", "@ana")
        found = found or (match[1] if match else "")
    return found


def _born(person: Fields) -> str:
    birth = person.one("birth")
    if birth is None:
        return ""
    birth.skip("#", "placeName", "@notBefore", "@notAfter", "@cert", "@from", "@to", "@xml:lang", "date")
    return birth.get("@when")[:10]


def _known(person: Fields, source: Input, names: tuple[str, str], wikidata: str, born: str) -> str | None:
    return (source.joined("wikidataId", wikidata, "Person") if wikidata else None) or namesake(source, names[0], born)


def _person(person: Fields, source: Input, corpus: str, language: str, bodies: dict[str, str]) -> Record | None:
    about = person.description
    name, names, wikidata, born = person.take("@xml:id"), _name(person), _wikidata(person), _born(person)
    made = mint("parlamint", corpus.removeprefix("ParlaMint-"), name)
    joined = source.joined("wikidataId", wikidata, "Person") if wikidata else None
    alike = None if joined else namesake(source, names[0], born)
    offices = _offices(person, made, bodies, language)
    if alike:
        return None  # a name is enough to point to somebody from a candidate, not to state facts about them
    labels = {"en": names[0], language: names[1] if language == "hu" else names[0]}
    return person.record(
        {
            **({"record": made, "id": joined} if joined else {"id": made}),
            "type": "Person",
            "label": None if joined else labels,
            "born": None if joined else born,
            "wikidataId": wikidata,
            "offices": offices,
            "sources": [about.source(about.address, f"{corpus}, list of persons", locator=f"person {name}")],
            "status": about.status,
        }
    )


def _offices(person: Fields, made: str, bodies: dict[str, str], language: str) -> list[dict[str, Any]]:
    found = []
    for number, each in enumerate(person.each("affiliation"), 1):
        role, ref = each.get("@role"), each.get("@ref")
        roles = {part.get("@xml:lang") or language: part.take("#") for part in each.each("roleName")}
        start, end = each.get("@from"), each.get("@to")
        each.skip("@ana", "@cert", "@when", "#", "@notBefore", "@notAfter", "@xml:lang", "orgName", "@n", "@source")
        named = [part.removeprefix("#") for part in ref.split()] or [role]
        body = next((bodies[part] for part in named if part in bodies), "")
        if not body:
            continue  # a role without a body of the corpus is no office
        label = {"en": roles.get("en") or next(iter(roles.values()), role or "member")} | roles
        found.append(
            {
                "id": f"{made}-office-{number}",
                "type": "Office",
                "label": label,
                "organisation": body,
                "startDate": start[:10],
                "endDate": end[:10],
            }
        )
    return found


# -- what is said


def _speakers(source: Input, description: Description, corpus: str) -> dict[str, _Speaker]:
    root = next((r for r in (source.sibling(f"{up}{corpus}.xml") for up in ("", "../", "../../")) if r), None)
    if root is None:
        en = f"{corpus}.xml, which tells who speaks, stands neither beside it nor above it"
        hu = f"a beszélőket felsoroló {corpus}.xml nincs mellette, sem fölötte"
        raise refuse("missing-file", source.place(), en, hu)
    roots: dict[str, dict[str, _Speaker]] = description.kept.setdefault("roots", {})
    if root.name not in roots:
        found: dict[str, _Speaker] = {}
        for person in _lists(root, description, corpus, "listPerson"):
            name, names, wikidata, born = person.take("@xml:id"), _name(person), _wikidata(person), _born(person)
            person.skip("affiliation")
            joined = _known(person, source, names, wikidata, born)
            made = mint("parlamint", corpus.removeprefix("ParlaMint-"), name)
            found[name] = _Speaker(joined or made, names[0])
        roots.clear()  # of the corpus before
        roots[root.name] = found
    return roots[root.name]


def _speeches(source: Input, description: Description, corpus: str) -> Iterator[Record]:
    speakers = _speakers(source, description, corpus)
    wanted = Wanted(description, source)
    title, address, day = "", "", ""
    declared = counted = 0
    language = _language(source, description)
    head = "TEI/teiHeader/fileDesc"
    paths = (
        f"{head}/titleStmt/title",
        f"{head}/publicationStmt/idno",
        "TEI/teiHeader/encodingDesc/tagsDecl/namespace/tagUsage",
        "TEI/teiHeader/profileDesc/settingDesc/setting/date",
        "TEI/text/body//u",
    )
    for fields in elements(source, description, *paths, namespace=TEI, holders=("TEI/text/body//div",)):
        if fields.path.endswith("/title"):
            if fields.get("@type") in ("main", "") and (not title or fields.get("@xml:lang") == "en"):
                title = fields.get("#").removesuffix("[ParlaMint]").strip()
            fields.skip(*fields.keys())
        elif fields.path.endswith("/idno"):
            address = address or fields.get("#")
            fields.skip(*fields.keys())
        elif fields.path.endswith("/date"):
            day = fields.get("@when") or fields.get("@from")
            fields.skip(*fields.keys())
        elif fields.path.endswith("/tagUsage"):
            if fields.get("@gi") == "u":
                declared = int(fields.get("@occurs") or 0)
            fields.skip(*fields.keys())
        else:
            counted += 1
            speech = _speech(fields, wanted, speakers, (title, address, day, language))
            if speech:
                yield speech
    if declared != counted and declared:
        en = f"its header counts {declared} speeches, {counted} are in it: an extract, or something is missing"
        hu = f"a fejléce szerint {declared} beszéd, de {counted} van benne: kivonat, vagy hiányzik valami"
        description.warn(Finding("warning", "total", {"en": en, "hu": hu}, source.place()))


_SAID = {
    "hi",
    "emph",
    "foreign",
    "q",
    "quote",
    "s",
    "ref",
    "mentioned",
    "title",
    "name",
    "unclear",
    "del",
    "add",
    "num",
}
_REMARKS = {"note", "vocal", "kinesic", "incident", "gap", "pb", "lb", "time", "media", "anchor"}


def _words(utterance: Fields) -> list[tuple[str, str]]:
    """What was said: the text of each paragraph without the transcriber's remarks, and its language if it is told."""
    said = []
    for segment in utterance.each("seg"):
        element = segment.element
        assert element is not None
        pieces = [element.text or ""]
        for child in element:
            name = str(child.tag).rpartition("}")[2]
            if name in _SAID:
                pieces.append("".join(str(text) for text in child.itertext()))
            elif name not in _REMARKS:
                at = f"{segment.path}/{name}"
                raise segment.error("unread-field", f"nothing reads the element «{at}»", f"ismeretlen elem: «{at}»")
            pieces.append(child.tail or "")
        language = segment.get("@xml:lang")
        segment.skip(*segment.keys())
        if text := " ".join("".join(str(piece) for piece in pieces).split()):
            said.append((text, language))
    return said


def _language_at(said: list[tuple[str, str]], start: int) -> str:
    """The language of the paragraph in which a place of the joined text lies, or "" if it is not told."""
    for text, language in said:
        if start <= len(text):
            return language
        start -= len(text) + 1
    return ""


def _speech(
    utterance: Fields, wanted: Wanted, speakers: dict[str, _Speaker], about: tuple[str, str, str, str]
) -> Record | None:
    title, address, day, language = about
    name, who = utterance.take("@xml:id"), utterance.get("@who").removeprefix("#")
    tag = utterance.get("@xml:lang") or language
    role = utterance.get("@ana")
    said = _words(utterance)
    text = " ".join(part for part, _ in said)
    utterance.skip("@prev", "@next", "@n", "@corresp", "@source", "@start", "@end", "@decls", "@synch", "#")
    if not who or not text:
        return None  # the chair is not always named, and an utterance may hold nothing but remarks
    if not day:
        raise utterance.error("missing-field", "the sitting has no day", "az ülésnek nincs napja")
    speaker = known(speakers, who, utterance.place, f"{utterance.path}/@who")
    if not wanted.takes(day, who, speaker.name, text):
        return None
    description = utterance.description
    quotation = wanted.quotation(text)
    tag = _language_at(said, text.find(quotation.removesuffix(" …"))) or tag
    return utterance.record(
        {
            "id": mint("parlamint", name.removeprefix("ParlaMint-")),
            "type": "Statement",
            "label": {"en": f"{speaker.name}, speech of {day} ({name})"},
            "speaker": speaker.id,
            "date": day,
            "occasion": title,
            "quotation": {tag: quotation},
            "sources": [
                description.source(
                    address or description.address, title, locator=f"u/@xml:id = {name}{f' ({role})' if role else ''}"
                )
            ],
            "status": "unverified",
        }
    )


def _table(source: Input, description: Description) -> Iterator[Record]:
    """Speeches of ParlaMint-GB in a table, which has neither their ids nor a list of persons."""
    wanted = Wanted(description, source)
    people: set[str] = description.kept.setdefault("people", set())
    for row in rows(source, description, ("date", "speaker", "speech")):
        row.skip("")
        day, who, text = row.take("date"), row.take("speaker"), row.take("speech")
        name = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", who)
        if not wanted.takes(day, who, name, text):
            continue
        speaker = namesake(source, name) or mint("parlamint", "GB", who)
        cited = description.source(description.address, "ParlaMint-GB", locator=f"{day}, {who}")
        if speaker.startswith("parlamint-") and who not in people:
            people.add(who)
            yield row.record(
                {
                    "id": speaker,
                    "type": "Person",
                    "label": {"en": name},
                    "sources": [cited],
                    "status": description.status,
                }
            )
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        yield row.record(
            {
                "id": mint("parlamint", "GB", day, who, digest),
                "type": "Statement",
                "label": {"en": f"{name}, speech of {day}"},
                "speaker": speaker,
                "date": day,
                "quotation": {"en": wanted.quotation(" ".join(text.split()))},
                "sources": [cited],
                "status": "unverified",
            }
        )

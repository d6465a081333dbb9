"""Rulings of the courts of the Netherlands, from the metadata that stand before their text.

The outcome is what the metadata say of an appeal: the consequence of this ruling for the earlier one. Names of persons
stand in no field that is read, and the text is anonymised by the courts.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from solidarity_spectrum.findings import Place
from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.loading import Description, Fields, Input, elements, known, mint, refuse
from solidarity_spectrum.loading.client import Client
from solidarity_spectrum.records import Record


def fetch(client: Client, description: Description, wanted: dict[str, str]) -> Iterator[Input]:
    """The documents of rulings by their ECLIs."""
    for text in filter(None, wanted.get("ecli", "").split(",")):
        try:
            ecli = parse(text, "ecli").value
        except IdentifierError as error:
            raise refuse("identifier", Place(text), error.message("en"), error.message("hu")) from error
        yield client.get(description.address, {"id": ecli}, "application/xml").input(client.index)


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one ruling: its case, unless the graph holds the ruling, and itself."""
    ours, title, published = None, "", ""
    for item in elements(source, description, "open-rechtspraak/rdf:RDF/rdf:Description"):
        name = item.take("dcterms:identifier")
        if name.upper().startswith("ECLI"):
            if ours:
                raise item.error(
                    "several", f"a second ruling in one file: {name}", f"második ítélet egy fájlban: {name}"
                )
            ours = _ruling(item, source, description)
        else:  # the second description is of the page that shows it
            item.skip(
                "dcterms:subject", "psi:procedure", "psi:zaaknummer", "dcterms:creator", "dcterms:date", "dcterms:type"
            )
            item.skip("dcterms:relation", "dcterms:references")
            title, published = " ".join(item.get("dcterms:title").split()), item.get("dcterms:issued")
    if ours:
        case, ruling = ours
        ruling.data |= {"published": published} if published else {}
        ruling.data |= {"altLabel": {"nl": title}} if title else {}
        if "inCase" in ruling.data:  # a ruling that the graph holds is in a case already
            yield case
        yield ruling


def _ruling(item: Fields, source: Input, description: Description) -> tuple[Record, Record]:
    ecli = _ecli(item, item.take("dcterms:identifier"), "dcterms:identifier")
    dockets = sorted(
        {part.strip() for text in item.texts("psi:zaaknummer") for part in text.split(",") if part.strip()}
    )
    creator = item.one("dcterms:creator")
    court = creator.take("#") if creator else ""
    kind = _kind(item, description)
    procedures = [" ".join(each.get("#").split()) for each in item.each("psi:procedure")]
    subjects = [" ".join(each.get("#").split()) for each in item.each("dcterms:subject")]
    criminal = any(subject.lower().startswith("strafrecht") for subject in subjects)
    outcomes, words, earlier = _consequences(item, criminal, source, description)
    laws, others = _references(item, source)
    item.skip("dcterms:title", "dcterms:issued")
    date, thing = item.take("dcterms:date"), source.joined("ecli", ecli)
    case = mint("rechtspraak", "case", ecli)
    common: dict[str, Any] = {
        "sources": [description.source(f"https://deeplink.rechtspraak.nl/uitspraak?id={ecli}", f"{court}, {ecli}")],
        "status": description.status,
    }
    proceedings = item.record(
        {
            "record": f"{case}-of",
            "id": case,
            "type": "Case",
            "label": {
                "en": f"Case decided by {court or 'a court of the Netherlands'}, {ecli}",
                "hu": f"Ügy, amelyben {court or 'egy holland bíróság'} döntött, {ecli}",
            },
            "jurisdiction": "netherlands",
            "docket": dockets,
            "description": {"nl": "; ".join(subjects)},
            "partyDescription": "the parties, whom the published text does not name",
            **common,
        }
    )
    ruling = item.record(
        {
            "record": mint("rechtspraak", ecli),
            "id": thing or mint("rechtspraak", ecli),
            "type": "Decision" if kind == "Decision" else "ProceduralAct",
            "label": {} if thing else {"en": f"{court}, {date}, {ecli}", "hu": f"{court}, {date}, {ecli}"},
            "inCase": "" if thing else case,
            "date": date,
            "description": {} if thing else {"nl": "; ".join(procedures)},
            "outcome": outcomes if kind == "Decision" else [],
            "applies": laws if kind == "Decision" else [],
            "docket": dockets,
            "ecli": ecli,
            "note": f"The metadata name: {'; '.join([*earlier, *others])}." if earlier or others else "",
            "sources": [common["sources"][0] | {"passage": {"nl": "; ".join(words)} if outcomes else {}}],
            "status": description.status,
        }
    )
    return proceedings, ruling


def _kind(item: Fields, description: Description) -> str:
    part = item.one("dcterms:type")
    if part is None:
        raise item.error("missing-field", "«dcterms:type» is missing", "hiányzik: «dcterms:type»")
    # The address is empty in some entries; the word is always there.
    word, name = part.get("#"), part.get("@resourceIdentifier").rpartition("/")[2]
    return str(known(description.tables["types"], "".join((name or word).split()).lower(), item.place, "dcterms:type"))


def _consequences(
    item: Fields, criminal: bool, source: Input, description: Description
) -> tuple[list[str], list[str], list[str]]:
    """Outcomes by what this ruling does to earlier ones, the words for them, and the related rulings in words."""
    outcomes: list[str] = []
    words: list[str] = []
    related: list[str] = []
    for part in item.each("dcterms:relation"):
        text, side = " ".join(part.get("#").split()), part.get("@psi:aanleg").rpartition("/")[2]
        kind = part.get("@psi:type").rpartition("/")[2]
        gevolg = " ".join(unquote(part.get("@psi:gevolg").rpartition("#")[2]).split())
        if other := part.get("@ecli:resourceIdentifier"):
            related.append(text or _ecli(item, other, "dcterms:relation"))
        if not gevolg:
            continue
        outcome = str(known(description.tables["consequences"], gevolg.lower(), item.place, "psi:gevolg"))
        # A later instance rules on this one: that is its outcome, and told in its own entry.
        if not outcome or side != "eerdereAanleg" or kind.startswith("conclusie"):
            continue
        outcome = description.tables["criminal"].get(outcome, outcome) if criminal else outcome
        outcomes += [outcome] if outcome not in outcomes else []
        words += [text or gevolg]
    return outcomes, words, related


def _references(item: Fields, source: Input) -> tuple[list[str], list[str]]:
    """The laws that the metadata refer to: those of the Union that the graph holds, and the others in words."""
    laws: list[str] = []
    others: list[str] = []
    for part in item.each("dcterms:references"):
        text = " ".join(part.get("#").split())
        celex = part.get("@eu:resourceIdentifier").rpartition(":")[2].partition("&")[0]
        part.skip(*part.keys())
        thing = source.joined("celex", celex) if celex else None
        if thing and thing not in laws:
            laws.append(thing)
        elif not thing and text:
            others.append(text)
    return laws, others


def _ecli(item: Fields, text: str, key: str) -> str:
    try:
        return parse(text, "ecli").value
    except IdentifierError as error:
        raise item.error("identifier", f"«{key}»: {error}", f"«{key}»: {error.message('hu')}") from error

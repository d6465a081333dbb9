"""What the Committee of Ministers does so that judgments of the European Court of Human Rights are carried out: cases
under supervision, decisions and resolutions, and what governments, applicants and others tell it.

Whether supervision is closed is said of the case in words; the outcome of a case is that of its judgment.
"""

import re
from collections.abc import Iterator

from solidarity_spectrum.findings import Place
from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.loading import Description, Fields, Input, json_items, known, mint, refuse, states
from solidarity_spectrum.loading.client import Client
from solidarity_spectrum.records import Record

from ..hudoc import case_label, pages

_RANKING = "44444444-b0a6-44c9-bb6b-5886b928f985"


def fetch(client: Client, description: Description, wanted: dict[str, str]) -> Iterator[Input]:
    """Replies of the search for the documents on a state, or on the application with a number."""
    conditions = ["contentsitename:EXEC"]
    for key, column, form in (("state", "execstate", r"[A-Z]{3}"), ("application", "execappno", r"\d{1,5}/\d{2}")):
        if value := wanted.get(key, ""):
            if not re.fullmatch(form, value):
                raise refuse("choice", Place(key), f"«{value}» is no {key}", f"«{value}» nem jó: {key}")
            conditions.append(f'{column}="{value}"')
    select = ",".join(path.rpartition("/")[2] for path in description.fields if "/" in path)
    yield from pages(client, description, " AND ".join(conditions), select, "id Ascending", _RANKING)


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one reply of the search, or of one document of the collection."""
    with source.open() as stream:
        reply = b'"results"' in stream.read(1 << 16)
    for item in json_items(source, description, "results" if reply else ""):
        for columns in item.each("columns") if reply else [item]:
            yield from _document(columns, {} if reply else description.tables["names"], source, description)


def _document(item: Fields, names: dict[str, str], source: Input, description: Description) -> Iterator[Record]:
    tables = description.tables

    def text(key: str) -> str:
        return item.get(names.get(key, key))

    key = item.take(names.get("id", "id"))
    title, name = " ".join(text("exectitle").split()), " ".join(text("execdocnamefromechr").split())
    collection = next((each for each in text("execdocumenttypecollection").split(";") if each in tables["types"]), "")
    kind = collection or text("execdocumenttype")
    about = known(tables["types"], kind, item.place, "execdocumenttype")
    item.skip(names.get("execdocumenttype", "execdocumenttype"))
    respondents = [
        str(known(states(), each.strip(), item.place, "execstate")["id"])
        for each in text("execstate").split(";")
        if each.strip()
    ]
    dockets = [_docket(item, each) for each in text("execappno").split(";") if each.strip()]
    language = tables["languages"].get(text("execlanguage").upper(), "")
    state = [
        str(known(tables[table], text(column), item.place, column))
        for table, column in (("supervision", "execsupervision"), ("closed", "execisclosed"), ("cases", "exectype"))
    ]
    cited = description.source(f"https://hudoc.exec.coe.int/eng?i={key}", f"HUDOC-EXEC, {title or name or key}")
    common = {"sources": [cited], "status": description.status}
    cases = {number: source.joined("docket", number, "Case") for number in dockets}
    reference, date = text("execdocumentreference"), _day(item, names.get("execpublisheddate", "execpublisheddate"))
    final, resolution = _day(item, "execfinalresolutiondate"), text("execresolutionnumber")
    if kind == "CEC" or len(dockets) == 1:
        if not dockets:
            raise item.error("missing-field", "the case has no application number", "az ügynek nincs kérelemszáma")
        # A case that came by this loader or by that of HUDOC keeps the label that both give it.
        thing = next((case for case in cases.values() if case and not case.startswith("hudoc-case-")), None)
        yield item.record(
            {
                "record": mint("execution", key, "case"),
                "id": thing or mint("hudoc", "case", dockets[0]),
                "type": "Case",
                "label": {} if thing else case_label(dockets[0]),
                "altLabel": {language: name} if language and name else {},
                "court": "ecthr",
                "docket": dockets,
                "respondent": respondents,
                "partyDescription": "" if thing or respondents else name,
                "note": f"Execution of the judgment: {'; '.join(filter(None, state))}." if any(state) else "",
                **common,
            }
        )
        cases[dockets[0]] = cases[dockets[0]] or thing or mint("hudoc", "case", dockets[0])
    if kind == "CEC" and final:
        kind, date, reference, about = "EXECUTION", final, resolution, tables["types"]["EXECUTION"]
    if kind == "CEC":
        return
    # A resolution has a card and a document: they are one act, known by its reference.
    shared = kind in ("res", "EXECUTION", "MERITS") and reference
    label = {language_: words[0].upper() + words[1:] for language_, words in about.items()}
    yield item.record(
        {
            **({"record": mint("execution", key)} if shared else {}),
            "id": mint("execution", "resolution", reference) if shared else mint("execution", key),
            "type": "ProceduralAct",
            "label": {language_: f"{words}, {reference or key}" for language_, words in label.items()},
            "altLabel": {language: title} if language and title else {},
            "inCase": [case for case in cases.values() if case],
            "docket": dockets,
            "officialNumber": reference,
            # A decision bears the first day of the meeting, which is no later than its own.
            "date": f"{date}/.." if kind == "CMDEC" and date else date,
            **common,
        }
    )


def _docket(item: Fields, text: str) -> str:
    try:
        return parse(text, "echr-application").value
    except IdentifierError as error:
        raise item.error("identifier", f"«execappno»: {error}", f"«execappno»: {error.message('hu')}") from error


def _day(item: Fields, key: str) -> str:
    text = item.get(key)
    if not text:
        return ""
    if iso := re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?", text):
        return iso[1]
    if us := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4}) [\d:]+ [AP]M", text):
        return f"{us[3]}-{int(us[1]):02}-{int(us[2]):02}"
    if european := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: [\d:]+)?", text):
        return f"{european[3]}-{int(european[2]):02}-{int(european[1]):02}"
    raise item.error("syntax", f"«{text}» in «{key}» is not a date", f"«{text}» («{key}») nem dátum")

"""Acts of the United Kingdom, by type, year and number. Of the date no more is known than the year in the number."""

import re
from collections.abc import Iterator

from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.loading import Description, Input, json_items, mint
from solidarity_spectrum.records import Record


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one file: an object, a list of them or a line each."""
    for item in json_items(source, description, ""):
        whole = item.take("doc_id")
        try:
            # A version of the text has its day at the end.
            name = parse(re.sub(r"/\d{4}-\d\d-\d\d$", "", whole), "uk-legislation").value
        except IdentifierError as error:
            raise item.error("identifier", f"«doc_id»: {error}", f"«doc_id»: {error.message('hu')}") from error
        kind, year, number = item.take("legislation_type"), item.take("year"), item.take("number")
        about = item.code("legislation_type", description.tables["types"])
        if name.split("/")[:3] != [kind, year, number]:
            raise item.error(
                "contradiction", f"«{name}» is not {kind}/{year}/{number}", f"«{name}» nem {kind}/{year}/{number}"
            )
        name, title = f"{kind}/{year}/{number}", " ".join(item.take("title").split())
        yield item.record(
            {
                "record": mint("uklegislation", whole),
                "id": mint("uklegislation", kind, year, number),
                "type": "LegalInstrument",
                "label": {"en": title},
                "jurisdiction": "united-kingdom",
                "instrumentType": about["instrumentType"],
                "bindingness": "binding",
                "adopted": year,
                "officialNumber": f"{year} {about['number']} {number}",
                "documentNumber": name,
                "url": f"https://www.legislation.gov.uk/{name}",
                "sources": [description.source(item.get("url") or f"https://www.legislation.gov.uk/{name}", title)],
                "status": description.status,
            }
        )

"""Judgments of Find Case Law, the service of the National Archives of the United Kingdom.

They are in Akoma Ntoso, and its loader reads them. Persons whose names a court withholds stay as the title has them.
The outcome is in prose and is not read. Who analyses these judgments in bulk needs a licence of their own from the
National Archives; the Open Justice Licence covers the rest.
"""

import re
from collections.abc import Iterator

from solidarity_spectrum.findings import Place
from solidarity_spectrum.loading import Description, Input, refuse
from solidarity_spectrum.loading.client import Client
from solidarity_spectrum.records import Record

from ..akomantoso import document, judgment


def fetch(client: Client, description: Description, wanted: dict[str, str]) -> Iterator[Input]:
    """The documents of judgments by their addresses, such as uksc/2023/42."""
    for uri in filter(None, wanted.get("uri", "").split(",")):
        if not re.fullmatch(r"[a-z0-9]+(?:[/-][a-z0-9]+){1,8}", uri):
            raise refuse("choice", Place(uri), f"«{uri}» is no address such as uksc/2023/42", f"«{uri}» nem cím")
        address = f"{description.address.rstrip('/')}/{uri}/data.xml"
        yield client.get(address, accept="application/xml").input(client.index)


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one judgment: its case and itself."""
    found = document(source, description)
    if found.meta is not None:
        if found.kind != "judgment":
            raise found.meta.error("kind", f"this is no judgment: {found.kind}", f"ez nem ítélet: {found.kind}")
        yield from judgment(found, found.meta, source, description)

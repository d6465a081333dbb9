"""Judgments of Find Case Law, the service of the National Archives of the United Kingdom.

They are in Akoma Ntoso, and its loader reads them. Persons whose names a court withholds stay as the title has them.
The outcome is in prose and is not read. Who analyses these judgments in bulk needs a licence of their own from the
National Archives; the Open Justice Licence covers the rest.
"""

from collections.abc import Iterator

from solidarity_spectrum.loading import Description, Input
from solidarity_spectrum.records import Record

from ..akomantoso import document, judgment


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one judgment: its case and itself."""
    found = document(source, description)
    if found.meta is not None:
        if found.kind != "judgment":
            raise found.meta.error("kind", f"this is no judgment: {found.kind}", f"ez nem ítélet: {found.kind}")
        yield from judgment(found, found.meta, source, description)

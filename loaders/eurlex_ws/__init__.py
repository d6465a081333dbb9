"""Laws and rulings of the European Union that a search of the EUR-Lex web service found.

Each hit holds a trimmed notice, which the loader of the whole notices reads; the tables are that loader's.
"""

from collections.abc import Iterator
from dataclasses import replace

from solidarity_spectrum.loading import Description, Input, describe, elements, total
from solidarity_spectrum.records import Record

from ..eurlex_notice import work

_SOAP = "http://www.w3.org/2003/05/soap-envelope"


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one reply. Raises InputError with the words of the service where it answers with a fault."""
    notices = replace(description, tables=describe("eurlex-notice").tables)
    hits, declared, place = 0, "", source.place()
    paths = ("Envelope/Body/Fault", "Envelope/Body/s:searchResults/s:numhits", "Envelope/Body/s:searchResults/s:result")
    for item in elements(source, description, *paths, namespace=_SOAP):
        name = item.path.rpartition("/")[2]
        if name == "Fault":
            words = " ".join(item.get("#").split())
            raise item.error(
                "fault", f"the service refused the search: {words}", f"a szolgáltatás elutasította a keresést: {words}"
            )
        if name == "s:numhits":
            declared, place = item.take("#"), item.place
            continue
        hits += 1
        for content in item.each("content"):
            for notice in content.each("NOTICE"):
                for part in notice.each("WORK"):
                    yield from work(part, notice.each("EXPRESSION"), source, notices)
    if declared.isdigit():
        total(place, "hits", int(declared), hits)

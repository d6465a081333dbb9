"""What the service says of the dataset and gives away whole: VoID, DCAT and its own description, and the dumps.

Source of the rules: https://www.w3.org/TR/void/#well-known, https://www.w3.org/TR/vocab-dcat-3/,
https://www.w3.org/TR/sparql11-service-description/ and RFC 9530 (digests).
"""

import asyncio
import base64
import hashlib
from pathlib import Path

import pyoxigraph as ox
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from solidarity_spectrum import dumps
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service.http import SECURITY
from solidarity_spectrum.service.negotiation import best_type
from solidarity_spectrum.service.pages import DATA_FORMATS, Pages, appearance
from solidarity_spectrum.service.pool import PREFIXES, Pool
from solidarity_spectrum.service.reading import PROLOGUE, Term
from solidarity_spectrum.service.sparql import (
    GRAPHS,
    HTML,
    QUERY_ERRORS,
    Problem,
    as_problem,
    entity_tag,
    not_modified,
)
from solidarity_spectrum.service.texts import text
from solidarity_spectrum.store import PAGE
from solidarity_spectrum.void import DATASET, DCAT, VOID

_SD = "http://www.w3.org/ns/sparql-service-description#"
_SPDX = "http://spdx.org/rdf/terms#"
_GZIP = "application/gzip"


class Publication:
    """The handlers of dataset and dumps, over one pool."""

    def __init__(self, pages: Pages, pool: Pool) -> None:
        self._pages = pages
        self._pool = pool

    def routes(self) -> list[BaseRoute]:
        """Routes of the dataset, of its well-known address, and of the dumps."""
        return [
            Route("/.well-known/void", self.well_known),
            Route("/dump.nq", self.whole),
            Route("/report", self.report),
            Route("/dumps", self.index),
            Route("/dumps/{name}", self.dump),
            *self._pages.thing_routes("/dataset", self.page, self.data),
        ]

    # -- the description -----------------------------------------------------------------------------------------

    async def well_known(self, request: Request) -> Response:
        """The description, where VoID says that a program may look for it (RFC 5785)."""
        offered = [*(GRAPHS[key] for key in DATA_FORMATS), HTML]
        media_type = best_type(request.headers.get("accept"), offered)
        if media_type is None:
            raise Problem(406, "Not acceptable", f"The description comes as: {', '.join(offered)}.")
        if media_type == HTML:
            return RedirectResponse("/page/dataset", 303, headers={"Vary": "Accept"})
        return await self._described(request, next(key for key in DATA_FORMATS if GRAPHS[key] == media_type))

    async def data(self, request: Request, _: str) -> Response:
        """The description in the format that the extension names."""
        extension = request.path_params["extension"]
        if extension not in DATA_FORMATS:
            raise Problem(404, "No such format", f"Data come as: {', '.join(DATA_FORMATS)}.")
        return await self._described(request, extension)

    async def _described(self, request: Request, extension: str) -> Response:
        here = str(request.base_url)
        tag = entity_tag(self._pool.build, appearance(), here, extension)
        headers = {
            "Content-Location": f"/data/dataset.{extension}",
            "Link": f'<{DATASET}>; rel="canonical"',
            "Vary": "Accept",
            "Cache-Control": "no-cache",
            "ETag": tag,
        }
        if self._pool.ready and not_modified(request, tag):
            return Response(status_code=304, headers=headers)
        # A worker writes it out: it is long, and the front is everybody's.
        served = " ".join(
            f"({t.subject} {t.predicate} {t.object})" for t in await asyncio.to_thread(self._served, here)
        )
        query = f"""CONSTRUCT {{ ?s ?p ?o }} {{ {{ GRAPH <{BASE}graph/void> {{ ?s ?p ?o }} }}
            UNION {{ VALUES (?s ?p ?o) {{ {served} }} }} }}"""
        try:
            document, build = await self._pool.query(PROLOGUE + query, GRAPHS[extension], cached=True)
        except QUERY_ERRORS as error:
            raise as_problem(error) from error
        if build != self._pool.build:
            del headers["ETag"]
        return Response(document, headers={**headers, "Content-Type": GRAPHS[extension]})

    def _served(self, here: str) -> list[ox.Triple]:
        """What depends on this server: its endpoint, operations and files, under the address it was asked at."""
        # A Host header is the client's word: what cannot be in an IRI ends here.
        try:
            ox.NamedNode(here)
        except ValueError as error:
            raise Problem(400, "Bad host", "The header Host is no name of a server.") from error
        triples: list[ox.Triple] = []

        def add(subject: str, name: str, value: str | ox.Literal | ox.BlankNode) -> None:
            term = ox.NamedNode(value) if isinstance(value, str) else value
            triples.append(ox.Triple(ox.NamedNode(subject), ox.NamedNode(name), term))

        rdf_type, title = PREFIXES["rdf"] + "type", PREFIXES["dcterms"] + "title"
        catalog, endpoint, questions = here, here + "sparql", here + "questions"
        add(catalog, rdf_type, DCAT + "Catalog")
        for language in ("en", "hu"):
            add(catalog, title, ox.Literal(text("site", language), language=language))
            add(catalog, PREFIXES["dcterms"] + "description", ox.Literal(text("intro", language), language=language))
            add(endpoint, title, ox.Literal(text("endpoint", language), language=language))
            add(questions, title, ox.Literal(text("question_api", language), language=language))
        add(catalog, PREFIXES["dcterms"] + "publisher", BASE + "id/solidarity-spectrum-project")
        add(catalog, DCAT + "dataset", DATASET)
        add(DATASET, DCAT + "landingPage", here + "page/dataset")
        for service in (endpoint, questions):
            add(catalog, DCAT + "service", service)
            add(service, rdf_type, DCAT + "DataService")
            add(service, DCAT + "servesDataset", DATASET)
            add(service, DCAT + "endpointURL", service)
        add(endpoint, DCAT + "endpointDescription", endpoint)
        add(questions, DCAT + "endpointDescription", here + "openapi.json")
        add(DATASET, VOID + "sparqlEndpoint", endpoint)
        add(endpoint, rdf_type, _SD + "Service")
        add(endpoint, _SD + "endpoint", endpoint)
        add(endpoint, _SD + "supportedLanguage", _SD + "SPARQL11Query")
        add(endpoint, _SD + "feature", _SD + "UnionDefaultGraph")
        add(endpoint, _SD + "defaultDataset", DATASET)
        add(DATASET, rdf_type, _SD + "Dataset")
        byte = ox.NamedNode(PREFIXES["xsd"] + "nonNegativeInteger")
        sums = self._sums()
        if not sums:
            add(DATASET, VOID + "dataDump", here + "dump.nq")
        for name, digest in sums.items():
            file, checksum = f"{here}dumps/{name}", f"{here}dumps/{name}#sha256"
            whole, packed = name.startswith(f"{dumps.WHOLE}."), name.endswith(".gz")
            part = DATASET if whole else f"{DATASET}#part-{name.partition('.')[0]}"
            if not whole:
                add(DATASET, VOID + "subset", part)
                add(part, rdf_type, VOID + "Dataset")
                add(part, rdf_type, DCAT + "Dataset")
                add(part, title, ox.Literal(name.partition(".")[0]))
            add(part, VOID + "dataDump", file)
            add(part, DCAT + "distribution", file)
            add(file, rdf_type, DCAT + "Distribution")
            add(file, title, ox.Literal(name))
            add(file, DCAT + "accessURL", file)
            add(file, DCAT + "downloadURL", file)
            add(file, PREFIXES["dcterms"] + "license", "https://creativecommons.org/licenses/by/4.0/")
            add(file, DCAT + "mediaType", f"https://www.iana.org/assignments/media-types/{GRAPHS['nq']}")
            if packed:
                add(file, DCAT + "compressFormat", f"https://www.iana.org/assignments/media-types/{_GZIP}")
            add(file, DCAT + "byteSize", ox.Literal(str((self._folder / name).stat().st_size), datatype=byte))
            add(file, _SPDX + "checksum", checksum)
            add(checksum, rdf_type, _SPDX + "Checksum")
            add(checksum, _SPDX + "algorithm", _SPDX + "checksumAlgorithm_sha256")
            hexadecimal = ox.NamedNode(PREFIXES["xsd"] + "hexBinary")
            add(checksum, _SPDX + "checksumValue", ox.Literal(digest, datatype=hexadecimal))
        return triples

    async def page(self, request: Request, thing: str) -> Response:
        """The dataset for readers: figures, licences, links to others, dumps, services."""
        reader = self._pages.reader(request)
        void = f"GRAPH <{BASE}graph/void>"
        figures, classes, links, licences = await asyncio.gather(
            reader.select(
                f"""SELECT ?p ?o {{ {void} {{ <{DATASET}> ?p ?o }} FILTER(isLiteral(?o) && ?p NOT IN (dcterms:title,
                    dcterms:description, <{VOID}uriSpace>)) }} ORDER BY ?p"""
            ),
            reader.select(
                f"""SELECT ?class ?n {{ {void} {{ <{DATASET}> <{VOID}classPartition> ?part .
                    ?part <{VOID}class> ?class ; <{VOID}entities> ?n }} FILTER(STRSTARTS(STR(?class), STR(sol:))) }}
                    ORDER BY DESC(?n) ?class"""
            ),
            reader.select(
                f"""SELECT ?title ?space (SUM(?t) AS ?n) {{ {void} {{ ?l a <{VOID}Linkset> ; <{VOID}triples> ?t ;
                    <{VOID}objectsTarget> ?other . ?other dcterms:title ?title ; <{VOID}uriSpace> ?space }} }}
                    GROUP BY ?title ?space ORDER BY DESC(?n)"""
            ),
            reader.select("SELECT DISTINCT ?l { ?g a sol:RecordGraph ; dcterms:license ?l } ORDER BY ?l"),
        )
        await reader.fetch_labels([Term("uri", thing), *(row["class"] for row in classes)])
        sums = await asyncio.to_thread(self._sums)
        files = [
            (name.removesuffix(".nq"), self._size(name), self._size(f"{name}.gz"))
            for name in sums
            if f"{name}.gz" in sums
        ]
        return self._pages.render(
            request,
            "dataset.html",
            headers=self._pages.links(thing),
            reader=reader,
            thing=Term("uri", thing),
            figures=figures,
            classes=classes,
            others=links,
            licences=[row["l"] for row in licences],
            files=sorted(files, key=lambda file: (file[0] != dumps.WHOLE, file[0].islower(), file[0])),
            sums=dumps.SUMS if sums else "",
            report=self._report.is_file(),
            formats=DATA_FORMATS,
        )

    async def report(self, request: Request) -> Response:
        """The report of the build that is served, or over which was written."""
        tag = entity_tag(self._pool.build, "report")
        headers = {"Cache-Control": "no-cache", "ETag": tag}
        if self._pool.ready and not_modified(request, tag):
            return Response(status_code=304, headers=headers)
        try:
            body = await asyncio.to_thread(self._report.read_bytes)
        except FileNotFoundError:
            raise Problem(
                404, "No report", "The store that is served was not made by a build of this program."
            ) from None
        # It is one file that also opens without a server, so its style stands in it: allowed by its hash.
        style = body.partition(b"<style>")[2].partition(b"</style>")[0]
        allowed = f"style-src 'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'"
        headers["Content-Security-Policy"] = SECURITY["Content-Security-Policy"] + f"; {allowed}"
        return Response(body, headers=headers, media_type=HTML)

    # -- dumps ---------------------------------------------------------------------------------------------------

    @property
    def _folder(self) -> Path:
        return self._pool.folder.resolve() / "dumps"

    @property
    def _report(self) -> Path:
        return self._pool.folder.resolve() / PAGE

    def _sums(self) -> dict[str, str]:
        """The dumps with their SHA-256: none once something was written, for they are of the build."""
        return {} if self._pool.written else dict(dumps.read_sums(self._folder))

    def _size(self, name: str) -> str:
        size = float((self._folder / name).stat().st_size)
        for unit in ("B", "kB", "MB"):
            if size < 1000:
                return f"{size:.3g} {unit}"
            size /= 1000
        return f"{size:.3g} GB"

    async def index(self, _: Request) -> Response:
        """Where the dumps are listed."""
        return RedirectResponse("/page/dataset#dumps", 303)

    async def whole(self, request: Request) -> Response:
        """The whole graph. A store that was not written by a build may have this dump only."""
        name = f"{dumps.WHOLE}.nq"
        if self._pool.written:  # the files are of the build, over which was written since
            try:
                body, _ = await self._pool.dump(GRAPHS["nq"])
            except QUERY_ERRORS as error:
                raise as_problem(error) from error
            return Response(body, media_type=GRAPHS["nq"], headers={"Cache-Control": "no-cache"})
        if (self._folder / name).is_file():
            return await self._send(request, name, "solidarity-spectrum.nq")
        return FileResponse(
            self._pool.folder.resolve() / "dump.nq", media_type=GRAPHS["nq"], headers={"Cache-Control": "no-cache"}
        )

    async def dump(self, request: Request) -> Response:
        """A dump, or the sums of all."""
        if self._pool.written:
            detail = "Since the dumps were made, the store was written to. The whole graph as it is now: /dump.nq."
            raise Problem(409, "Out of date", detail)
        name = request.path_params["name"]
        if name == dumps.SUMS and (self._folder / name).is_file():
            return FileResponse(self._folder / name, media_type="text/plain", headers={"Cache-Control": "no-cache"})
        return await self._send(request, name, name)

    async def _send(self, request: Request, name: str, filename: str) -> Response:
        """A dump by its name in the sums: in parts if asked, gzipped if the client takes that."""
        folder = self._folder
        sums = await asyncio.to_thread(self._sums)
        if name not in sums:
            raise Problem(404, "No such dump", "The dumps are listed on /page/dataset.")
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        media_type, stored = (_GZIP, name) if name.endswith(".gz") else (GRAPHS["nq"], name)
        if media_type != _GZIP and accepts_gzip(request.headers.get("accept-encoding")):
            stored = f"{name}.gz"
            headers["Content-Encoding"] = "gzip"
        # The digest is of the dump as it is sent whole, whichever part of it this is (RFC 9530, section 3).
        digest = base64.b64encode(bytes.fromhex(sums[stored])).decode()
        headers |= {"ETag": f'"{sums[stored]}"', "Repr-Digest": f"sha-256=:{digest}:"}
        if not_modified(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return FileResponse(folder / stored, media_type=media_type, filename=filename, headers=headers)


def accepts_gzip(header: str | None) -> bool:
    """Whether a client says that it takes gzip (RFC 9110, section 12.5.3): not saying anything is no yes."""
    weights = {}
    for element in (header or "").split(","):
        coding, _, weight = element.strip().lower().partition(";")
        try:
            weights[coding.strip()] = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0

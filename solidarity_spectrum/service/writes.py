"""What was written to a store through the service, kept so that it outlives every process.

STORE.writes/
    base.nq         the dump of the build that was served when the first write came (a link to the same bytes)
    manifest.json   that build's manifest
    00000001.entry  one write: a line of JSON that says what it does, then its text or data
    00000002.entry  ...

An entry that says of itself what it does (a graph put, data inserted) is kept as it was sent. An update with a WHERE
clause may do something else when it is run again (functions like NOW, the order of answers), so the whole state after
it is kept instead, and what went before is removed. An entry is written under another name, made durable, and only
then given its own: it is there whole or not at all.

The folder is the state as long as it is there: it stands before any newer build. Remove it to serve builds again.
"""

import json
import os
import re
import shutil
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

import pyoxigraph as ox

from solidarity_spectrum.durable import sync

BASE_DUMP, MANIFEST, ENTRY, DRAFT = "base.nq", "manifest.json", ".entry", ".draft"
UPDATE, PUT, POST, DELETE, STATE = "update", "put", "post", "delete", "state"
_NAME = re.compile(r"\d{8}\.entry\Z")


class BadData(ValueError):
    """Data that cannot be written: the reason is for whoever sent them."""


class Absent(Exception):
    """The graph to be deleted is not there."""


class Journal:
    """The folder of writes of one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        """Whether anything was ever written."""
        return (self.folder / MANIFEST).is_file()

    def entries(self) -> list[Path]:
        """The entries in order, from the last whole state on."""
        names = sorted(entry for entry in self.folder.glob("*" + ENTRY) if _NAME.match(entry.name))
        for place in range(len(names) - 1, 0, -1):
            with names[place].open("rb") as file:
                if json.loads(file.readline())["op"] == STATE:
                    return names[place:]
        return names

    @property
    def sequence(self) -> int:
        """The number of the last write, 0 before the first."""
        entries = self.entries()
        return int(entries[-1].stem) if entries else 0

    def begin(self, build: Path) -> None:
        """Make the folder, over a build. Does nothing if it is there."""
        if self.exists:
            return
        fresh = self.folder.with_name(f"{self.folder.name}.{os.getpid()}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        dump = (build / "dump.nq").resolve()
        try:
            os.link(dump, fresh / BASE_DUMP)  # the same bytes, which stay when a new build removes this one
        except OSError:  # another file system
            shutil.copyfile(dump, fresh / BASE_DUMP)
        shutil.copyfile(build / MANIFEST, fresh / MANIFEST)
        shutil.rmtree(self.folder, ignore_errors=True)
        fresh.rename(self.folder)
        sync(self.folder.parent)

    def draft(self, operation: dict[str, Any], body: bytes) -> IO[bytes]:
        """An entry that is not in force yet, durable, open for reading and writing."""
        file = (self.folder / f"write{DRAFT}").open("wb+")
        file.write(json.dumps(operation).encode() + b"\n" + body)
        file.flush()
        os.fsync(file.fileno())
        return file

    def commit(self, sequence: int) -> None:
        """Put the draft in force as the write of this number, and remove what a whole state makes needless."""
        entry = self.folder / f"{sequence:08d}{ENTRY}"
        (self.folder / f"write{DRAFT}").rename(entry)
        sync(self.folder)
        with entry.open("rb") as file:
            whole = json.loads(file.readline())["op"] == STATE
        for older in self.folder.glob("*" + ENTRY) if whole else ():
            if _NAME.match(older.name) and older.name < entry.name:
                older.unlink()

    def load(self) -> ox.Store:
        """The state in memory: the base and every write after it. Raises OSError, ValueError or SyntaxError."""
        store, entries = ox.Store(), self.entries()
        if not entries or not _is_state(entries[0]):
            store.bulk_load(path=str(self.folder / BASE_DUMP), format=ox.RdfFormat.N_QUADS, lenient=True)
        for entry in entries:
            with entry.open("rb") as file:
                apply(store, json.loads(file.readline()), file)
        return store


def _is_state(entry: Path) -> bool:
    with entry.open("rb") as file:
        return bool(json.loads(file.readline())["op"] == STATE)


def graph_name(iri: str | None) -> ox.NamedNode | ox.DefaultGraph:
    """The graph of an IRI, the default graph for None. Raises ValueError for what is no absolute IRI."""
    return ox.DefaultGraph() if iri is None else ox.NamedNode(iri)


def apply(store: ox.Store, operation: dict[str, Any], file: IO[bytes]) -> bool:
    """Do one write to a store; the file stands where the body begins.

    Gives whether the graph written is new. Raises SyntaxError, BadData, Absent, ValueError or OSError; what has been
    done until then is not undone.
    """
    kind = operation["op"]
    if kind == UPDATE:
        for graph, media_type, size in operation["extra"]:
            load(store, file.read(size), media_type, ox.NamedNode(graph), graph)
        store.update(file.read().decode(), base_iri=operation["base"])
        for graph, _, _ in operation["extra"]:
            store.remove_graph(ox.NamedNode(graph))
        return False
    if kind == STATE:
        for graph in operation["empty"]:
            store.add_graph(ox.NamedNode(graph))
        store.bulk_load(file.read(), format=ox.RdfFormat.N_QUADS, lenient=True)
        return False
    name = graph_name(operation["graph"])
    known = isinstance(name, ox.DefaultGraph) or store.contains_named_graph(name)
    if kind == DELETE:
        if not known:
            raise Absent
        store.remove_graph(name)
        return False
    if kind == PUT:
        store.clear_graph(name)
    if isinstance(name, ox.NamedNode):
        store.add_graph(name)
    for media_type, size in operation["parts"]:
        load(store, file.read(size), media_type, name, operation["base"])
    return not known


def load(store: ox.Store, body: bytes, media_type: str, graph: ox.NamedNode | ox.DefaultGraph, base: str) -> None:
    """Load the triples of a document into a graph. Raises SyntaxError or BadData."""
    form = ox.RdfFormat.from_media_type(media_type)
    if form is None or (form.supports_datasets and form != ox.RdfFormat.JSON_LD):
        raise BadData(f"{media_type} holds no single graph")
    if form == ox.RdfFormat.RDF_XML:
        _check_xml(body)
    quads = []
    for quad in ox.parse(body, format=form, base_iri=base, rename_blank_nodes=True):
        if not isinstance(quad.graph_name, ox.DefaultGraph):
            raise BadData("the document names graphs of its own, which a graph cannot hold")
        quads.append(ox.Quad(quad.subject, quad.predicate, quad.object, graph))
    store.extend(quads)


def _check_xml(body: bytes) -> None:
    """Refuse entity declarations: the RDF parser expands them, ten lines to ten to the tenth characters (measured)."""

    def declared(*_: object) -> None:
        raise BadData("XML with entity declarations is refused")

    parser = expat.ParserCreate("utf-8")
    parser.EntityDeclHandler = declared
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise BadData(f"not valid XML: {error}") from error


def write_state(store: ox.Store, file: IO[bytes]) -> None:
    """Make a draft hold the whole state, durably."""
    empty = [
        name.value
        for name in store.named_graphs()
        if isinstance(name, ox.NamedNode) and next(store.quads_for_pattern(None, None, None, name), None) is None
    ]
    file.seek(0)
    file.truncate()
    file.write(json.dumps({"op": STATE, "empty": empty}).encode() + b"\n")
    store.dump(file, format=ox.RdfFormat.N_QUADS)
    file.flush()
    os.fsync(file.fileno())

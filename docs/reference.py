"""Writes the reference documentation of the ontology, one HTML page a language, into a folder (pyLODE, OntPub profile).

`python docs/reference.py build/docs` makes `ontology.en.html` and `ontology.hu.html`: the modules as one ontology, with
the texts of one language, since the profile would print those of both side by side.
"""

import sys
import tempfile
from pathlib import Path

import rdflib
from pylode import OntPub
from rdflib.namespace import OWL, RDF

from solidarity_spectrum.resources import BASE, ONTOLOGY

LANGUAGES = ("en", "hu")


def merged(language: str) -> rdflib.Graph:
    """The modules under the header of the whole ontology, without texts in other languages."""
    graph = rdflib.Graph()
    for file in sorted((ONTOLOGY / "modules").glob("*.ttl")):
        graph.parse(file)
    for header in set(graph.subjects(RDF.type, OWL.Ontology)) - {rdflib.URIRef(BASE + "ontology")}:
        graph.remove((header, None, None))
    for triple in graph:
        value = triple[2]
        if isinstance(value, rdflib.Literal) and value.language not in (None, language):
            graph.remove(triple)
    return graph


def write(folder: Path) -> list[Path]:
    """Write the pages and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = []
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as scratch:
            source = Path(scratch) / "ontology.ttl"
            merged(language).serialize(source, format="turtle")
            html = OntPub(ontology=str(source)).make_html()
        page = folder / f"ontology.{language}.html"
        page.write_text(html.replace("<html>", f'<html lang="{language}">', 1), "utf-8")
        pages.append(page)
    return pages


if __name__ == "__main__":
    for written in write(Path(sys.argv[1] if sys.argv[1:] else "build/docs")):
        print(written)

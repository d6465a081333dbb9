"""What a build says of itself and gives away: the VoID description and the dumps."""

import gzip
import hashlib
from pathlib import Path

import pyoxigraph as ox
import pytest

from solidarity_spectrum import dumps, questions, void

PROLOGUE = f"""PREFIX void: <{void.VOID}> PREFIX ext: <{void.VOID_EXT}> PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> """
OUTSIDE = f"FILTER(?g != <{void.GRAPH.value}>)"


def table(graph: ox.Store, query: str) -> set[tuple[str, ...]]:
    rows = graph.query(PROLOGUE + query, use_default_graph_as_union=True)
    assert isinstance(rows, ox.QuerySolutions)
    return {tuple("" if row[v] is None else row[v].value for v in rows.variables) for row in rows}


@pytest.mark.parametrize(
    ("described", "counted"),
    [
        (
            f"SELECT ?p ?n ?s ?o {{ <{void.DATASET}> void:propertyPartition ?part . ?part void:property ?p ;"
            " void:triples ?n ; void:distinctSubjects ?s ; void:distinctObjects ?o }",
            "SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?ss) (COUNT(DISTINCT ?o) AS ?oo)"
            f" {{ SELECT DISTINCT ?s ?p ?o {{ GRAPH ?g {{ ?s ?p ?o }} {OUTSIDE} }} }} GROUP BY ?p",
        ),
        (
            f"SELECT ?c ?n {{ <{void.DATASET}> void:classPartition ?part . ?part void:class ?c ; void:entities ?n }}",
            f"SELECT ?c (COUNT(DISTINCT ?s) AS ?n) {{ GRAPH ?g {{ ?s a ?c }} {OUTSIDE} }} GROUP BY ?c",
        ),
    ],
)
def test_the_partitions_are_what_a_count_finds(graph: ox.Store, described: str, counted: str):
    found = table(graph, described)
    assert found and found == table(graph, counted)


def test_an_editor_reads_classes_prefixes_and_examples_from_the_endpoint(graph: ox.Store):
    # The queries of https://github.com/sib-swiss/sparql-editor, as its page for checks asks them.
    schema = table(
        graph,
        """SELECT DISTINCT ?class ?prop ?object ?datatype { ?cp void:class ?class ; void:propertyPartition ?pp .
        ?pp void:property ?prop OPTIONAL { { ?pp void:classPartition [ void:class ?object ] }
        UNION { ?pp ext:datatypePartition [ ext:datatype ?datatype ] } } }""",
    )
    sol, xsd = void._SOL, "http://www.w3.org/2001/XMLSchema#"
    assert (sol + "Statement", sol + "speaker", sol + "Person", "") in schema
    assert (sol + "Statement", "http://purl.org/dc/terms/date", "", xsd + "date") in schema
    prefixes = table(graph, "SELECT ?p ?n { [] sh:namespace ?n ; sh:prefix ?p }")
    assert ("sol", sol) in prefixes and len({name for name, _ in prefixes}) == len(prefixes)
    examples = table(graph, "SELECT ?q ?c ?s { ?q a sh:SPARQLExecutable ; rdfs:comment ?c ; sh:select ?s }")
    assert len(examples) == len(questions.catalogue())


def test_linksets_count_the_links_to_others(graph: ox.Store):
    found = table(
        graph,
        """SELECT ?p ?space ?n { ?l a void:Linkset ; void:linkPredicate ?p ; void:objectsTarget/void:uriSpace ?space ;
        void:triples ?n }""",
    )
    assert found
    for name, space, number in found:
        counted = table(graph, f'SELECT DISTINCT ?s ?o {{ ?s <{name}> ?o FILTER(STRSTARTS(STR(?o), "{space}")) }}')
        assert len(counted) == int(number), (name, space)


def test_classes_that_are_below_each_other_are_described():
    node, held = ox.NamedNode("https://example.org/a"), ox.NamedNode("https://example.org/C")
    below = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
    rdf_type = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    other = ox.NamedNode("https://example.org/D")
    label = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    triples = {
        *(ox.Triple(node, rdf_type, name) for name in (held, other)),
        *(ox.Triple(held, below, other), ox.Triple(other, below, held)),
        ox.Triple(node, label, ox.Literal("a")),
    }
    graph = ox.Store()
    graph.extend(void.describe(triples))
    query = "SELECT ?c ?p { ?c void:entities 1 ; void:propertyPartition/void:property ?p }"
    assert {name for _, name in table(graph, query)} == {label.value, rdf_type.value}


def test_the_parts_of_a_dump_are_the_whole(store_folder: Path):
    folder = store_folder / "dumps"
    whole = (folder / f"{dumps.WHOLE}.nq").read_text("utf-8")
    assert whole == (store_folder / "dump.nq").read_text("utf-8")
    found = [file for file in folder.glob("*.nq") if file.stem != dumps.WHOLE]
    lines = [line for file in found for line in file.read_text("utf-8").splitlines(keepends=True)]
    assert sorted(lines) == whole.splitlines(keepends=True)
    statements = (folder / "Statement.nq").read_text("utf-8")
    assert "ontology#quotation>" in statements and "ontology#citation>" in statements, "with their provenance"


def test_the_sums_are_of_the_files(store_folder: Path):
    folder = store_folder / "dumps"
    sums = dict(dumps.read_sums(folder))
    assert sums.keys() == {file.name for file in folder.iterdir()} - {dumps.SUMS}
    for name, digest in sums.items():
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        if name.endswith(".gz"):
            assert gzip.decompress(content) == (folder / name.removesuffix(".gz")).read_bytes()

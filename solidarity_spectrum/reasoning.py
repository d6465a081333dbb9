"""What follows from the graph: the rules of `ontology/rules`, each a SPARQL CONSTRUCT, run until nothing is new."""

from collections.abc import Callable

import pyoxigraph as ox

from solidarity_spectrum.resources import BASE, ONTOLOGY

INFERRED = ox.NamedNode(BASE + "graph/inferred")
MAX_ROUNDS = 50


def materialise(store: ox.Store, progress: Callable[[str], None] = lambda _: None) -> int:
    """Add to `graph/inferred` all that follows; returns the number of new triples.

    Raises RuntimeError if the rules do not come to rest, which only a rule that invents terms could cause.
    """
    rules = [(file.stem, file.read_text("utf-8")) for file in sorted((ONTOLOGY / "rules").glob("*.rq"))]
    total = 0
    for round_number in range(1, MAX_ROUNDS + 1):
        new = 0
        for name, text in rules:
            triples = store.query(text, use_default_graph_as_union=True)
            assert isinstance(triples, ox.QueryTriples), f"{name} is not a CONSTRUCT"
            quads = {
                ox.Quad(t.subject, t.predicate, t.object, INFERRED)
                for t in triples
                if next(store.quads_for_pattern(t.subject, t.predicate, t.object, None), None) is None
            }
            store.extend(quads)
            new += len(quads)
        total += new
        progress(f"round {round_number}: {new} new triples")
        if not new:
            return total
    raise RuntimeError(f"the rules did not come to rest in {MAX_ROUNDS} rounds")

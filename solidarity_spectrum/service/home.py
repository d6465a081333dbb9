"""The home page's content, all of it queried: only the ids of the example are fixed."""

import asyncio
from typing import Any

from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service.reading import Reader, Row, Term, values

EXAMPLE_PROVISION = BASE + "id/hu-btk-353a"
EXAMPLE_CASE = BASE + "id/case-cjeu-c-821-19"
_PROVENANCE = BASE + "graph/provenance"
_COUNTED = ("Statement", "LegalInstrument", "Provision", "Case", "Decision", "Person", "Organisation", "Connection")
_DATES = "dcterms:date|sol:adopted|sol:inForce|sol:lodged|sol:announced|sol:noLongerInForce"


async def home_view(reader: Reader) -> dict[str, Any]:
    """What the template of the home page needs. Raises what the pool raises."""
    counts, statements, nodes, steps, questions, licences = await asyncio.gather(
        reader.select(
            f"""SELECT ?class (COUNT(DISTINCT ?x) AS ?n) {{
                VALUES ?class {{ {" ".join("sol:" + name for name in _COUNTED)} }} ?x a ?class }} GROUP BY ?class"""
        ),
        reader.select(
            f"""SELECT DISTINCT ?c ?statement ?law ?date ?speaker ?quotation ?claimant ?chronology {{
                {{ <{EXAMPLE_PROVISION}> sol:insertedBy ?law }} UNION {{ ?law sol:creates <{EXAMPLE_PROVISION}> }}
                ?c sol:object ?law ; sol:relation sol:motivates ; sol:subject ?statement .
                ?statement a sol:Statement
                OPTIONAL {{ ?statement dcterms:date ?date }} OPTIONAL {{ ?statement sol:speaker ?speaker }}
                OPTIONAL {{ ?statement sol:quotation ?quotation }}
                OPTIONAL {{ ?c sol:claimant|sol:claimantName ?claimant }}
                OPTIONAL {{ ?c sol:chronology ?chronology }} }} ORDER BY ?date ?c ?claimant"""
        ),
        reader.select(
            f"""SELECT DISTINCT ?x ?p ?date {{
                {{ BIND(<{EXAMPLE_PROVISION}> AS ?x) }} UNION {{ BIND(<{EXAMPLE_CASE}> AS ?x) }}
                UNION {{ <{EXAMPLE_PROVISION}> sol:insertedBy ?x }} UNION {{ ?x sol:creates <{EXAMPLE_PROVISION}> }}
                ?x a ?type
                OPTIONAL {{ ?x ?p ?date . ?x {_DATES} ?date FILTER(isLiteral(?date))
                    FILTER(?p IN ({_DATES.replace("|", ", ")})) }} }} ORDER BY ?date"""
        ),
        reader.select(
            f"""SELECT DISTINCT ?x ?date ?outcome ?final {{
                {{ ?x sol:inCase <{EXAMPLE_CASE}> OPTIONAL {{ ?x dcterms:date ?date }}
                   OPTIONAL {{ ?x sol:outcome ?outcome }} }}
                UNION {{ <{EXAMPLE_CASE}> sol:finalOutcome ?final }} }} ORDER BY ?date ?x"""
        ),
        reader.select("SELECT DISTINCT ?q { ?q a sol:Question ; sh:select ?s } ORDER BY ?q"),
        reader.select("SELECT DISTINCT ?licence { ?g a sol:RecordGraph ; dcterms:license ?licence } ORDER BY ?licence"),
    )
    laws = {row["law"].value for row in statements}
    chain = {
        row[name].value for row in (*statements, *nodes, *steps) for name in ("c", "statement", "x") if name in row
    }
    cited = await reader.select(
        f"""SELECT ?e ?title ?url ?status {{ GRAPH <{_PROVENANCE}> {{ VALUES ?e {{ {values(sorted(chain | laws))} }}
                ?g foaf:primaryTopic ?e ; sol:citation ?cite . ?cite oa:hasSource ?url
                OPTIONAL {{ ?cite dcterms:title ?title }} OPTIONAL {{ ?g sol:status ?status }} }} }}
            ORDER BY ?e ?cite"""
    )
    everything = (*counts, *statements, *nodes, *steps, *questions, *cited)
    await reader.fetch_labels(term for row in everything for term in row.values())
    sources: dict[str, list[Row]] = {}
    for row in cited:
        sources.setdefault(row["e"].value, []).append(row)
    dated: dict[str, tuple[Term, list[Row]]] = {}
    for row in nodes:
        dated.setdefault(row["x"].value, (row["x"], []))[1].extend([row] if "date" in row else [])
    order = [EXAMPLE_PROVISION, EXAMPLE_CASE]
    return {
        "reader": reader,
        "counts": sorted(counts, key=lambda row: _COUNTED.index(row["class"].short.removeprefix("sol:"))),
        "statements": _gather(reader, statements),
        "laws": [item for name, item in dated.items() if name not in order],
        "provision": dated.get(EXAMPLE_PROVISION),
        "case": dated.get(EXAMPLE_CASE),
        "steps": _steps(steps),
        "final": [row["final"] for row in steps if "final" in row],
        "questions": [row["q"] for row in questions],
        "licences": [row["licence"] for row in licences],
        "sources": sources,
    }


def _gather(reader: Reader, rows: list[Row]) -> list[dict[str, Any]]:
    """One view for each argued connection, its claimants and quotations gathered."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        view = found.setdefault(row["c"].value, {**row, "claimants": [], "quotations": [], "speakers": []})
        for key, name in (("claimants", "claimant"), ("quotations", "quotation"), ("speakers", "speaker")):
            if name in row and row[name] not in view[key]:
                view[key].append(row[name])
    for view in found.values():
        view["shown"] = reader.choose(view["quotations"]) if view["quotations"] else None
    return list(found.values())


def _steps(rows: list[Row]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if "x" in row:
            view = found.setdefault(row["x"].value, {"x": row["x"], "date": row.get("date"), "outcomes": []})
            if "outcome" in row:
                view["outcomes"].append(row["outcome"])
    return list(found.values())

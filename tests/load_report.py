"""The report of `tests/load.py`, made from its results: Markdown, every figure computed, every aim beside it."""

from collections.abc import Iterator
from typing import Any

OURS, DISK, MEMORY = "this service", "oxigraph serve", "oxigraph serve, in memory"
VIRTUOSO, RDFLIB = "Virtuoso", "rdflib-endpoint"
LOOKUPS, WORK, CATALOGUE, SHARED = "lookups", "work", "catalogue", "catalogue, as far as Virtuoso answers it"
_HEAD = """# Benchmarks

Made by `make bench-load`; nothing here is typed by hand. All servers ran on the same machine at the same time, each
measured in turn, over the same data, by the same queries sent in forms over kept connections. Every answer was first
counted against that of the engine in process. «q/s» are answers in a second, times are milliseconds. This service ran
with its cache off, except where the table says so; it holds the graph in memory, as the second Oxigraph does.
"""


def write_report(results: dict[str, Any]) -> str:
    """The whole report. `results` is what `tests/load.py` keeps."""
    about = results["about"]
    lines = [_HEAD, "## Aims", "", *_aims(results["sizes"]), "", "## Under load", ""]
    lines += ["Beside the rate, its ratio to that of `oxigraph serve` on disk.", ""]
    for size, held in results["sizes"].items():
        lines += [f"### {size}: {held['quads']:,} quads", "", *_under_load(held), ""]
    lines += ["## One question again and again", "", *_again(results["sizes"]), ""]
    lines += ["## A trivial query beside four that never end", "", *_slow(results["sizes"]), ""]
    lines += ["## Memory and start", "", *_servers(results["sizes"]), ""]
    lines += ["## Query by query, one client", ""]
    lines += ["Median and 95th percentile; «in process» is pyoxigraph without HTTP, the limit.", ""]
    for size, held in results["sizes"].items():
        lines += [f"### {size}: {held['quads']:,} quads, query by query", "", *_one_by_one(held), ""]
    lines += ["## Where, when, with what", "", *_about(about, results["sizes"], results.get("missing", []))]
    return "\n".join(lines) + "\n"


def _row(*cells: Any) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _table(head: list[str], rows: list[list[Any]]) -> list[str]:
    return [_row(*head), _row("---", *["---:"] * (len(head) - 1)), *(_row(*row) for row in rows)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _loads(held: dict[str, Any], mix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Number of clients, and the figures by server."""
    for key, figures in held["load"].items():
        name, _, clients = key.rpartition("/")
        if name == mix and OURS in figures:
            yield clients, figures


def _aims(sizes: dict[str, Any]) -> list[str]:
    rows: list[list[Any]] = []

    def add(aim: str, where: str, figure: str, met: bool) -> None:
        rows.append([aim, where, figure, "met" if met else "**missed**"])

    for size, held in sizes.items():
        for mix, least, aim in (
            (WORK, 0.8, "throughput where the engine works: at least 0.8 of `oxigraph serve`"),
            (CATALOGUE, 0.8, "throughput where the engine works: at least 0.8 of `oxigraph serve`"),
            (LOOKUPS, 0.4, "throughput on one-row lookups: at least 0.4 of `oxigraph serve`"),
        ):
            for other in (DISK, MEMORY):
                ratios = {
                    c: f[OURS]["rate"] / f[other]["rate"] for c, f in _loads(held, mix) if f.get(other, {}).get("rate")
                }
                if ratios:
                    figure = ", ".join(f"{ratio:.2f}" for ratio in ratios.values())
                    where = f"{size}, {mix}, {'/'.join(ratios)} clients"
                    if other == DISK:
                        add(aim, where, figure, min(ratios.values()) >= least)
                    else:
                        rows.append([f"the same, of `{MEMORY}`", where, figure, "no aim"])
    for size, held in sizes.items():
        for group, names in _groups(held).items():
            ratio, bound = _against_rdflib(held, names)
            if ratio:
                add(
                    "at least 20 times `rdflib-endpoint`",
                    f"{size}, {group}, one client",
                    f"{bound}{ratio:,.0f}",
                    ratio >= 20,
                )
    for size, held in sizes.items():
        pairs = {c: (f[OURS]["p95"], f[VIRTUOSO]["p95"]) for c, f in _loads(held, SHARED) if VIRTUOSO in f}
        if pairs:
            figure = ", ".join(f"{ours:.0f} to {theirs:.0f} ms" for ours, theirs in pairs.values())
            met = all(ours < theirs for ours, theirs in pairs.values())
            add("p95 on the catalogue ahead of Virtuoso's", f"{size}, {'/'.join(pairs)} clients", figure, met)
    for size, held in sizes.items():
        if OURS in held["slow"]:
            p95 = held["slow"][OURS]["slow"]["p95"]
            add("a trivial query under 50 ms p95 beside four slow ones", size, f"{p95:.1f} ms", p95 < 50)
        if again := held["again"]:
            ours = again[f"{OURS}, with its ETag"]["rate"]
            best = max(figure["rate"] for name, figure in again.items() if not name.startswith(OURS))
            add("a repeated question beats every engine", size, f"{ours:,.0f} to {best:,.0f} q/s", ours > best)
    return _table(["aim", "where", "figure", ""], rows)


def _groups(held: dict[str, Any]) -> dict[str, list[str]]:
    return {mix: names for mix, names in held.get("mixes", {}).items() if mix in (LOOKUPS, WORK, CATALOGUE)}


def _against_rdflib(held: dict[str, Any], names: list[str]) -> tuple[float, str]:
    """How many times as long it takes over all queries together; «over » if it was not waited for to the end."""
    ours = theirs = 0.0
    bound = ""
    for name in names:
        figure = held["one"][name].get(RDFLIB, {})
        if "over" in figure:
            bound = "over "
        if "p50" in figure or "over" in figure:
            theirs += figure.get("p50", figure.get("over", 0.0))
            ours += held["one"][name][OURS]["p50"]
    return (theirs / ours if ours else 0.0), bound


def _under_load(held: dict[str, Any]) -> list[str]:
    servers = [name for name in (OURS, DISK, MEMORY, VIRTUOSO, RDFLIB) if name in held["servers"]]
    rows: list[list[Any]] = []
    for mix, names in held.get("mixes", {}).items():
        for clients, figures in _loads(held, mix):
            row: list[Any] = [f"{mix} ({len(names)}), {clients} client{'s' if clients != '1' else ''}"]
            for server in servers:
                figure = figures.get(server)
                if figure is None:
                    row.append("")
                    continue
                base = figures.get(DISK, {}).get("rate")
                ratio = f" ({figure['rate'] / base:.2f})" if base and server != DISK else ""
                bad = f", {figure['bad']} failed" if figure["bad"] else ""
                row.append(f"{_number(figure['rate'])} q/s{ratio}, p95 {_number(figure['p95'])}{bad}")
            rows.append(row)
    return _table(["queries, in turn", *servers], rows)


def _again(sizes: dict[str, Any]) -> list[str]:
    rows = [
        [size, name, _number(figure["rate"]), _number(figure["p95"])]
        for size, held in sizes.items()
        for name, figure in held["again"].items()
    ]
    return _table(["size", "server", "q/s, 4 clients", "p95"], rows)


def _slow(sizes: dict[str, Any]) -> list[str]:
    rows = [
        [size, name, _number(figure["idle"]["p95"]), _number(figure["slow"]["p50"]), _number(figure["slow"]["p95"])]
        for size, held in sizes.items()
        for name, figure in held["slow"].items()
    ]
    return _table(["size", "server", "p95 alone", "p50 beside them", "p95 beside them"], rows)


def _servers(sizes: dict[str, Any]) -> list[str]:
    rows = [
        [size, name, _number(figure["ready"]), _number(figure.get("megabytes", 0))]
        for size, held in sizes.items()
        for name, figure in held["servers"].items()
    ]
    return _table(["size", "server", "seconds to be ready, data loaded", "MB of all its processes"], rows)


def _one_by_one(held: dict[str, Any]) -> list[str]:
    servers = [name for name in (OURS, DISK, MEMORY, VIRTUOSO, RDFLIB) if name in held["servers"]]
    rows, notes = [], []
    for query, one in held["one"].items():
        row: list[Any] = [
            query,
            one["limit"]["size"],
            f"{_number(one['limit']['p50'])} / {_number(one['limit']['p95'])}",
        ]
        for server in servers:
            figure = one.get(server, {})
            if "wrong" in figure:
                row.append("*")
                notes.append(f"- {query}, {server}: {figure['wrong']}".replace("<", "&lt;"))
            elif "over" in figure:
                row.append(f"over {figure['over'] / 1000:.0f} s")
            else:
                row.append(f"{_number(figure['p50'])} / {_number(figure['p95'])}" if figure else "")
        rows.append(row)
    table = _table(["query", "rows", "in process", *servers], rows)
    if notes:
        table += ["", "\\* not answered, or otherwise; not compared:", "", *notes]
    return table


def _about(about: dict[str, Any], sizes: dict[str, Any], missing: list[str]) -> list[str]:
    versions = {name: figure["version"] for held in sizes.values() for name, figure in held["servers"].items()}
    lines = [
        f"- {about['date']}; {about['processor']}, {about['cores']} cores, {about['memory']} GiB; {about['system']}; "
        f"load before the run {about['load']:.1f}",
        f"- Python {about['python']}, pyoxigraph {about['pyoxigraph']}; "
        + "; ".join(f"{name} {number}" for name, number in versions.items() if name not in (OURS, MEMORY)),
        f"- wrk, one thread, {about['same']['seconds']} seconds or more for each figure, on the same machine as the "
        "servers; requests of a mix in one random order, the same for all",
        f"- build {about['same']['build'][:16]}; the larger graphs are grown from it (`tests/grow.py`)",
        "- `rdflib-endpoint` only at the shipped size, where it is given up after "
        f"{about['same']['wait']:.0f} seconds for a query",
    ]
    return lines + [f"- left out: {text}" for text in dict.fromkeys(missing)]

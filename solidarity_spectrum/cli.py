"""The command line: few verbs, each on the embedded store without configuration.

Exit status: 0 fine, 1 findings, 2 usage or failure. What only one verb needs and takes long to import (the SHACL
engines, the server) is imported by that verb.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from solidarity_spectrum import (
    __version__,
    explain,
    guard,
    identifiers,
    links,
    loading,
    questions,
    report,
    store,
    table,
)
from solidarity_spectrum.findings import Finding, InputError, suggest
from solidarity_spectrum.records import Record, context, graph_iri
from solidarity_spectrum.resources import DATA, store_folder
from solidarity_spectrum.service.settings import TOKEN_VARIABLE, BadSettings, add_options, from_options
from solidarity_spectrum.vocabulary import vocabulary

if TYPE_CHECKING:
    from solidarity_spectrum.remote import Remote
    from solidarity_spectrum.validation import Input

MAX_QUERY = 10_000_000
MAX_MESSAGE = 1000
BIG = 1_000_000
"""Bytes of input from which it is told what is being done."""


class Failure(Exception):
    """Something a user can act on; printed as it is, exit status 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if "run" not in options:
        parser.print_help(sys.stderr)
        return 2
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        with _store(options) as remote:
            status = run(options)
            if remote is not None:
                remote.unchanged()
            return status
    except InputError as error:
        print(report.as_text(error.findings, options_language(options)), file=sys.stderr)
    except BrokenPipeError:  # the reader of a pipe went away: nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UnicodeError as error:
        print(f"solidarity: this is not UTF-8 text: {str(error)[:MAX_MESSAGE]}", file=sys.stderr)
    except (Failure, store.NoStore, questions.QuestionError, OSError) as error:
        print(f"solidarity: {str(error)[:MAX_MESSAGE]}", file=sys.stderr)
    except KeyboardInterrupt:
        print("solidarity: interrupted", file=sys.stderr)
    return 2


@contextmanager
def _store(options: argparse.Namespace) -> "Iterator[Remote | None]":
    """Turn the address of a store, if it is one of a server, into that store; a path otherwise."""
    place = getattr(options, "store", None)
    if place is None or "://" not in place:
        if place is not None:
            options.store = Path(place)
        yield None
        return
    from solidarity_spectrum.remote import Remote

    if not hasattr(options, "takes_servers"):
        raise Failure("this verb works on a store in a folder")
    update, graphs = getattr(options, "update_url", ""), getattr(options, "graph_store_url", "")
    with Remote(place, update, graphs, deadline=options.timeout) as options.store:
        yield options.store


def options_language(options: argparse.Namespace) -> str:
    return str(getattr(options, "language", "en"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="solidarity",
        description="Actors, laws and concepts of solidarity with migrants: rhetoric → law → outcome, with evidence.",
        epilog="Start with: solidarity build, then solidarity questions, then solidarity explain hu-btk-353a",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = parser.add_subparsers(metavar="VERB")

    def verb(name: str, run: Callable[[argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
        sub.set_defaults(run=run)
        return sub

    def with_store(sub: argparse.ArgumentParser, *, remote: bool = False, writes: bool = False) -> None:
        about = ", or the address of a SPARQL server" if remote else ""
        default = os.environ.get("SOLIDARITY_STORE") or str(store_folder())
        sub.add_argument("--store", default=default, help=f"the built store{about} (default: %(default)s)")
        if remote:
            sub.set_defaults(takes_servers=True)
            sub.add_argument("--timeout", type=_seconds, default=300, help="seconds a server may take to answer")
        if writes:
            sub.add_argument("--update-url", default="", metavar="URL", help="where the server takes updates")
            sub.add_argument("--graph-store-url", default="", metavar="URL", help="where the server takes graphs")

    def with_inputs(sub: argparse.ArgumentParser, number: str = "+", also: str = "") -> None:
        about = "files, folders, zip files, or - for standard input" + also
        sub.add_argument("files", nargs=number, metavar="FILE", help=about)
        about = "format of all files (default: by name, or by content where the name tells none)"
        sub.add_argument("--input", metavar="FORMAT", help=about)
        about = "read at most so many MiB together, unpacked (default: %(default)s)"
        sub.add_argument("--max-size", type=int, default=64, metavar="MIB", help=about)

    def with_language(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--language", choices=("en", "hu"), default="en", help="language of labels and messages")

    sub = verb("build", _build, "records → quads → what follows → shapes → store")
    sub.add_argument("--data", type=Path, default=DATA, help="folder of records (default: the shipped data)")
    with_store(sub, remote=True, writes=True)
    with_language(sub)

    sub = verb("serve", _serve, "SPARQL, pages and questions over HTTP")
    add_options(sub)
    with_store(sub)

    sub = verb(
        "query", _query, "answer a question of the catalogue, or SPARQL from a text, a file or - for standard input"
    )
    sub.add_argument("query", help="name of a question, SPARQL text, a file, or -")
    sub.add_argument("--param", "-p", action="append", default=[], metavar="NAME=VALUE", help="parameter of a question")
    sub.add_argument(
        "--format",
        "-f",
        choices=["table", *store.RESULT_FORMATS, *store.GRAPH_FORMATS],
        help="default: table on a terminal, json or ttl otherwise",
    )
    sub.add_argument("--sources", action="store_true", help="show the source columns in a table too")
    with_store(sub, remote=True)

    sub = verb("questions", _questions, "list the question catalogue")
    sub.add_argument("name", nargs="?", help="show one question with its parameters and its SPARQL")
    sub.add_argument("--format", "-f", choices=("text", "json"), default="text")
    with_language(sub)

    sub = verb("validate", _validate, "judge contributions against the shapes and the graph")
    with_inputs(sub)
    sub.add_argument("--format", "-f", choices=report.FORMATS, default="text", help="html also tells what would change")
    sub.add_argument("--out", type=Path, metavar="REPORT", help="write the report here instead of standard output")
    sub.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")
    sub.add_argument("--engine", choices=("fast", "reference"), default="fast", help="reference is pySHACL, slower")
    with_store(sub, remote=True)
    with_language(sub)

    sub = verb(
        "diff",
        _diff,
        "what a contribution would change in the graph, or what changed between two builds (0: nothing, 1: something)",
    )
    with_inputs(sub, also="; or two folders of built stores, the older first")
    sub.add_argument("--format", "-f", choices=("text", "json"), default="text", help="for HTML see «validate»")
    sub.add_argument("--seconds", type=float, default=60.0, help="time for the catalogue's answers (default: 60)")
    with_store(sub)
    with_language(sub)

    sub = verb("template", _template, "tables and records to fill in, for each kind of record")
    sub.add_argument("kinds", nargs="*", metavar="KIND", help="none: list them; all: every kind")
    about = "default: by the name in --out, else csv; csv takes one kind"
    sub.add_argument("--format", "-f", choices=("xlsx", "csv", "yaml"), help=about)
    sub.add_argument("--out", type=Path, metavar="FILE", help="write here instead of standard output")
    with_language(sub)

    sub = verb("accept", _accept, "take a contribution into a data folder, in canonical form, all or nothing")
    with_inputs(sub, "*")
    sub.add_argument("--by", metavar="CONTRIBUTOR", help="id of the contributor, who has a record too")
    sub.add_argument("--data", type=Path, default=DATA, help="folder of records (default: the shipped data)")
    about = "day of recording (default: that of SOURCE_DATE_EPOCH, or today)"
    sub.add_argument("--recorded", default="", metavar="DAY", help=about)
    sub.add_argument("--dry-run", action="store_true", help="show what would be written, as a patch")
    sub.add_argument("--undo", metavar="ID", help="undo an acceptance; LAST for the last one")
    sub.add_argument("--history", action="store_true", help="list acceptances, the oldest first")
    sub.add_argument("--recover", action="store_true", help="bring an acceptance that was cut off to its end")
    about = f"send the files to the quarantine of a running service instead, with the token in {TOKEN_VARIABLE}"
    sub.add_argument("--service", metavar="ADDRESS", help=about)
    with_store(sub)
    with_language(sub)

    sub = verb("schema", _schema, "the JSON Schema of record files, for editors")
    sub.add_argument("--out", type=Path, metavar="FILE", help="write here instead of standard output")

    sub = verb("load", _load, "turn files of a source into records")
    sub.add_argument("source", help="a loader; see «solidarity loaders»")
    about = "files, folders, zip archives, or - for standard input; none with --live"
    sub.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=about)
    sub.add_argument("--out", type=Path, metavar="FILE", help="write here instead of standard output")
    about = "add to the store (in a folder, or on a server) instead, where all is judged; the next «solidarity build» "
    about += "knows nothing of it"
    sub.add_argument("--into-store", action="store_true", help=about)
    about = "records, or the quads of those accepted (default: %(default)s)"
    sub.add_argument("--format", "-f", choices=loading.FORMATS, default="yaml", help=about)
    about = "run on an Apache Spark cluster, such as spark://host:7077; --out is then a new folder of N-Quads"
    sub.add_argument("--spark", metavar="MASTER", help=about)
    about = "only what this fits; see «solidarity loaders»"
    sub.add_argument("--choose", action="append", default=[], metavar="NAME=VALUE", help=about)
    about = "fetch from the publisher what this names; see «solidarity loaders»"
    sub.add_argument("--live", action="append", default=[], metavar="NAME=VALUE", help=about)
    about = "keep what is fetched in this folder, and do not fetch again what is there"
    sub.add_argument("--record", type=Path, metavar="FOLDER", help=about)
    about = "take what was kept in this folder, and fetch nothing"
    sub.add_argument("--replay", type=Path, metavar="FOLDER", help=about)
    about = "day of recording (default: that of SOURCE_DATE_EPOCH, or today)"
    sub.add_argument("--recorded", default="", metavar="DAY", help=about)
    about = "id of who records (default: %(default)s)"
    sub.add_argument("--recorded-by", default="solidarity-spectrum-project", metavar="ID", help=about)
    with_store(sub, remote=True, writes=True)
    with_language(sub)

    sub = verb("loaders", _loaders, "what can be loaded, from where, under which licence")
    sub.add_argument("--format", "-f", choices=("text", "json"), default="text")

    sub = verb("explain", _explain, "every assertion about an entity with its evidence")
    sub.add_argument("id", help="an id such as hu-btk-353a, concept:de-solidarity, or an IRI")
    sub.add_argument("--as-of", metavar="DAY", default="", help="what held and had happened on a day, YYYY-MM-DD")
    sub.add_argument("--format", "-f", choices=("text", "json"), default="text")
    sub.add_argument("--all", action="store_true", help=f"also what is alike beyond the first {explain.MOST}, in text")
    with_store(sub, remote=True)
    with_language(sub)

    sub = verb("export", _export, "dump the graph")
    sub.add_argument("--format", "-f", choices=sorted(store.GRAPH_FORMATS), default="nq")
    sub.add_argument("--graph", help="only this graph, by the id of its record")
    sub.add_argument("--candidates", action="store_true", help="what is unverified, instead of what is accepted")
    sub.add_argument("--links", action="store_true", help="the links to other data sets, as SSSOM (TSV)")
    with_store(sub)

    sub = verb("id", _id, "parse, check, normalise and convert identifiers of law, cases, works and things")
    about = "as pasted, or - for one a line on standard input; none: list the schemes"
    sub.add_argument("values", nargs="*", metavar="VALUE", help=about)
    sub.add_argument(
        "--scheme", choices=sorted(identifiers.SCHEMES), metavar="NAME", default="", help="what it must be"
    )
    sub.add_argument("--format", "-f", choices=("text", "json"), default="text")
    with_language(sub)

    sub = verb("stats", _stats, "counts by type, status and graph")
    sub.add_argument("--format", "-f", choices=("text", "json"), default="text")
    with_store(sub, remote=True)
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 86_400:
        raise ValueError(text)
    return value


def _progress(text: str) -> None:
    """A line per step, on standard error, so that results stay clean."""
    print(text, file=sys.stderr, flush=True)


class _Patience:
    """Tells on standard error what is being done, where it takes long: no more than a line a second."""

    def __init__(self) -> None:
        self.told = time.monotonic()

    def __call__(self, text: str) -> None:
        if time.monotonic() - self.told > 1:
            _progress(text)
            self.told = time.monotonic()


def _build(options: argparse.Namespace) -> int:
    from solidarity_spectrum import build

    if isinstance(options.store, Path):
        built = build.build(options.data, options.store, _progress)
    else:
        with tempfile.TemporaryDirectory(prefix="solidarity-") as folder:
            target = Path(folder) / "store"
            built = build.build(options.data, target, _progress)
            if not built.refused:
                options.store.publish(target, _progress)
    if built.refused:
        print(report.as_text(built.findings, options.language), file=sys.stderr)
        print("nothing was written: the store in use is as it was", file=sys.stderr)
        return 1
    for name, value in built.counts.items():
        print(f"{name}: {_line(value)}")
    return 0


def _line(value: object) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) or "none" if isinstance(value, dict) else str(value)


def _serve(options: argparse.Namespace) -> int:
    from solidarity_spectrum.service import serve

    store.manifest(options.store)
    try:
        settings = from_options(options, options.store)
    except BadSettings as error:
        raise Failure(str(error)) from error
    if options.socket:
        _progress(f"serving {options.store} on {options.socket} (Ctrl-C ends)")
        serve(options.store, options.host, options.port, settings, options.socket)
        return 0
    with socket.socket() as probe:  # a plain error now, rather than one from inside the server
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.host, options.port))
        except OSError as error:
            raise Failure(f"cannot listen on {options.host}:{options.port}: {error.strerror}; try --port") from error
    _progress(f"serving {options.store} on http://{options.host}:{options.port}/ (Ctrl-C ends)")
    serve(options.store, options.host, options.port, settings)
    return 0


def _query(options: argparse.Namespace) -> int:
    graph = store.open_disk(options.store)
    text = _query_text(options, graph)
    # The engine cannot be interrupted, so Ctrl-C must end the process itself.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    shape = options.format or ("table" if sys.stdout.isatty() else "")
    try:
        look = guard.scan(text, max_bytes=MAX_QUERY, allow_service=True)
        union = not look.has_dataset
        if shape in store.GRAPH_FORMATS or (look.form in ("CONSTRUCT", "DESCRIBE") and shape in ("", "table")):
            kind = shape if shape in store.GRAPH_FORMATS else "ttl"
            sys.stdout.buffer.write(store.query(graph, text, kind, union))
            return 0
        answer = store.query(graph, text, shape if shape in store.RESULT_FORMATS else "json", union)
    except SyntaxError as error:
        raise Failure(f"the query is not SPARQL: {_in_own_lines(str(error.msg), text)}") from error
    except (ValueError, guard.Refused) as error:
        raise Failure(str(error)) from error
    if not isinstance(options.store, Path) and options.store.caution:
        print(f"solidarity: {options.store.caution}", file=sys.stderr)
    columns, rows = table.from_json(answer) if shape in ("", "json", "table") else ([], [[""]])
    if not rows:
        for hint in _silent_terms(text, graph):
            print(f"solidarity: {hint}", file=sys.stderr)
    if shape == "table":
        kept = [i for i, name in enumerate(columns) if options.sources or not name.lower().endswith("sources")]
        print(table.render([columns[i] for i in kept], [[row[i] for i in kept] for row in rows]))
        if len(kept) < len(columns):
            print(f"({len(columns) - len(kept)} source columns left out: add --sources, or --format csv)")
    else:
        sys.stdout.buffer.write(answer)
    return 0


def _query_text(options: argparse.Namespace, graph: ox.Store) -> str:
    given = dict(_pairs(options.param, "--param"))
    path = Path(options.query)
    try:
        is_file = path.is_file()
    except OSError:  # a query is often longer than a file name may be
        is_file = False
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", options.query) and not is_file:
        question = questions.find(options.query)
        questions.check(question, given, graph)
        return questions.bind(question, given)
    if given:
        raise Failure("--param belongs to a question of the catalogue")
    if options.query == "-":
        return questions.prefixes() + sys.stdin.read()
    return questions.prefixes() + (path.read_text("utf-8") if is_file else options.query)


def _in_own_lines(message: str, text: str) -> str:
    """The engine's message with the line counted in what the user wrote, and without its list of characters."""
    hidden = questions.prefixes().count("\n") if text.startswith(questions.prefixes()) else 0

    def own(match: re.Match[str]) -> str:
        return f"{int(match[1]) - hidden}:{match[2]}"

    return re.sub(r"\b(\d+):(\d+)\b", own, message, count=1)[:200]


def _silent_terms(text: str, graph: ox.Store) -> list[str]:
    """Why a query may have matched nothing: the terms in it that the graph does not hold."""
    body = text.removeprefix(questions.prefixes())
    prefixes = context().prefixes | dict(re.findall(r"(?i)\bprefix\s+([\w-]*):\s*<([^>]*)>", body))
    body = re.sub(r"(?i)\b(prefix\s+[\w-]*:|base)\s*<[^>]*>", " ", body)
    names = re.findall(r"(?<![\w?$:/#])([\w-]*):([\w-][\w.-]*)", re.sub(r"<[^>]*>|\"[^\"]*\"|'[^']*'", " ", body))
    iris = set(re.findall(r"<([^>\s]+)>", body)) | {prefixes[p] + local for p, local in names if p in prefixes}
    hints = []
    for iri in sorted(iris):
        try:
            node = ox.NamedNode(iri)
        except ValueError:
            continue
        if not any(
            next(graph.quads_for_pattern(*pattern), None)
            for pattern in ((node, None, None, None), (None, node, None, None), (None, None, node, None))
        ):
            near = explain.nearest(iri, vocabulary().declared())
            hints.append(
                f"the graph holds no {table.shorten(iri)}" + (f"; did you mean {table.shorten(near)}?" if near else "")
            )
    return hints


def _questions(options: argparse.Namespace) -> int:
    if options.name:
        question = questions.find(options.name)
        if options.format == "json":
            print(json.dumps(asdict(question), ensure_ascii=False, indent=1))
            return 0
        print(question.question.get(options.language) or question.question["en"])
        given = "".join(f" --param {p.name}={p.default}" for p in question.parameters if p.default)
        print(f"\n  solidarity query {question.name}{given}\n")
        for parameter in question.parameters:
            default = f" (default {parameter.default})" if parameter.default else " (optional)"
            print(f"  --param {parameter.name}={parameter.type.upper()}  {parameter.label[options.language]}{default}")
        print("\n" + question.query.rstrip())
        return 0
    listed = questions.catalogue().values()
    if options.format == "json":
        print(json.dumps([asdict(question) for question in listed], ensure_ascii=False, indent=1))
        return 0
    theme = ""
    for question in listed:
        if question.theme != theme:
            theme = question.theme
            print(f"{theme.replace('-', ' ').capitalize()}")
        print(f"  {question.name}\n      {question.question[options.language]}")
        for parameter in question.parameters:
            print(f"      --param {parameter.name}={parameter.default or '…'}")
    return 0


def _inputs(options: argparse.Namespace) -> "list[Input | Finding]":
    """The files given, folders and zip files opened."""
    from solidarity_spectrum import validation

    if options.input and options.input not in validation.FORMATS:
        raise Failure(f"--input takes one of {', '.join(validation.FORMATS)}, not «{options.input}»")
    if options.store == store_folder() and not options.store.exists() and "SOLIDARITY_STORE" not in os.environ:
        from solidarity_spectrum import build

        options.store = build.shipped(_progress)
    limit = options.max_size * 2**20
    return list(validation.expand(validation.gather(options.files, options.input or "", limit), limit))


def _validate(options: argparse.Namespace) -> int:
    from solidarity_spectrum import difference
    from solidarity_spectrum.validation.contribution import examine

    if options.format == "html" and not isinstance(options.store, Path):
        raise Failure("--format html compares with the whole graph: that takes a store in a folder")
    inputs = _inputs(options)
    sources = {item[0]: item[1] for item in inputs if not isinstance(item, Finding)}
    tell = _progress if sum(map(len, sources.values())) > BIG else _Patience()
    examined = examine(inputs, options.store, options.engine, tell, options.max_size * 2**20)
    tables = []
    if options.format == "html":
        tables = difference.tables(difference.of_contribution(examined, options.store, options.engine, tell))
    told = report.Report(examined.findings, examined.statements, sources, tables, strict=options.strict)
    text = report.render(told, options.format, options.language)
    if options.out:
        _write(options.out, text)
        _progress(f"report written to {options.out}")
    else:
        sys.stdout.buffer.write(text)
    return 0 if told.conforms else 1


def _write(file: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all; into what is no regular file, such as a pipe, directly."""
    if file.exists() and not file.is_file():
        file.write_bytes(data)
        return
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _diff(options: argparse.Namespace) -> int:
    from solidarity_spectrum import difference
    from solidarity_spectrum.validation.contribution import examine

    stores = [Path(name) for name in options.files if (Path(name) / store.MANIFEST).is_file()]
    if stores:
        if not len(stores) == len(options.files) == 2:
            raise Failure("give two stores, the older first, or the files of a contribution")
        older, newer = stores
        found = difference.of_stores(older, newer, _progress, options.seconds)
    else:
        examined = examine(_inputs(options), options.store, limit=options.max_size * 2**20)
        wrong = [found for found in examined.findings if found.severity == "violation"]
        if examined.change is None and wrong:
            print(report.as_text(examined.findings, options.language), file=sys.stderr)
            return 2
        found = difference.of_contribution(examined, options.store, progress=_progress, seconds=options.seconds)
        if wrong:
            _progress(f"{len(wrong)} errors, which «solidarity validate» tells: this is what could be read")
    print(difference.text(found, options.language) if options.format == "text" else difference.as_json(found))
    return 0 if found.empty else 1


def _template(options: argparse.Namespace) -> int:
    from solidarity_spectrum import forms
    from solidarity_spectrum.records.tables import KINDS

    kinds = list(KINDS) if options.kinds == ["all"] else options.kinds
    for kind in kinds:
        if kind not in KINDS:
            raise Failure(f"no kind «{kind}»; there are: {', '.join(KINDS)}.{suggest(kind, KINDS)[0]}")
    if not kinds:
        for kind in KINDS:
            print(f"{kind + ':':<15}{', '.join(KINDS[kind])}")
        return 0
    form = options.format or (options.out.suffix.removeprefix(".") if options.out else "csv")
    if form not in forms.FORMATS:
        raise Failure(f"--out {options.out}: the ending is none of {', '.join(forms.FORMATS)}; give --format")
    if form == "csv" and len(kinds) > 1:
        raise Failure("a CSV file holds one kind: name one, or take --format xlsx")
    if form == "xlsx" and not options.out and sys.stdout.isatty():
        raise Failure("a workbook is no text: give --out FILE.xlsx")
    content = forms.FORMATS[form](kinds, options.language)
    if options.out:
        _write(options.out, content)
        _progress(f"written to {options.out}")
    else:
        sys.stdout.buffer.write(content)
    return 0


def _accept(options: argparse.Namespace) -> int:
    from solidarity_spectrum import acceptance

    if sum(map(bool, (options.files, options.undo, options.history, options.recover))) != 1:
        raise Failure("give files, or one of --undo, --history and --recover")
    try:
        if options.recover:
            cut = acceptance.recover(options.data)
            _progress(f"brought to its end: {cut.stem}" if cut else "nothing was cut off")
            return 0
        if options.history:
            for entry in acceptance.history(options.data):
                what = f"undoes {entry.undoes}" if entry.undoes else " ".join(entry.records)
                print(f"{entry.id}  {entry.by}  {what}" + (f"  (undone: {entry.undone})" if entry.undone else ""))
            return 0
        if options.undo:
            if options.dry_run:
                print(acceptance.undo(options.data, options.undo).patch(), end="")
                return 0
            with acceptance.locked(options.data):
                found = acceptance.undo(options.data, options.undo)
                acceptance.write(options.data, found)
            _progress(f"{found.undoes} is undone: {', '.join(change.file for change in found.changes)}")
            return 0
        return _take_in(options)
    except acceptance.Conflict as error:
        raise Failure(str(error)) from error


def _take_in(options: argparse.Namespace) -> int:
    from solidarity_spectrum import acceptance

    if options.service:
        return _send(options)
    if not options.by:
        raise Failure("--by names the contributor, such as --by solidarity-spectrum-project")
    day = _day(options.recorded)
    inputs = _inputs(options)
    with contextlib.nullcontext() if options.dry_run else acceptance.locked(options.data):
        findings, found = acceptance.prepare(inputs, options.store, options.data, options.by, day)
        if findings:
            print(report.as_text(findings, options.language), file=sys.stderr)
        if found is None:
            _progress("nothing was written")
            return 1
        if not found.changes:
            _progress("nothing to write: the data say so already")
        elif options.dry_run:
            print(found.patch(), end="")
        else:
            acceptance.write(options.data, found)
            _progress(f"accepted as {found.id}: {', '.join(change.file for change in found.changes)}")
            _progress(f"undo it with: solidarity accept --undo {found.id}; «solidarity build» puts it into the graph")
    return 0


def _schema(options: argparse.Namespace) -> int:
    from solidarity_spectrum import schema

    if options.out:
        _write(options.out, schema.text().encode())
    else:
        print(schema.text(), end="")
    return 0


def _send(options: argparse.Namespace) -> int:
    from solidarity_spectrum.service import sending

    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise Failure(f"the variable {TOKEN_VARIABLE} holds no token")
    fine = True
    for item in _inputs(options):
        if isinstance(item, Finding):
            print(report.as_text([item], options.language), file=sys.stderr)
            return 1
        try:
            told = sending.send(options.service, token, *item, options.language)
        except sending.NotTaken as error:
            raise Failure(f"{item[0]}: {error}") from error
        print(json.dumps(told, ensure_ascii=False, indent=1))
        fine = fine and told["conforms"]
    return 0 if fine else 1


def _load(options: argparse.Namespace) -> int:
    if isinstance(options.store, Path):
        return _load_here(options)
    with options.store.copy(_progress) as options.store:
        return _load_here(options)


def _load_here(options: argparse.Namespace) -> int:
    head = {"recorded": _day(options.recorded), "recordedBy": options.recorded_by}
    try:
        index = loading.index(options.store)
    except store.NoStore:
        index = None  # a loader that joins will say so
    chosen = dict(_pairs(options.choose, "--choose"))
    try:
        about = loading.describe(options.source).choose(chosen)
    except KeyError as error:
        near = explain.nearest(options.source, loading.catalogue())
        hint = f"did you mean {near}?" if near else f"there are: {', '.join(loading.catalogue())}"
        raise Failure(f"no loader «{options.source}»; {hint}") from error
    except ValueError as error:
        raise Failure(str(error)) from error
    if about.licence.startswith(("https://", "http://")):
        head["licence"] = about.licence
    if options.into_store and (options.out or options.format != "yaml"):
        raise Failure("--into-store writes no file: leave out --out and --format")
    inputs = _fetch(options, about, index) if options.live else None
    if bool(options.paths) == bool(options.live):
        raise Failure("give files to read, or --live NAME=VALUE for what is to be fetched")
    if options.spark:
        return _load_on_spark(options, head, index, chosen)
    warnings: list[Finding] = []
    records = loading.load(options.source, options.paths, index, chosen, inputs, warnings.append, _progress)
    if options.into_store:
        return _into_store(options, records, head, warnings)
    counts = loading.write(records, head, options.out, options.format, warnings.append, _progress)
    if warnings:
        print(report.as_text(warnings, options.language), file=sys.stderr)
    told = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    _progress(f"{counts.total()} records ({told})" + (f" written to {options.out}" if options.out else ""))
    return 0


def _into_store(
    options: argparse.Namespace, records: Iterable[Record], head: dict[str, str], warnings: list[Finding]
) -> int:
    from solidarity_spectrum import build

    whole = (Record(head | record.data, record.file, record.places, record.base) for record in records)
    built = build.extend(options.store, whole, _progress)
    if built.refused or warnings:
        print(report.as_text([*built.refused, *warnings], options.language), file=sys.stderr)
    if built.refused:
        print("nothing was written: the store in use is as it was", file=sys.stderr)
        return 1
    for name, value in built.counts.items():
        print(f"{name}: {_line(value)}")
    return 0


def _fetch(
    options: argparse.Namespace, about: loading.Description, index: loading.Index | None
) -> Iterable[loading.Input]:
    from solidarity_spectrum.loading.client import Client

    wanted = dict(_pairs(options.live, "--live"))
    if strange := sorted(wanted.keys() - about.live.keys()):
        known = ", ".join(about.live) or "nothing"
        raise Failure(f"{about.name} fetches nothing by «{strange[0]}», only by: {known}")
    client = Client(options.replay or options.record, bool(options.replay), index=index, progress=_progress)
    return loading.fetch(about, client, wanted)


def _load_on_spark(
    options: argparse.Namespace, head: dict[str, Any], index: loading.Index | None, chosen: dict[str, str]
) -> int:
    from solidarity_spectrum.loading import spark

    if options.live or not options.out:
        raise Failure("--spark reads files, and writes into a new folder: name it with --out")
    try:
        count = spark.load(options.spark, options.source, options.paths, head, options.out, index, chosen)
    except ImportError as error:
        raise Failure("--spark needs pyspark, of the cluster's version, and Java: pip install pyspark") from error
    _progress(f"{count} records, their quads written to {options.out}")
    return 0


def _pairs(given: Sequence[str], option: str) -> list[tuple[str, str]]:
    """NAME=VALUE, as an option takes it several times."""
    if bad := [item for item in given if not re.fullmatch(r"[^=]+=.*", item, re.DOTALL)]:
        raise Failure(f"{option} takes NAME=VALUE, not «{bad[0]}»")
    return [(name, value) for name, _, value in (item.partition("=") for item in given)]


def _day(given: str) -> str:
    """The day of recording: as given, or of SOURCE_DATE_EPOCH (reproducible-builds.org), or today."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        if given:
            return date.fromisoformat(given).isoformat()
        return (datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)).date().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise Failure(f"not a day: {error}") from error


def _loaders(options: argparse.Namespace) -> int:
    found = loading.catalogue()
    if options.format == "json":
        shown = {name: {k: v for k, v in asdict(about).items() if k != "chosen"} for name, about in found.items()}
        print(json.dumps(shown, ensure_ascii=False, indent=1))
        return 0
    for name, about in found.items():
        print(name)
        for key in ("title", "publisher", "address", "format", "licence", "coverage", "rhythm"):
            print(f"  {key + ':':<11}{getattr(about, key)}")
        for key, option, names in (("choose", "--choose", about.choices), ("live", "--live", about.live)):
            for what, meaning in names.items():
                print(f"  {key + ':':<11}{option} {what}=…  {meaning}")
    return 0


def _explain(options: argparse.Namespace) -> int:
    graph = store.open_disk(options.store)
    if options.as_of:
        try:
            options.as_of = date.fromisoformat(options.as_of).isoformat()
        except ValueError as error:
            raise Failure(f"--as-of takes a day, YYYY-MM-DD: {error}") from error
    explainer = explain.Explainer(graph, options.language, options.as_of)
    iri = explainer.resolve(options.id)
    if iri is None:
        near = explain.nearest(options.id, explainer.ids())
        raise Failure(f"the graph has no «{options.id}»" + (f"; did you mean {near}?" if near else ""))
    evidence = explainer.explain(iri)
    if options.format == "json":
        print(
            json.dumps(
                {"iri": iri, "asOf": options.as_of or None, "records": [asdict(e) for e in evidence]},
                ensure_ascii=False,
                indent=1,
            )
        )
    else:
        most = None if options.all else explain.MOST
        print(explain.text(explainer.label(iri), iri, evidence, options.as_of, most))
    return 0


def _export(options: argparse.Namespace) -> int:
    store.manifest(options.store)
    file = options.store / (store.CANDIDATES if options.candidates else store.DUMP)
    if options.links:
        sys.stdout.write(links.sssom(store.open_disk(options.store)))
        return 0
    if options.format == "nq" and options.graph is None:
        sys.stdout.buffer.write(file.read_bytes())
        return 0
    graph = ox.Store()
    graph.bulk_load(path=str(file), format=ox.RdfFormat.N_QUADS)
    if options.graph is not None:
        try:
            name = ox.NamedNode(graph_iri(options.graph))
        except ValueError:
            name = None
        if name is None or not graph.contains_named_graph(name):
            raise Failure(f"there is no graph of a record «{options.graph}»")
        triples = sorted((quad.triple for quad in graph.quads_for_pattern(None, None, None, name)), key=str)
        ox.serialize(
            triples, sys.stdout.buffer, format=store.GRAPH_FORMATS[options.format], prefixes=context().prefixes
        )
        return 0
    quads = sorted(graph, key=str)
    kind = store.GRAPH_FORMATS[options.format]
    items = quads if kind.supports_datasets else sorted({quad.triple for quad in quads}, key=str)
    ox.serialize(items, sys.stdout.buffer, format=kind, prefixes=context().prefixes)
    return 0


def _id(options: argparse.Namespace) -> int:
    if not options.values:
        return _schemes(options)
    values = [
        value
        for given in options.values
        for value in ([line for line in sys.stdin.read().splitlines() if line.strip()] if given == "-" else [given])
    ]
    answers = [_identified(value, options.scheme, options.language) for value in values]
    if options.format == "json":
        print(json.dumps(answers, ensure_ascii=False, indent=1))
        return 1 if any("error" in answer for answer in answers) else 0
    for answer in answers:
        if "error" in answer:
            print(f"solidarity: {answer['input'][:MAX_MESSAGE]}: {answer['error']}", file=sys.stderr)
            continue
        print(f"{answer['value']}  [{answer['scheme']}] {answer['title']}")
        for name, part in answer["parts"].items():
            print(f"  {name + ':':<14}{part}")
        for link in answer["links"]:
            print(f"  {link['kind'] + ':':<14}{link['iri']}")
        for conversion in answer["conversions"]:
            print(f"  = {conversion['value']}  [{conversion['scheme']}]\n      {conversion['rule']}")
    return 1 if any("error" in answer for answer in answers) else 0


def _schemes(options: argparse.Namespace) -> int:
    about = [
        {"name": scheme.name, "title": scheme.titles[options.language], "example": scheme.example, "rule": scheme.rule}
        for scheme in identifiers.SCHEMES.values()
    ]
    if options.format == "json":
        print(json.dumps(about, ensure_ascii=False, indent=1))
        return 0
    for scheme in about:
        print(f"{scheme['name']}\n  {scheme['title']}, such as {scheme['example']}\n  {scheme['rule']}")
    return 0


def _identified(value: str, scheme: str, language: str) -> dict[str, Any]:
    """What `solidarity id` says of one value."""
    try:
        found = identifiers.parse(value, scheme)
    except identifiers.IdentifierError as error:
        return {"input": value, "error": error.message(language)}
    return {
        "input": value,
        "scheme": found.scheme,
        "title": identifiers.SCHEMES[found.scheme].titles[language],
        "value": found.value,
        "parts": dict(found.parts),
        "links": [asdict(link) for link in identifiers.links(found)],
        "conversions": [
            {"scheme": made.identifier.scheme, "value": made.identifier.value, "rule": made.rule}
            for made in identifiers.conversions(found)
        ],
    }


def _stats(options: argparse.Namespace) -> int:
    manifest = store.manifest(options.store)
    if options.format == "json":
        print(json.dumps(manifest, ensure_ascii=False, indent=1))
    else:
        for name, value in manifest.items():
            print(f"{name}: {_line(value)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

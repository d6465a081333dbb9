"""What each rule means: of a shape its own message says it; the rules of the readers, which have no shape, stand here.

`make docs` writes the same table into docs/rules.md.
"""

import re
from dataclasses import dataclass
from functools import cache

import pyoxigraph as ox

from solidarity_spectrum.resources import BASE, ONTOLOGY
from solidarity_spectrum.vocabulary import vocabulary

_SHAPES = BASE + "shapes#"
_SH = "http://www.w3.org/ns/shacl#"
SHAPES = ox.NamedNode(BASE + "graph/shapes")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is wrong, and what to do about it, in English and Hungarian."""

    wrong: tuple[str, str]
    mend: tuple[str, str]


READERS = {
    "syntax": Rule(
        (
            "The file is not UTF-8, YAML, JSON, CSV, XML or RDF as its name says, or it uses what records do without: "
            "anchors, aliases, tags, a key twice, several documents, more than 20 levels.",
            "A fájl nem UTF-8, vagy nem olyan YAML, JSON, CSV, XML vagy RDF, amilyennek a neve mondja, vagy olyasmit "
            "használ, ami rekordban nem lehet: horgonyt, hivatkozást, címkét, kétszer szereplő kulcsot, több "
            "dokumentumot, 20-nál több szintet.",
        ),
        ("Mend the line that is named.", "Javítsa a megnevezett sort."),
    ),
    "unknown-format": Rule(
        (
            "A file, named or found in a folder or a zip file, is of no kind that can be judged.",
            "Egy megnevezett, mappában vagy zip-fájlban talált fájl nem vizsgálható formátumú.",
        ),
        (
            "Rename it, name its format with `--input`, or leave it out.",
            "Nevezze át, adja meg a formátumát: `--input`, vagy hagyja ki.",
        ),
    ),
    "too-large": Rule(
        (
            "The files together are larger than what can be judged at once; or they change the ontology, and a service "
            "does not judge the whole graph anew.",
            "A fájlok együtt nagyobbak, mint ami egyszerre vizsgálható; vagy az ontológiát módosítják, és a "
            "szolgáltatás nem vizsgálja újra az egész gráfot.",
        ),
        (
            "Split them, and judge them one after the other; or use the command.",
            "Ossza szét, és vizsgálja őket egymás után; vagy használja a parancsot.",
        ),
    ),
    "record": Rule(
        (
            "No record was found, or a record is not a mapping of keys to values.",
            "Nincs rekord a fájlban, vagy egy rekord nem kulcsok és értékek listája.",
        ),
        ("Start each record with `- id:`.", "Minden rekordot így kezdjen: `- id:`."),
    ),
    "id": Rule(
        (
            "An `id` is missing or has other characters than lower-case letters, digits and hyphens.",
            "Hiányzik az `id`, vagy kisbetűkön, számjegyeken és kötőjelen kívül más is van benne.",
        ),
        ("Write it as `hu-btk-353a`.", "Így írja: `hu-btk-353a`."),
    ),
    "duplicate-id": Rule(
        (
            "Two things have one id, even if they are of different kinds.",
            "Két dolognak ugyanaz az azonosítója, akár különböző fajtájúak is.",
        ),
        ("Rename the new one.", "Az újat nevezze át."),
    ),
    "type": Rule(
        ("`type` is missing or unknown.", "A `type` hiányzik vagy ismeretlen."),
        ("Choose one of [the types](records.md).", "Válasszon [a típusok](records.md) közül."),
    ),
    "status": Rule(
        ("`status` is missing.", "Hiányzik a `status`."),
        (
            "Write `verified`, `single-source` or `unverified`.",
            "Írja be: `verified`, `single-source` vagy `unverified`.",
        ),
    ),
    "sources": Rule(
        (
            "`sources` is missing, or an item is not a mapping.",
            "Hiányzik a `sources`, vagy egy eleme nem kulcsok és értékek listája.",
        ),
        ("Add `url`, `title` and `tier`.", "Adja meg: `url`, `title` és `tier`."),
    ),
    "unverified": Rule(
        (
            "`unverified` is not a mapping of keys to values.",
            "Az `unverified` nem kulcsok és értékek listája.",
        ),
        ("Put the doubtful keys below it.", "A kétes kulcsokat írja alá."),
    ),
    "unknown-key": Rule(
        ("A key that nobody would read.", "Olyan kulcs, amelyet senki sem olvasna."),
        (
            "Take the spelling that is proposed, or see [the keys](records.md).",
            "Vegye át a javasolt írásmódot, vagy nézze meg [a kulcsokat](records.md).",
        ),
    ),
    "empty": Rule(
        ("A key without a value.", "Kulcs érték nélkül."),
        ("Leave the key out.", "Hagyja el a kulcsot."),
    ),
    "value": Rule(
        (
            "A mapping where a single value belongs.",
            "Kulcsok és értékek listája ott, ahol egyetlen érték kell.",
        ),
        ("Write the value itself.", "Írja be magát az értéket."),
    ),
    "language": Rule(
        (
            "Text without its language, or a language tag that is none.",
            "Szöveg nyelvmegjelölés nélkül, vagy nem létező nyelvkóddal.",
        ),
        ("Write `{en: ...}`.", "Így írja: `{hu: ...}`."),
    ),
    "date": Rule(
        ("No [date](records.md#dates).", "Nem [dátum](records.md#dates)."),
        ("Keep to the precision of the source.", "Tartsa meg a forrás pontosságát."),
    ),
    "reference": Rule(
        ("Neither an id nor a web address.", "Se nem azonosító, se nem webcím."),
        ("Give the id of a record.", "Adja meg egy rekord azonosítóját."),
    ),
    "unknown-term": Rule(
        (
            "RDF that uses a name the ontology does not have.",
            "RDF, amely olyan nevet használ, amely nincs az ontológiában.",
        ),
        ("Take the spelling that is proposed.", "Vegye át a javasolt írásmódot."),
    ),
    "blank-node": Rule(
        ("RDF with a node that has no name.", "RDF, amelyben egy csomópontnak nincs neve."),
        ("Give it an IRI.", "Adjon neki IRI-t."),
    ),
    "identifier": Rule(
        (
            "An identifier that is none, or is not in its normal form: a mistyped check digit, a CELEX number with "
            "three digits, an address instead of the identifier. Free text (`docket`, `officialNumber`, `gazette`) is "
            "judged only where it starts like a known form, or the court's form is known.",
            "Olyan azonosító, amely nem az, vagy nem szabályos alakú: elírt ellenőrző jegy, háromjegyű CELEX-szám, "
            "azonosító helyett cím. Szabad szöveget (`docket`, `officialNumber`, `gazette`) csak ott vizsgálunk, ahol "
            "ismert alakként kezdődik, vagy a bíróság formája ismert.",
        ),
        (
            "Write the form that is proposed; `solidarity id VALUE` explains it.",
            "Írja a javasolt alakban; a `solidarity id ÉRTÉK` elmagyarázza.",
        ),
    ),
    "identifier-conflict": Rule(
        (
            "An identifier contradicts the record: the year or day inside an ECLI is not that of the decision, an ELI "
            "and a CELEX number are of different acts, a CELEX number is of another case than the docket. It is a "
            "warning where the form only makes it likely, as for the year of an act or the country.",
            "Egy azonosító ellentmond a rekordnak: az ECLI éve vagy napja nem a határozaté, az ELI és a CELEX-szám "
            "más-más jogszabályé, a CELEX-szám más ügyé, mint az ügyszám. Figyelmeztetés, ahol az alak csak "
            "valószínűsíti, például a jogszabály événél vagy az országnál.",
        ),
        (
            "Compare the two with the source, and correct the wrong one.",
            "Vesse össze a kettőt a forrással, és javítsa a hibásat.",
        ),
    ),
    "date-order": Rule(
        (
            "A date is earlier than one that comes before it: a law is proposed, adopted, published, in force and "
            "repealed in this order; conduct, charge and trial of a case follow one another. It is a warning where the "
            "order is only usual: a law may reach back.",
            "Egy dátum korábbi, mint az, amelynek meg kell előznie: a jogszabályt ebben a sorrendben javasolják, "
            "fogadják el, teszik közzé, hatályos és helyezik hatályon kívül; a cselekmény, a vád és a tárgyalás "
            "egymást követi. Figyelmeztetés, ahol a sorrend csak szokásos: jogszabály lehet visszaható hatályú.",
        ),
        (
            "Compare both with the source, and correct the wrong one.",
            "Vesse össze mindkettőt a forrással, és javítsa a hibásat.",
        ),
    ),
    "contact": Rule(
        (
            "A text holds an e-mail address or a telephone number.",
            "Egy szövegben e-mail-cím vagy telefonszám van.",
        ),
        (
            "Take it out: nobody may be reached through the graph.",
            "Vegye ki: a gráfon át senki sem lehet elérhető.",
        ),
    ),
    "exact-place": Rule(
        (
            "A warning: a text holds a street address or coordinates.",
            "Figyelmeztetés: egy szövegben utcacím vagy koordináta van.",
        ),
        (
            "Name the town or the region only, unless it is the seat of a public body.",
            "Csak a települést vagy a térséget nevezze meg, hacsak nem közintézmény székhelye.",
        ),
    ),
    "fleeting-address": Rule(
        (
            "A warning: the address of a source is shortened, a search, a number instead of a name, or known on one "
            "network only.",
            "Figyelmeztetés: egy forrás címe rövidített, keresés, név helyett szám, vagy csak egy hálózaton ismert.",
        ),
        (
            "Open the source, and give the address that the page itself has.",
            "Nyissa meg a forrást, és azt a címet adja meg, amely az oldalé.",
        ),
    ),
    "likely-duplicate": Rule(
        (
            "A warning: the graph holds a thing of this kind and time that is called the same, or nearly so.",
            "Figyelmeztetés: a gráfban van már ilyen fajtájú és idejű dolog ugyanezen vagy majdnem ugyanezen a néven.",
        ),
        (
            "If it is the same, write what is new into its record; else go on.",
            "Ha ugyanaz, az ő rekordjába írja az újat; ha nem, hagyja így.",
        ),
    ),
    "same-connection": Rule(
        (
            "A warning: another connection tells the same fact of the same two things.",
            "Figyelmeztetés: egy másik kapcsolat ugyanezt a tényt mondja ugyanarról a két dologról.",
        ),
        (
            "Put the sources into that record, unless there were two occasions.",
            "Abba a rekordba írja a forrásokat, hacsak nem két eset volt.",
        ),
    ),
    "replaces-record": Rule(
        (
            "A warning: the graph holds a record of this id, and yours would take its place.",
            "Figyelmeztetés: a gráfban van ilyen azonosítójú rekord, az Öné a helyére lépne.",
        ),
        ("Go on if that is meant.", "Folytassa, ha ez a szándéka."),
    ),
    "no-record": Rule(
        (
            "A triple of an RDF document that is to be accepted belongs to no record that could say it.",
            "Egy befogadandó RDF-dokumentum hármasa egyik rekordhoz sem tartozik, amely elmondhatná.",
        ),
        (
            "Give each thing its record (`graph/ID` with `foaf:primaryTopic`, status and sources), use the terms of "
            "the [keys](records.md), or write it as YAML.",
            "Minden dolognak legyen rekordja (`graph/ID`, `foaf:primaryTopic`, állapot és források), használja a "
            "[kulcsok](records.md) kifejezéseit, vagy írja YAML-ként.",
        ),
    ),
    "not-in-data": Rule(
        (
            "A record to be accepted is in the graph, but in no YAML file of the data folder.",
            "A befogadandó rekord megvan a gráfban, de az adatmappa egyik YAML fájljában sincs.",
        ),
        (
            "Edit the table that it comes from; or build the store of this folder first.",
            "Javítsa a táblázatot, amelyből jön; vagy előbb építse meg e mappa tárát.",
        ),
    ),
    "acceptance-cut-off": Rule(
        (
            "An acceptance into this data folder was cut off: some of its files are written, others not.",
            "Egy befogadás ebbe az adatmappába félbeszakadt: némely fájlja kész, más nem.",
        ),
        (
            "Run `solidarity accept --recover` on the folder, which brings it to its end.",
            "Futtassa a mappára: `solidarity accept --recover`, amely befejezi.",
        ),
    ),
    "choice": Rule(
        (
            "What a loader is asked to choose from its source (a day, a court, a number) is no such thing.",
            "Amit egy betöltőnek a forrásából választania kellene (nap, bíróság, szám), nem olyan.",
        ),
        ("See in its README what can be chosen.", "Nézze meg a README-jében, mi választható."),
    ),
    "format": Rule(
        (
            "A loader of bibliographies met a file of a kind that it does not read.",
            "Az irodalomjegyzékek betöltője olyan fájlt kapott, amilyet nem olvas.",
        ),
        (
            "Export it as BibTeX, RIS or CSL JSON; the README of the loader says which.",
            "Mentse BibTeX, RIS vagy CSL JSON formátumban; a betöltő README-je mondja meg, melyikben.",
        ),
    ),
    "duplicate": Rule(
        (
            "A bibliography holds one key twice.",
            "Egy irodalomjegyzékben kétszer szerepel ugyanaz a kulcs.",
        ),
        ("Rename or remove one of them.", "Az egyiket nevezze át vagy vegye ki."),
    ),
    "file-name": Rule(
        (
            "The name of a file must say what it is about, as its loader reads it, and does not.",
            "A fájl nevének meg kell mondania, miről szól, ahogyan a betöltője olvassa, és nem mondja meg.",
        ),
        ("Name it as the README of the loader says.", "Nevezze el úgy, ahogyan a betöltő README-je mondja."),
    ),
    "unknown-value": Rule(
        (
            "A loader met a value that its `description.yaml` does not list.",
            "Egy betöltő olyan értéket talált, amely nincs a `description.yaml` fájljában.",
        ),
        ("Add it there.", "Vegye fel oda."),
    ),
    "unknown-column": Rule(
        (
            "A table has a column that nobody would read, or a cell outside its columns.",
            "A táblázatnak van olyan oszlopa, amelyet senki nem olvasna, vagy egy cella az oszlopain kívül áll.",
        ),
        (
            "Name it by [the path of its key](records.md#tables), or compare with the README of the loader.",
            "Nevezze el [a kulcs útja](records.md#tables) szerint, vagy vesse össze a betöltő README fájljával.",
        ),
    ),
    "missing-column": Rule(
        (
            "A table lacks a column: `type`, where its name tells no kind of record, or one that its loader reads.",
            "A táblázatból hiányzik egy oszlop: a `type`, ha a neve nem árulja el a rekordok fajtáját, vagy egy olyan, "
            "amelyet a betöltő olvas.",
        ),
        (
            "Add it, or name the table after [the kind](records.md#tables).",
            "Vegye fel, vagy nevezze el a táblázatot [a fajtájáról](records.md#tables).",
        ),
    ),
    "duplicate-column": Rule(
        (
            "A column stands twice in the header of a table.",
            "Egy oszlop kétszer szerepel a táblázat fejlécében.",
        ),
        ("Rename or remove one.", "Nevezze át vagy törölje az egyiket."),
    ),
    "unread-field": Rule(
        (
            "A source has a field that its loader neither reads nor lists as out of scope.",
            "A forrásnak van olyan mezője, amelyet a betöltő nem olvas, és a kihagyottak közt sem sorol fel.",
        ),
        (
            "Let the loader read it, or list it under `out-of-scope` in its `description.yaml`, with the reason.",
            "Olvassa be a betöltővel, vagy vegye fel indokkal a `description.yaml` `out-of-scope` kulcsa alá.",
        ),
    ),
    "missing-field": Rule(
        (
            "A source lacks a field, or its value, that its loader needs.",
            "A forrásból hiányzik egy mező vagy az értéke, amelyre a betöltőnek szüksége van.",
        ),
        ("Compare with the source as published.", "Vesse össze a közzétett forrással."),
    ),
    "several": Rule(
        (
            "A field that stands once in this source stands several times.",
            "Egy mező, amely a forrásban egyszer szokott szerepelni, többször szerepel.",
        ),
        ("Compare with the source as published.", "Vesse össze a közzétett forrással."),
    ),
    "namespace": Rule(
        (
            "The root element of an XML file is in another namespace than the source's.",
            "Egy XML-fájl gyökéreleme más névtérben van, mint a forrásé.",
        ),
        (
            "Check the version of the format, and `http` against `https`.",
            "Ellenőrizze a formátum változatát, és hogy `http` vagy `https`.",
        ),
    ),
    "root": Rule(
        (
            "The root element of an XML file is not the one of this source.",
            "Egy XML-fájl gyökéreleme nem az, ami ebben a forrásban szokott lenni.",
        ),
        ("Choose the loader of this format.", "Válassza e formátum betöltőjét."),
    ),
    "ambiguous": Rule(
        (
            "Several things in the graph have the identifier by which a source is joined.",
            "A gráfban több dolognak is megvan az az azonosítója, amely a forrást hozzákapcsolná.",
        ),
        ("Find out which of them is meant.", "Derítse ki, melyikről van szó."),
    ),
    "total": Rule(
        (
            "A source's own count and what was read of it differ.",
            "A forrás saját száma eltér attól, amennyit beolvastunk belőle.",
        ),
        ("Fetch it again: something is missing.", "Töltse le újra: valami hiányzik belőle."),
    ),
    "assertion": Rule(
        (
            "What came of a source is less, more or emptier than its `description.yaml` asserts.",
            "A forrásból kevesebb, több vagy hiányosabb lett, mint amit a `description.yaml` állít.",
        ),
        ("Look for what changed in the source.", "Keresse meg, mi változott a forrásban."),
    ),
    "nothing": Rule(
        (
            "A source was read, and nothing of it became a record.",
            "A forrás beolvasása egyetlen rekordot sem adott.",
        ),
        ("Check the file, and what you chose.", "Ellenőrizze a fájlt és a szűrést."),
    ),
    "loader": Rule(
        (
            "A loader failed on something that it does not foresee.",
            "A betöltő olyasmin akadt el, amire nincs felkészítve.",
        ),
        (
            "Look at the item after the place named, and report it.",
            "Nézze meg a megnevezett hely utáni tételt, és jelezze a hibát.",
        ),
    ),
    "fetch": Rule(
        (
            "A publisher's server gave no whole answer: an error, a page that is too short, or something else.",
            "A közzétevő szervere nem adott teljes választ: hibát, túl rövid lapot vagy mást küldött.",
        ),
        (
            "Try again later, with `--record` to go on where it was.",
            "Próbálja később, `--record` mellett onnan folytatja.",
        ),
    ),
    "description": Rule(
        (
            "The `description.yaml` of a loader is not as it must be.",
            "Egy betöltő `description.yaml` fájlja hibás.",
        ),
        ("Mend the line that is named.", "Javítsa a megnevezett sort."),
    ),
    "cell": Rule(
        (
            "A cell of a workbook holds something else than a plain text, number or date: a formula, an error, a time "
            "of day, a percentage, more digits than Excel keeps; or cells are merged.",
            "A munkafüzet egy cellájában nem egyszerű szöveg, szám vagy dátum van: képlet, hiba, időpont, százalék, "
            "több számjegy, mint amennyit az Excel megtart; vagy cellák egyesítve vannak.",
        ),
        (
            "Format the column as text, and write what is meant.",
            "Állítsa az oszlopot szöveg formátumra, és írja be, amit jelent.",
        ),
    ),
    "example-row": Rule(
        (
            "A warning: the row that a template shows as an example is still there.",
            "Figyelmeztetés: a minta példasora még benne van.",
        ),
        ("Delete the row.", "Törölje a sort."),
    ),
    "unknown-prefix": Rule(
        (
            "A mapping uses a prefix that its header does not declare.",
            "Egy megfeleltetés olyan előtagot használ, amelyet a fejléce nem vezet be.",
        ),
        ("Add it to `curie_map`.", "Vegye fel a `curie_map` alá."),
    ),
    "missing-file": Rule(
        (
            "A file cannot be read, or `data/sources.yaml` names one that is not there.",
            "Egy fájl nem olvasható, vagy a `data/sources.yaml` olyat nevez meg, amely nincs meg.",
        ),
        ("Add the file or remove the entry.", "Adja hozzá a fájlt, vagy törölje a bejegyzést."),
    ),
    "withdrawn": Rule(
        (
            "An id that `data/withdrawn.yaml` says was taken out is in use, or its entry is no id with a reason.",
            "Használatban van egy azonosító, amelyet a `data/withdrawn.yaml` szerint eltávolítottak, vagy a "
            "bejegyzése nem azonosító indoklással.",
        ),
        ("Take another id: an id is never reused.", "Válasszon másik azonosítót: azonosítót nem használunk újra."),
    ),
    "question": Rule(
        (
            "A file of the question catalogue lacks a field or has one too many.",
            "A kérdések egyik fájljából hiányzik egy mező, vagy eggyel több van benne.",
        ),
        ("Compare with another question.", "Vesse össze egy másik kérdéssel."),
    ),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape as its page tells it: local name, label and comment in a language, its rules as name, level (violation,
    warning, info) and message, and the examples in Turtle that break it and that pass ("" where it has none)."""

    name: str
    label: str
    about: str
    rules: tuple[tuple[str, str, str], ...]
    broken: str
    right: str


@cache
def shapes(language: str) -> tuple[Shape, ...]:
    """The shapes that are no part of another one, by name, and whatever else has a message."""
    named = [name for name in sorted(_said("label")) if "/" not in name]
    return tuple(shape for name in named if (shape := _shape(name, language)).rules or name not in _owners())


def _shape(name: str, language: str) -> Shape:
    members = sorted(member for member, owner in _owners().items() if owner == name)
    levels = _said("severity")
    rules = [
        # A SPARQL constraint has the level of its shape; a shape without a level finds violations (SHACL, 2.1.4).
        (rule, (levels.get(rule) or levels.get(name) or {"": "Violation"})[""].lower(), _messages()[rule][language])
        for rule in [name, *members]
        if rule in _messages()
    ]
    files = [ONTOLOGY / "shapes" / "examples" / name / which for which in ("fail.ttl", "pass.ttl")]
    broken, right = (file.read_text("utf-8") if file.is_file() else "" for file in files)
    label, about = (_said(key).get(name, {}).get(language, "") for key in ("label", "comment"))
    return Shape(name, label, about, tuple(rules), broken, right)


@cache
def _owners() -> dict[str, str]:
    """The shape that each property shape and query belongs to, by local names."""
    found = {}
    for link in ("property", "sparql"):
        for quad in vocabulary().store.quads_for_pattern(None, ox.NamedNode(_SH + link), None, None):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
                found[quad.object.value.removeprefix(_SHAPES)] = quad.subject.value.removeprefix(_SHAPES)
    return found


@cache
def _said(what: str) -> dict[str, dict[str, str]]:
    """Label, comment or severity of each shape, by its local name and by language ("" for a term)."""
    link = ox.NamedNode((_SH if what == "severity" else "http://www.w3.org/2000/01/rdf-schema#") + what)
    found: dict[str, dict[str, str]] = {}
    for quad in vocabulary().store.quads_for_pattern(None, link, None, SHAPES):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal):
            language = quad.object.language or "" if isinstance(quad.object, ox.Literal) else ""
            name = quad.subject.value.removeprefix(_SHAPES)
            found.setdefault(name, {})[language] = quad.object.value.removeprefix(_SH)
    return found


def page(rule: str) -> str:
    """Where a rule is explained."""
    return f"{BASE}docs/rules#{rule}"


def advice(rule: str, language: str) -> str:
    """What to do about a breach of a rule, without the marks of Markdown; "" if the message says it already."""
    return plain(READERS[rule].mend[language == "hu"]) if rule in READERS else ""


def meaning(rule: str, language: str) -> str:
    """What a rule asks for, in a sentence or two; "" for a rule that is not known here."""
    if rule in READERS:
        return plain(READERS[rule].wrong[language == "hu"])
    return _messages().get(rule, {}).get(language, "")


def plain(text: str) -> str:
    """A text without Markdown: links as their words, code in quotation marks."""
    return re.sub(r"`([^`]*)`", r"«\1»", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text))


@cache
def _messages() -> dict[str, dict[str, str]]:
    """The messages of each shape, by the local name of the shape and by language."""
    found: dict[str, dict[str, str]] = {}
    for quad in vocabulary().store.quads_for_pattern(None, ox.NamedNode(_SH + "message"), None, None):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal) and quad.object.language:
            found.setdefault(quad.subject.value.removeprefix(_SHAPES), {})[quad.object.language] = quad.object.value
    return found


def is_shape(rule: str) -> bool:
    """Whether a rule is a shape of the folder of shapes."""
    return rule in _messages()

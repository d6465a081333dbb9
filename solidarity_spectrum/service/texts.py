"""The words of the pages themselves, in English and Hungarian."""

_TEXTS = {
    "site": ("Solidarity Spectrum", "Szolidaritás-spektrum"),
    "skip": ("Skip to the content", "Ugrás a tartalomra"),
    "home": ("Home", "Kezdőlap"),
    "ontology": ("Ontology", "Ontológia"),
    "shapes": ("Shapes", "Alakzatok"),
    "query": ("Query", "Lekérdezés"),
    "intro": (
        "A knowledge graph of what politicians said about migrants and solidarity, the law that followed, the people "
        "and practices it touched, the cases brought, and how they ended. Every assertion names its source.",
        "Tudásgráf arról, mit mondtak politikusok a migránsokról és a szolidaritásról, milyen jog követte, kiket és "
        "mely gyakorlatokat érintett, milyen ügyek indultak, és hogyan végződtek. Minden állítás megnevezi a forrását.",
    ),
    "intro_argued": (
        "That a speech led to a law is somebody's argument, and is shown with the person who makes it; that a court "
        "annulled a law is a fact, and is shown with its source.",
        "Hogy egy beszéd vezetett egy törvényhez, az valakinek az érvelése: így is jelenik meg, azzal, aki állítja; "
        "hogy egy bíróság megsemmisített egy törvényt, az tény: a forrásával jelenik meg.",
    ),
    "counts": ("What is in it", "Mi van benne"),
    "chain": ("One whole chain, from words to outcome", "Egy teljes lánc, a szótól a kimenetelig"),
    "statements": ("Statements", "Kijelentések"),
    "law": ("Law", "Törvény"),
    "provision": ("Provision", "Rendelkezés"),
    "case": ("Case", "Ügy"),
    "steps": ("Decisions, in order", "Döntések, sorrendben"),
    "outcome": ("Outcome", "Kimenetel"),
    "outcome_unknown": ("no outcome is recorded", "kimenetel nincs rögzítve"),
    "charge": ("Charge", "Vád"),
    "argued_by": ("argued by", "ezt állítja:"),
    "argued_by_nobody": ("no claimant is recorded", "nincs rögzítve, ki állítja"),
    "in_work": ("in", "itt:"),
    "chronology": ("in time, compared with the law:", "időben, a törvényhez képest:"),
    "questions": ("Questions to run", "Futtatható kérdések"),
    "run": ("Run", "Futtatás"),
    "parameters": ("Parameters", "Paraméterek"),
    "answer": ("Answer", "Válasz"),
    "rows": ("rows", "sor"),
    "rows_shown": ("The first rows are shown; the downloads hold them all.", "Az első sorok; a letöltések teljesek."),
    "no_rows": ("Nothing in the graph matches.", "A gráfban semmi sem felel meg."),
    "yes": ("yes", "igen"),
    "no": ("no", "nem"),
    "edit_query": ("Open in the query form", "Megnyitás a lekérdezőben"),
    "query_form": ("SPARQL query", "SPARQL-lekérdezés"),
    "format": ("Answer as", "A válasz formája"),
    "data": ("Data", "Adatok"),
    "dump": ("The whole graph (N-Quads)", "A teljes gráf (N-Quads)"),
    "licence": ("Licence", "Licenc"),
    "licence_note": (
        "Each record graph names its licence (dcterms:license).",
        "Minden rekordgráf megnevezi a licencét (dcterms:license).",
    ),
    "facts": ("What is recorded", "Ami rögzítve van"),
    "inferred": ("What follows from it by the model", "Ami a modell szerint következik belőle"),
    "connections": ("Connections", "Kapcsolatok"),
    "incoming": ("What refers to it", "Ami hivatkozik rá"),
    "sources": ("Sources", "Források"),
    "source": ("source", "forrás"),
    "locator": ("at", "helye:"),
    "not_consulted": ("not consulted directly", "közvetlenül nem olvasott"),
    "read_at": ("read at", "olvasva itt:"),
    "status": ("Status", "Állapot"),
    "about": ("About", "Miről szól"),
    "caution": ("Caution", "Figyelem"),
    "record": ("record", "rekord"),
    "next": ("More", "Tovább"),
    "previous": ("Back", "Vissza"),
    "download": ("This page as data", "Ez az oldal adatként"),
    "persistent": ("Persistent address", "Állandó cím"),
    "not_found": ("There is nothing here", "Itt nincs semmi"),
    "not_found_detail": (
        "The graph holds nothing of this name. It may be misspelt, or not recorded yet.",
        "A gráfban nincs ilyen nevű. Lehet, hogy el van írva, vagy még nincs rögzítve.",
    ),
    "other_language": ("Magyarul", "In English"),
    "assertions": ("Assertions", "Állítások"),
}


def text(key: str, language: str) -> str:
    """The words for a key in a language. Raises KeyError for an unknown key."""
    english, hungarian = _TEXTS[key]
    return hungarian if language == "hu" else english

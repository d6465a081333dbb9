"""From the web address of an official publisher to the identifier in it."""

import re
from urllib.parse import unquote, urlsplit

from solidarity_spectrum.identifiers.base import IdentifierError

_RULES: tuple[tuple[str, str, str, str], ...] = (
    # host, what path and query must look like, scheme ("" to be found out), identifier (a template of the groups)
    (r"eur-lex\.europa\.eu", r".*[?&;]uri=celex[:_]([^&;#]+).*", "celex", r"\1"),
    (r"eur-lex\.europa\.eu", r".*[?&;]uri=(?:ecli:)?(ecli:[^&;#]+).*", "ecli", r"\1"),
    (r"eur-lex\.europa\.eu", r".*(?<=/)(eli/[^?#]+).*", "eli", r"http://data.europa.eu/\1"),
    (r"publications\.europa\.eu", r"/resource/celex/([^?#.]+)(?:\.[A-Z]{3}(?:[./].*)?)?", "celex", r"\1"),
    (r"publications\.europa\.eu", r"/resource/ecli/(ecli:[^?#.]+)(?:\.[A-Z]{3}(?:[./].*)?)?", "ecli", r"\1"),
    (r"publications\.europa\.eu", r"/resource/(eli/[^?#]+)", "eli", r"http://data.europa.eu/\1"),
    (r"publications\.europa\.eu", r"/resource/(authority/[^?#]+)", "eu-authority", r"\1"),
    (r"data\.europa\.eu", r"/(eli/[^?#]+)", "eli", r"http://data.europa.eu/\1"),
    (r"eurovoc\.europa\.eu", r"/([^/?#]+)", "eurovoc", r"eurovoc:\1"),
    (r"curia\.europa\.eu", r"/juris/(?:liste|documents)\.jsf\?(?:.*&)?num=([CTF]-\d+/\d+[^&#]*).*", "cjeu-case", r"\1"),
    (r"curia\.europa\.eu", r"/juris/fiche\.jsf\?id=([CTF]);(\d+);(\d+);.*", "cjeu-case", r"\1-\2/\3"),
    (r"e-justice\.europa\.eu", r"/ecli/(ecli:[^?#]+).*", "ecli", r"\1"),
    (r".*", r".*[?&](?:param_)?(?:ecli|id)=(ecli:[^&#]+).*", "ecli", r"\1"),
    (r"hudoc\.echr\.coe\.int", r".*(?:[?&]i=|itemid\W+)(0\d\d-\d+).*", "hudoc", r"\1"),
    (r"(?:dx\.)?doi\.org", r"/(10\.[^?#]+)", "doi", r"\1"),
    (r"orcid\.org", r"/([\dxX-]+)/?", "orcid", r"\1"),
    (r"portal\.issn\.org", r"/resource/ISSN/([\dxX-]+)/?", "issn", r"\1"),
    (
        r"(?:m\.)?wikidata\.org",
        r"/(?:wiki|entity|wiki/Special:EntityData|prop/direct)/(?:Property:)?([QP]\d+)(?:\.\w+)?",
        "wikidata",
        r"\1",
    ),
    (r"undocs\.org", r"/(?:(?:en|fr|es|ru|ar|zh)/)?([^?#]+)", "un-symbol", r"\1"),
    (r"docs\.un\.org", r"/(?:en|fr|es|ru|ar|zh)/([^?#]+)", "un-symbol", r"\1"),
    (r"treaties\.un\.org", r".*[?&]mtdsg_no=([IVX]+-\d+(?:-[a-z])?).*", "untc", r"\1"),
    (r"njt\.hu", r"/jogszabaly/(\d{4})-(\d+)-00-00(?:[.?#].*)?", "hu-act", r"\1. évi \2. törvény"),
    (
        r"federalregister\.gov",
        r"/(?:d|documents(?:/\d{4}/\d\d/\d\d)?)/([A-Z\d]+-\d+(?:-\d+)?)(?:/.*)?",
        "fr-document",
        r"\1",
    ),
    (r"federalregister\.gov", r"/citation/(\d+)-FR-(\d+)", "fr-citation", r"\1 FR \2"),
    (r"federalregister\.gov", r"/executive-order/(\d+)", "us-executive-order", r"Executive Order \1"),
    (r"(?:govinfo|gpo)\.gov", r"/.*/(?:html?|pdf|xml)/(\d{4}-\d{5})\.\w+", "fr-document", r"\1"),
    (
        r"caselaw\.nationalarchives\.gov\.uk",
        r"/(?:id/)?(uksc|ukpc|ukhl|eat)/(\d{4})/(\d+)(?:[/?#].*)?",
        "neutral-citation",
        r"[\2] \1 \3",
    ),
    (
        r"caselaw\.nationalarchives\.gov\.uk",
        r"/(?:id/)?(ewca)/(civ|crim)/(\d{4})/(\d+)(?:[/?#].*)?",
        "neutral-citation",
        r"[\3] \1 \2 \4",
    ),
    (
        r"caselaw\.nationalarchives\.gov\.uk",
        r"/(?:id/)?(ewhc|ukut)/([a-z]+)/(\d{4})/(\d+)(?:[/?#].*)?",
        "neutral-citation",
        r"[\3] \1 \4 (\2)",
    ),
    (
        r"legislation\.gov\.uk",
        r"/(?:id/)?([a-z]{3,5}/\d{4}/\d+(?:/(?:section|article|regulation|part|schedule)/\w+)*)(?:[/?#].*)?",
        "uk-legislation",
        r"\1",
    ),
    (r"legislation\.gov\.au", r"/(?:Details/|Series/)?([CF]\d{4}[A-Z]\d{5})(?:[/?#].*)?", "au-legislation", r"\1"),
    (r"normattiva\.it", r"/uri-res/N2Ls\?!?(urn:nir:[^&#]+)", "urn-nir", r"\1"),
    (
        r"legifrance\.gouv\.fr",
        r"/.*?((?:JORF|LEGI|CETA|JURI|CONS|KALI)(?:TEXT|ARTI|SCTA|CONT)\d{12}).*",
        "fr-text",
        r"\1",
    ),
    (
        r"conseil-constitutionnel\.fr",
        r"/decision/\d{4}/(\d{4})(\d+)_(\d+)(QPC|DC)\.htm",
        "fr-constitutional",
        r"\1-\2/\3 \4",
    ),
    (r"conseil-constitutionnel\.fr", r"/decision/\d{4}/(\d{4})(\d+)(QPC|DC)\.htm", "fr-constitutional", r"\1-\2 \3"),
)


def read(text: str) -> tuple[str, str] | None:
    """Scheme and identifier inside a web address, or None if the text is no address.

    Raises IdentifierError for an address in which no known publisher puts an identifier.
    """
    # What is a scheme's own normal form starts like an address too; those are tried first, by the caller.
    if not re.match(r"(?:https?:)?//|www\.", text, re.IGNORECASE):
        host = text.partition("/")[0].lower()
        if not any(rule != ".*" and re.fullmatch(f"(?:www\\.)?{rule}", host) for rule, *_ in _RULES) or "/" not in text:
            return None
        text = f"//{text}"
    elif text.lower().startswith("www."):
        text = f"//{text}"
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError as error:
        raise IdentifierError("not a web address that can be read", "nem olvasható webcím") from error
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    asked = unquote(parts.path + query + fragment)
    for rule, form, scheme, template in _RULES:
        if re.fullmatch(rule, host) and (found := re.fullmatch(form, asked, re.IGNORECASE)):
            return scheme, found.expand(template)
    if "/eli/" in f"{parts.path}/":
        return "eli", f"{parts.scheme or 'https'}://{parts.netloc}{unquote(parts.path)}"
    raise IdentifierError(
        f"no publisher that is known here puts an identifier into such an address ({host})",
        f"ilyen címben ({host}) egyik ismert kiadó sem helyez el azonosítót",
    )

"""One connection per mapping of a concept to a concept of another vocabulary.

Format: Simple Standard for Sharing Ontological Mappings (SSSOM), TSV with embedded metadata.
"""

import re
from collections.abc import Iterator
from typing import Any

from solidarity_spectrum.loading import Description, Fields, Input, rows
from solidarity_spectrum.records import Record
from solidarity_spectrum.records.yaml import read as read_yaml

_REQUIRED = ("subject_id", "predicate_id", "object_id", "mapping_justification")


def read(source: Input, description: Description) -> Iterator[Record]:
    """The mappings of one file; prefixes are those of its own header."""
    metadata = _metadata(source)
    curies: dict[str, str] = metadata.get("curie_map") or {}
    for row in rows(source, description, _REQUIRED, delimiter="\t", comments="#"):
        subject, predicate = row.take("subject_id"), row.take("predicate_id")
        target = _expand(row.take("object_id"), curies, row)
        label = row.get("object_label") or row.take("object_id")
        comment = row.get("comment")
        yield row.record(
            {
                "id": "mapping-"
                + re.sub(r"[^a-z0-9]+", "-", f"{subject.partition(':')[2]} {row.take('object_id')}".lower()),
                "type": "Connection",
                "label": {"en": f"{row.get('subject_label') or subject}, {predicate.partition(':')[2]}: {label}"},
                "subject": subject,
                "relation": row.code("predicate_id", description.tables["predicates"]),
                "object": target,
                "rationale": "; ".join(filter(None, (row.take("mapping_justification"), comment))),
                "recorded": row.get("mapping_date") or metadata.get("mapping_date"),
                "licence": metadata.get("license"),
                "sources": [{"url": target, "title": label, "tier": description.tier, "consulted": False}],
                "status": "single-source",
            }
        )


def _metadata(source: Input) -> dict[str, Any]:
    lines: list[str] = []
    with source.open() as stream:
        for line in stream:
            if not line.startswith(b"#"):
                break
            lines.append(line.decode("utf-8", "replace").removeprefix("#"))
    return read_yaml("".join(lines).encode(), source.name)[0] or {}


def _expand(curie: str, curies: dict[str, str], row: Fields) -> str:
    prefix, _, local = curie.partition(":")
    if prefix in ("http", "https"):
        return curie
    if prefix not in curies:
        en, hu = f"the prefix «{prefix}» is not in the curie_map", f"a(z) «{prefix}» előtag nincs a curie_map-ben"
        raise row.error("unknown-prefix", en, hu)
    return curies[prefix] + local

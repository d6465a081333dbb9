"""One connection per mapping of a concept to a concept of another vocabulary.

Format: Simple Standard for Sharing Ontological Mappings (SSSOM), TSV with embedded metadata.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from solidarity_spectrum.findings import InputError, violation
from solidarity_spectrum.loading import known, rows
from solidarity_spectrum.records import Record
from solidarity_spectrum.records.yaml import read as read_yaml

_REQUIRED = {"subject_id", "predicate_id", "object_id", "mapping_justification"}
_OPTIONAL = {
    "subject_label",
    "object_label",
    "object_source",
    "object_source_version",
    "mapping_date",
    "comment",
}


def read(path: Path, description: dict[str, Any]) -> Iterator[Record]:
    """The mappings of one file; prefixes are those of its own header."""
    header = "".join(
        line.removeprefix("#") for line in path.read_text("utf-8-sig").splitlines(keepends=True) if line.startswith("#")
    )
    metadata = read_yaml(header.encode(), str(path))[0] or {}
    curies: dict[str, str] = metadata.get("curie_map", {})
    for line, row in rows(path, _REQUIRED, _OPTIONAL, delimiter="\t"):
        record = Record({}, str(path), {(): (line, 1)})
        target = _expand(row["object_id"], curies, record)
        relation = known(description["predicates"], row["predicate_id"], record, "predicate_id")
        subject, label = row["subject_id"], row.get("object_label") or row["object_id"]
        record.data = {
            "id": "mapping-" + re.sub(r"[^a-z0-9]+", "-", f"{subject.partition(':')[2]} {row['object_id']}".lower()),
            "type": "Connection",
            "label": {"en": f"{row.get('subject_label') or subject}, {row['predicate_id'].partition(':')[2]}: {label}"},
            "subject": subject,
            "relation": relation,
            "object": target,
            "rationale": f"{row['mapping_justification']}; {row['comment']}"
            if row.get("comment")
            else row["mapping_justification"],
            "recorded": row.get("mapping_date") or metadata.get("mapping_date"),
            "licence": metadata.get("license"),
            "sources": [{"url": target, "title": label, "tier": description["tier"], "consulted": False}],
            "status": "single-source",
        }
        record.data = {key: value for key, value in record.data.items() if value}
        yield record


def _expand(curie: str, curies: dict[str, str], record: Record) -> str:
    prefix, _, local = curie.partition(":")
    if prefix in ("http", "https"):
        return curie
    if prefix not in curies:
        en, hu = f"the prefix «{prefix}» is not in the curie_map", f"a(z) «{prefix}» előtag nincs a curie_map-ben"
        raise InputError([violation("unknown-prefix", record.place(), en, hu)])
    return curies[prefix] + local

"""What a contribution would change in the graph, and what changed between two builds."""

from solidarity_spectrum.difference.compute import SECONDS, Difference, of_contribution, of_stores, quads_of
from solidarity_spectrum.difference.show import as_json, tables, text

__all__ = ["SECONDS", "Difference", "as_json", "of_contribution", "of_stores", "quads_of", "tables", "text"]

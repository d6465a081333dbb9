"""Validation: the shapes' judgement of a graph or of a contribution."""

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.validation.contribution import FORMATS, validate_files
from solidarity_spectrum.validation.shapes import Result, judge

__all__ = ["FORMATS", "InputError", "Result", "judge", "validate_files"]

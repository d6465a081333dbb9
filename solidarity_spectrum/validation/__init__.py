"""Validation: the shapes' judgement of a graph or of a contribution."""

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.validation.contribution import validate_files
from solidarity_spectrum.validation.inputs import FORMATS, MAX_BYTES, Input, expand, gather
from solidarity_spectrum.validation.shapes import Result, judge

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "Input",
    "InputError",
    "Result",
    "expand",
    "gather",
    "judge",
    "validate_files",
]

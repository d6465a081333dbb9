"""Where things are: the folders shipped with the package and the folder that a build writes."""

import os
from importlib.resources import files
from pathlib import Path

BASE = "https://w3id.org/solidarity-spectrum/"
"""The persistent address under which every IRI of the project lives."""


def _folder(name: str) -> Path:
    return Path(str(files(f"solidarity_spectrum.{name}")))


ONTOLOGY = _folder("ontology")
DATA = _folder("data")
QUERIES = _folder("queries")
LOADERS = _folder("loaders")
STYLE = Path(str(files("solidarity_spectrum.service"))) / "static" / "style.css"
"""How pages look, and reports too."""


def store_folder() -> Path:
    """The built store: `SOLIDARITY_STORE` if set, else `build/store` below the working directory."""
    return Path(os.environ.get("SOLIDARITY_STORE", "build/store"))


def user_cache() -> Path:
    """What is kept for the user, and may be removed at any time: `XDG_CACHE_HOME` if set, else `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "solidarity-spectrum"

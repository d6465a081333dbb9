"""A knowledge graph of actors, laws and concepts of solidarity with migrants."""

__version__ = "0.1.0"

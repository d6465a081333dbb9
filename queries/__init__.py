"""Package data: see the README of the repository."""

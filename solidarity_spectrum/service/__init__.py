"""The service: SPARQL endpoint, graph store, linked-data pages and question catalogue over a built store.

Queries are answered by processes that can be killed (`workers`, `pool`); what is too much is refused before
evaluation (`solidarity_spectrum.guard`).
"""

from pathlib import Path

from solidarity_spectrum.service.settings import Settings

__all__ = ["Settings", "serve"]


def serve(
    store_dir: Path, host: str, port: int, settings: Settings | None = None, unix_socket: Path | None = None
) -> None:
    """Serve the built store in `store_dir` until a signal ends it; exit with status 3 if it cannot start."""
    from solidarity_spectrum.service import app  # only now: the workers, which need no web framework, come this way too

    app.serve(store_dir, host, port, settings=settings, unix_socket=unix_socket)

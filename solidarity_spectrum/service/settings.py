"""The limits of the service, all in one place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What a stranger may ask of the service.

    `query_timeout` is in seconds and holds for the wait in the queue and, apart from it, for the evaluation.
    `memory_mb` is what a query may use beyond the store itself; only Linux enforces it.
    """

    query_timeout: float = 10.0
    workers: int = 2
    queue: int = 32
    max_query_bytes: int = 100_000
    max_result_bytes: int = 50_000_000
    memory_mb: int = 1024
    cors: bool = True

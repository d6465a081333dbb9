"""`python -m solidarity_spectrum.service STORE`: serve a built store."""

import argparse
from pathlib import Path

from solidarity_spectrum.service.app import serve
from solidarity_spectrum.service.settings import Settings


def main() -> None:
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m solidarity_spectrum.service", description="Serve a built store.")
    parser.add_argument("store", type=Path, help="folder with dump.nq and manifest.json, or a link to it")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--timeout", type=float, default=defaults.query_timeout, help="seconds a query may run")
    parser.add_argument("--workers", type=int, default=defaults.workers, help="queries answered at the same time")
    parser.add_argument("--queue", type=int, default=defaults.queue, help="queries that may wait")
    parser.add_argument("--max-result", type=int, default=defaults.max_result_bytes, help="bytes of an answer")
    parser.add_argument("--memory", type=int, default=defaults.memory_mb, help="MiB a query may use")
    parser.add_argument("--no-cors", action="store_true", help="no answers to scripts of other sites")
    args = parser.parse_args()
    settings = Settings(
        query_timeout=args.timeout,
        workers=args.workers,
        queue=args.queue,
        max_result_bytes=args.max_result,
        memory_mb=args.memory,
        cors=not args.no_cors,
    )
    serve(args.store, args.host, args.port, settings=settings)


if __name__ == "__main__":
    main()

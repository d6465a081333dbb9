"""`python -m solidarity_spectrum.service STORE`: serve a built store."""

import argparse
from pathlib import Path

from solidarity_spectrum.service.app import serve
from solidarity_spectrum.service.settings import BadSettings, add_options, from_options


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m solidarity_spectrum.service", description="Serve a built store.")
    parser.add_argument("store", type=Path, help="folder with dump.nq and manifest.json, or a link to it")
    add_options(parser)
    args = parser.parse_args()
    try:
        settings = from_options(args, args.store)
    except (BadSettings, OSError) as error:
        parser.error(str(error))
    serve(args.store, args.host, args.port, settings=settings, unix_socket=args.socket)


if __name__ == "__main__":
    main()

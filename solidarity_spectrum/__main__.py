"""`python -m solidarity_spectrum` is the command `solidarity`."""

from solidarity_spectrum.cli import main

raise SystemExit(main())

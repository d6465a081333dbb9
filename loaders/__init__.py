"""Package data: one folder per source; `solidarity_spectrum.loading` is the door."""

"""rdflib-endpoint over a dump, for `tests/load.py` to compare with: `python rdflib_server.py DUMP PORT`.

Runs in the environment of the benchmark, which has rdflib-endpoint; the project does not. The data is read once; the
server is a child, so that killing it, which is the one way to stop a query, costs no second reading.
"""

import os
import sys

import rdflib
import uvicorn
from rdflib_endpoint import SparqlEndpoint


def main() -> None:
    data = rdflib.Dataset(default_union=True)
    data.parse(sys.argv[1], format="nquads")
    app = SparqlEndpoint(graph=data, path="/sparql")
    while True:
        child = os.fork()
        if not child:
            uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="critical")
            return
        print(child, flush=True)  # whom to kill
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()

"""The redirects of the persistent IRIs: by an interpreter of the rules, and by Apache where there is one."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

RULES = Path(__file__).parent.parent / "deploy" / "w3id" / ".htaccess"
SERVER = "https://example.org"
APACHE = shutil.which("apache2", path=os.environ.get("PATH", "") + ":/usr/sbin")
MODULES = Path("/usr/lib/apache2/modules")

# What is asked of w3id.org, below the folder of the project, and where it leads.
ADDRESSES = {
    "": "/",
    "ontology": "/ontology",
    "ontology/core": "/ontology/core",
    "ontology/core/0.1.0": "/ontology/core/0.1.0",
    "ontology/0.10.12": "/ontology/0.10.12",
    "ontology/alignments/cito": "/ontology/alignments/cito",
    "shapes": "/shapes",
    "shapes/0.1.0": "/shapes/0.1.0",
    "id/hu-btk-353a": "/id/hu-btk-353a",
    "id/link-a--amends--b": "/id/link-a--amends--b",
    "concept/outcome/acquitted": "/concept/outcome/acquitted",
    "graph/provenance": "/graph/provenance",
    "question/concept?concept=solidarity&lang=hu": "/question/concept?concept=solidarity&lang=hu",
    "questions/concept.json?concept=solidarity": "/questions/concept.json?concept=solidarity",
    "data/id/hu-btk-353a.ttl": "/data/id/hu-btk-353a.ttl",
    "dataset": "/dataset",
    "void": "/.well-known/void",
    ".well-known/void": "/.well-known/void",
    "dumps/Case.nq.gz": "/dumps/Case.nq.gz",
    "sparql?query=ASK%20%7B%7D&format=json": "/sparql?query=ASK%20%7B%7D&format=json",
    "search?q=Orb%C3%A1n": "/search?q=Orb%C3%A1n",
    "id/a%2Fb%20c": "/id/a%2Fb%20c",
}


def interpret(rules: str, path: str) -> tuple[int, str]:
    """What mod_rewrite makes of a path below the folder: RewriteRule and RewriteCond on THE_REQUEST, flags E, R, L."""
    address, _, query = path.partition("?")
    environment: dict[str, str] = {}
    captured: re.Match[str] | None = None
    wanted = True
    for line in rules.splitlines():
        directive, *rest = re.findall(r'"[^"]*"|\S+', line)[:4] or [""]
        if directive == "RewriteCond":
            assert rest[0] == "%{THE_REQUEST}", "this interpreter knows no other"
            captured = re.search(rest[1].strip('"'), f"GET /solidarity-spectrum/{path} HTTP/1.1")
            wanted = captured is not None
        elif directive == "RewriteRule":
            pattern, target, flags = rest[0], rest[1], rest[2].strip("[]").split(",")
            met, wanted = wanted and re.search(pattern, address) is not None, True
            if not met:
                continue
            for flag in flags:
                if flag.startswith("E="):
                    name, _, value = flag[2:].partition(":")
                    environment[name] = value
            if target == "-":
                continue
            for name, value in environment.items():
                target = target.replace(f"%{{ENV:{name}}}", value)
            target = target.replace("%1", captured[1] if captured else "")
            status = next(int(flag[2:]) for flag in flags if flag.startswith("R="))
            return status, target + (f"?{query}" if query else "")
        else:
            assert directive in ("", "Options", "RewriteEngine") or directive.startswith("#"), line
    return 404, ""


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_address_leads_to_the_same_one_on_the_server(path: str):
    assert interpret(RULES.read_text("utf-8"), path) == (302, SERVER + ADDRESSES[path])


@pytest.fixture(scope="module")
def apache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of an Apache over the rules, as w3id.org runs them: one .htaccess in a folder of the site."""
    if not APACHE or not MODULES.is_dir():
        pytest.skip("Apache is not installed")
    root = tmp_path_factory.mktemp("apache")
    (root / "site" / "solidarity-spectrum").mkdir(parents=True)
    shutil.copy(RULES, root / "site" / "solidarity-spectrum" / ".htaccess")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    loaded = "".join(
        f"LoadModule {name}_module {MODULES}/mod_{name}.so\n"
        for name in ("mpm_event", "authz_core", "rewrite", "negotiation", "dir")
        if (MODULES / f"mod_{name}.so").exists()
    )
    (root / "apache.conf").write_text(
        f"ServerName localhost\nListen 127.0.0.1:{port}\nServerRoot {root}\nPidFile {root}/pid\nErrorLog {root}/log\n"
        f"{loaded}AllowEncodedSlashes NoDecode\nDocumentRoot {root}/site\n"
        f"<Directory {root}/site>\nAllowOverride All\nOptions +FollowSymLinks\nRequire all granted\n</Directory>\n"
    )
    for folder in (root.parent, root, root / "site", root / "site" / "solidarity-spectrum"):
        folder.chmod(0o755)  # its workers may be another user
    server = subprocess.Popen([APACHE, "-f", str(root / "apache.conf"), "-DFOREGROUND"], stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            for _ in range(100):
                try:
                    client.get("/")
                    break
                except httpx.TransportError:
                    assert server.poll() is None, (root / "log").read_text()
                    time.sleep(0.05)
            yield client
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize("path", ADDRESSES)
def test_apache_reads_the_rules_so(apache: httpx.Client, path: str):
    for method in ("GET", "HEAD"):
        answer = apache.request(method, f"/solidarity-spectrum/{path}")
        assert (answer.status_code, answer.headers.get("location")) == (302, SERVER + ADDRESSES[path])

"""Sending a contribution to the quarantine of a running service, from the command line."""

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from solidarity_spectrum.network import HERE
from solidarity_spectrum.service.quarantine import PATH

_SECONDS = 60
_MOST = 50_000_000


class NotTaken(Exception):
    """The service did not take it; the message says why."""


class _NoRedirect(HTTPRedirectHandler):
    """The token goes to the address that was named, and to no other."""

    def redirect_request(self, *_: object) -> None:
        return None


def send(service: str, token: str, name: str, content: bytes, kind: str, language: str) -> dict[str, Any]:
    """Send one file; gives what the service tells of it. Raises NotTaken."""
    address = urlsplit(service)
    if address.scheme not in ("http", "https") or not address.hostname or address.username:
        raise NotTaken("--service takes an address such as https://example.org")
    if address.scheme == "http" and address.hostname not in HERE:
        raise NotTaken("a token is sent by https only, except to this machine")
    target = f"{service.rstrip('/')}{PATH}?" + urlencode({"name": name, "input": kind})
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/octet-stream",
        "Accept": "application/json",
        "Accept-Language": language,
        "User-Agent": "solidarity-spectrum",
    }
    try:
        request = Request(target, content, headers, method="POST")  # noqa: S310 - the scheme was checked
        direct = [ProxyHandler({})] if address.scheme == "http" else []  # no proxy sees the token in clear
        with build_opener(_NoRedirect, *direct).open(request, timeout=_SECONDS) as answer:
            told: dict[str, Any] = json.loads(answer.read(_MOST))
        if not isinstance(told, dict) or "conforms" not in told:
            raise ValueError(f"{target} is not this program's service")
        return told
    except HTTPError as error:
        try:
            detail = json.loads(error.read(100_000))["detail"]
        except (ValueError, KeyError, TypeError, OSError, HTTPException):
            detail = error.reason
        raise NotTaken(f"{error.code}: {detail}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise NotTaken(str(error)) from error

"""What every request of the program to other servers keeps to."""

import ipaddress

AGENT = "solidarity-spectrum (+https://w3id.org/solidarity-spectrum/)"
HERE = ("localhost", "127.0.0.1", "::1")
"""Names of this machine, to which a password or token may go unencrypted."""


def public(host: str) -> bool:
    """Whether a numeric address is one of the open internet, and not of this machine or a network behind it."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address.sixtofour or address.teredo or address in ipaddress.ip_network("64:ff9b::/96"):
            return False  # these carry an IPv4 address on
    return address.is_global and not address.is_multicast

"""Where a webhook may go. An address inside our own network is refused unless the setting
`hook_networks` names its network: otherwise whoever may make a hook could ask our own machines.

The name is looked up once, every address it has is judged, and the request goes to the address that
was judged: a name that means another machine a moment later leads nowhere.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from fenhe.kernel.errors import BadInput, Unavailable
from fenhe.store.config import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """`url` with the judged address in the place of the name `host`."""

    url: str
    host: str
    authority: str


def judged(url: str) -> Target:
    """Raises BadInput `hook.target` for what is no web address or lies where hooks may not go,
    Unavailable when the name cannot be looked up now."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise _refused() from error
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise _refused()
    addresses = _addresses(host, port)
    for address in addresses:
        named = _is_named(address)
        if not named and (not address.is_global or address.is_multicast):
            raise _refused()
        if not named and parts.scheme != "https":
            raise _refused()
    chosen = addresses[0]
    literal = f"[{chosen}]" if chosen.version == 6 else str(chosen)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Target(f"{parts.scheme}://{literal}:{port}{path}", host, parts.netloc)


def _addresses(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(
            "hook.no-such-host",
            "这个主机名现在查不到地址",
            "the name of this host has no address now",
            retryable=True,
        ) from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return [_plain(address) for address in dict.fromkeys(addresses)]


def _plain(address: Address) -> Address:
    """An IPv4 address dressed as one of IPv6 is judged as what it is."""
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _is_named(address: Address) -> bool:
    networks = (ipaddress.ip_network(text, strict=False) for text in settings().hook_networks)
    return any(address in network for network in networks if network.version == address.version)


def _refused() -> BadInput:
    return BadInput(
        "hook.target",
        "webhook 须是 https 公网地址；内网地址须由管理员在设置 hook_networks 中列明网段",
        "a webhook goes to a public https address; a network of our own has to be named by an "
        "administrator in the setting hook_networks",
    )

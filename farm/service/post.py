"""Posts one message to an address that somebody outside has chosen, and trusts nothing about it.

The name is resolved here once, the address checked, and that very address connected to, so that a
name cannot lead inside the render centre, not even by changing between check and use. No redirect
is followed, no answer is read, and whatever the other side does, it is over in time.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from farm.model.errors import BadRequest

MOST_URL_CHARACTERS = 2000
#: Networks whose addresses hold another address inside, which need not be public.
_WRAPPED = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "2002::/16", "2001::/32"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """How it went."""

    status: int = 0  #: 0: there was no answer
    error: str = ""

    @property
    def arrived(self) -> bool:
        """Did the other side take it?"""
        return 200 <= self.status < 300


def check_url(url: str) -> str:
    """`url` if a message can be posted there. Raises BadRequest."""
    plain = url.isascii() and url.isprintable() and " " not in url
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise BadRequest(f"webhook address {url!r:.300} cannot be read") from None
    if not plain or not good or len(url) > MOST_URL_CHARACTERS:
        raise BadRequest(
            f"webhook address {url!r:.300}: write it as https://HOST/PATH, in at most "
            f"{MOST_URL_CHARACTERS} plain characters"
        )
    if parts.username or parts.password or parts.fragment:
        raise BadRequest("a webhook address takes no user name, password or #fragment")
    return url


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, anywhere: bool
) -> Posted:
    """Post `body`, within `seconds`; only to a public address unless `anywhere`."""
    parts = urlsplit(url)
    over_at = time.monotonic() + seconds
    try:
        with _connected(parts, over_at, anywhere=anywhere) as connection:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, {"Host": parts.netloc, **headers})
            status = connection.getresponse().status
        if time.monotonic() >= over_at:  # what was cut off may still look like an answer
            raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() >= over_at
        return Posted(error=f"no answer within {seconds:g} s" if late else _why(error))
    if 300 <= status < 400:
        return Posted(status=status, error=f"HTTP {status}: redirects are not followed")
    return Posted(status=status, error="" if 200 <= status < 300 else f"HTTP {status}")


@contextmanager
def _connected(
    parts: SplitResult, over_at: float, *, anywhere: bool
) -> Iterator[http.client.HTTPConnection]:
    """A connection that is cut when the time is over, be it in the middle of a word."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    plain = _connect(_addresses(host, port, anywhere=anywhere), port, over_at)
    handle = plain.dup()  # TLS takes the first one over; this one still cuts the line
    cut = threading.Timer(_left(over_at), _cut, [handle])
    cut.daemon = True
    cut.start()
    stream = plain
    try:
        if parts.scheme == "https":
            stream = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        connection = http.client.HTTPConnection(host, port)
        connection.sock = stream
        yield connection
    finally:
        cut.cancel()
        stream.close()
        plain.close()
        handle.close()


def _addresses(host: str, port: int, *, anywhere: bool) -> list[str]:
    """Where `host` lies. Raises OSError when nowhere it may be."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    allowed = [address for address in addresses if anywhere or is_public(address)]
    if not allowed:
        raise PermissionError(
            "its address is not a public one: an operator of all productions may add such a webhook"
        )
    return allowed


def is_public(address: str) -> bool:
    """Is `address` reached over the open internet, by everybody alike?"""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _WRAPPED):
            return False
    return ip.is_global and not ip.is_multicast


def _connect(addresses: list[str], port: int, over_at: float) -> socket.socket:
    trouble: OSError = TimeoutError("timed out")
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=_left(over_at))
        except OSError as error:
            trouble = error
    raise trouble


def _left(over_at: float) -> float:
    return max(0.001, over_at - time.monotonic())


def _cut(handle: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        handle.shutdown(socket.SHUT_RDWR)


def _why(error: Exception) -> str:
    words: list[tuple[type[Exception], str]] = [
        (PermissionError, str(error)),
        (socket.gaierror, "the host's name is not known"),
        (ssl.SSLCertVerificationError, "its certificate is not trusted"),
        (ssl.SSLError, "no TLS connection could be made"),
        (ConnectionRefusedError, "nothing listens there"),
        (TimeoutError, "no answer in time"),
        (ConnectionError, "the connection broke"),
        (http.client.HTTPException, "what answers speaks no HTTP"),
    ]
    return next((text for kind, text in words if isinstance(error, kind)), f"{error}"[:120])

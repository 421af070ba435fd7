"""Does a store answer? Asked over a plain socket, so that asking costs no Redis client.

The one thing this package says to a store is PING; all else is `farm.store`'s business.
"""

import socket
import ssl
from urllib.parse import SplitResult, unquote, urlsplit

_REPLY_BYTES = 512


def answers(url: str, *, timeout_seconds: float = 1.0) -> bool:
    """Whether the store at `url` (redis://, rediss://, unix://) answers PING.

    False as well while it loads its data, refuses our password, or hangs.
    """
    parts = urlsplit(url)
    try:
        with _connect(parts, timeout_seconds) as connection:
            if parts.password:
                user = unquote(parts.username or "default")
                if _ask(connection, "AUTH", user, unquote(parts.password)) != b"+OK":
                    return False
            return _ask(connection, "PING") == b"+PONG"
    except OSError:
        return False


def _connect(parts: SplitResult, timeout_seconds: float) -> socket.socket:
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout_seconds)
        connection.connect(unquote(parts.path))
        return connection
    host = parts.hostname or "127.0.0.1"
    connection = socket.create_connection((host, parts.port or 6379), timeout_seconds)
    if parts.scheme == "rediss":
        return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
    return connection


def _ask(connection: socket.socket, *words: str) -> bytes:
    """Send one command and return the first line of its reply."""
    encoded = [word.encode() for word in words]
    body = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
    connection.sendall(b"*%d\r\n%s" % (len(encoded), body))
    reply = b""
    while not reply.endswith(b"\r\n"):
        more = connection.recv(_REPLY_BYTES)
        if not more:
            return reply
        reply += more
    return reply.split(b"\r\n", 1)[0]

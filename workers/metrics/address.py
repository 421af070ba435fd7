"""Where a node's metrics are told."""

from dataclasses import dataclass

from farm.model.errors import BadRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen; an empty host is every address of the machine, port 0 any that is free."""

    host: str = ""
    port: int


def read_address(text: str) -> Address:
    """The address that people write: "9751", "127.0.0.1:9751", "[::1]:9751". Raises BadRequest."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise BadRequest(f"{text!r}: write a port, such as 9751, or 127.0.0.1:9751")
    return Address(host=host.strip("[]"), port=int(port))

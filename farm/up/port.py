"""Ports of this machine: one that is free, and whether a wanted one is."""

import socket

from farm.model.errors import BadRequest, Conflict

HOST = "127.0.0.1"  #: farms on one machine talk to nobody else


def free_port() -> int:
    """A TCP port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def check_port(port: int, *, option: str) -> None:
    """Raise Conflict when somebody listens on `port`, BadRequest when we may not.

    Both name the `option` that chooses another.
    """
    with socket.socket() as probe:
        # As the service does: a port whose last connections are only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise BadRequest(
                f"port {port} is not ours to open: choose one above 1023 with {option}"
            ) from error
        except OSError as error:
            raise Conflict(
                f"port {port} of {HOST} is in use: stop what listens there "
                f"or choose another with {option}"
            ) from error

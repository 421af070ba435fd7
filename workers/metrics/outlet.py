"""The node's metrics as the worker has them: told at an address, or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workers.metrics.address import Address
from workers.metrics.facts import NodeFacts
from workers.power.meter import Meter

if TYPE_CHECKING:
    from workers.metrics.server import MetricsServer


class Outlet:
    """Where nobody wants metrics, nothing of theirs is even loaded."""

    def __init__(self, address: Address | None) -> None:
        """Take the port of `address`, if there is one. Raises BadRequest when it is taken."""
        self._server = _listen(address) if address else None

    @property
    def port(self) -> int:
        """At which the node is told of; 0: it is not."""
        return self._server.port if self._server else 0

    @property
    def host(self) -> str:
        """The one address at which it is told; "": at every address of the machine."""
        return self._server.host if self._server else ""

    def start(self, facts: Callable[[], NodeFacts], meter: Meter, folder: Path) -> None:
        """Tell `facts`, what `meter` counts, and the room on the disk of `folder`."""
        if self._server is not None:
            from workers.metrics.collector import NodeCollector

            self._server.start(NodeCollector(facts, meter, folder))

    def close(self) -> None:
        """Tell no more."""
        if self._server is not None:
            self._server.close()


def _listen(address: Address) -> "MetricsServer":
    from workers.metrics.server import MetricsServer

    return MetricsServer(address)

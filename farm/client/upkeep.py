"""The upkeep of nodes by way of the service."""

from urllib.parse import quote

from farm.model.names import check_name
from farm.wire import Answer, Wire


class Upkeep:
    """One method per route."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    def lock(self, node: str, *, reason: str = "") -> Answer:
        """Give the node no new slots of work; those it has run on."""
        return self._wire.change("POST", _path(node, "lock"), {"reason": reason})

    def unlock(self, node: str) -> Answer:
        """Take back a lock."""
        return self._wire.change("POST", _path(node, "unlock"), {})

    def restart(self, node: str, *, reason: str = "") -> Answer:
        """Have the node's worker start anew, once its frames in work are done."""
        return self._wire.change("POST", _path(node, "restart"), {"reason": reason})

    def comment(self, node: str, text: str) -> Answer:
        """Note something on the node; "" takes it back."""
        return self._wire.change("PUT", _path(node, "comment"), {"text": text})

    def schedule(self, node: str, text: str) -> Answer:
        """Set the hours that the node keeps; "" is all."""
        return self._wire.change("PUT", _path(node, "schedule"), {"text": text})

    def clear(self, node: str) -> Answer:
        """Trust the node again."""
        return self._wire.change("POST", _path(node, "clear"), {})

    def forget(self, node: str) -> Answer:
        """Strike off a node that is offline, and gone for good."""
        return self._wire.change("DELETE", f"/nodes/{quote(check_name('node', node))}", {})

    def blocked(self, job: str) -> Answer:
        """The nodes that the job shuns."""
        return self._wire.ask(f"/jobs/{quote(job)}/blocked")

    def unblock(self, job: str, node: str = "") -> Answer:
        """Let the job use a node again, or all it shuns."""
        return self._wire.change("POST", f"/jobs/{quote(job)}/unblock", {"node": node})


def _path(node: str, verb: str) -> str:
    return f"/nodes/{quote(check_name('node', node))}/{verb}"

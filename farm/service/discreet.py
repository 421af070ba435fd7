"""What may be told of a node to those who see one production only.

Nodes serve all of them: why one cannot render, or what failed on it, may name another's files.
"""

from farm.model.node import Node

_QUARANTINED = "quarantined"


def unfit(node: Node, *, whole: bool) -> str:
    """Why it cannot render; "" when it can. `whole` is for those who see all of the farm."""
    found = node.health.unfit
    return found if whole or not found else "it cannot render at present"


def closed(node: Node, *, whole: bool) -> str:
    """Why it gets no new work; what an operator said of a lock is for everybody."""
    hidden = not whole and node.closed.startswith(_QUARANTINED)
    return _QUARANTINED if hidden else node.closed

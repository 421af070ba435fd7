"""The farm for Python programs: `from farm.client import Farm`.

Each name is loaded when it is first used: a command that only asks a question starts in a blink.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from farm.client.client import Client
    from farm.client.farm import Farm
    from farm.client.inbound import PulledFrame
    from farm.client.job import Job
    from farm.client.landing import Fate
    from farm.client.progress import Progress
    from farm.client.transfer import Phase, Transfer

__all__ = ["Client", "Farm", "Fate", "Job", "Phase", "Progress", "PulledFrame", "Transfer"]

_MODULES = {
    "Client": "client",
    "Farm": "farm",
    "Fate": "landing",
    "Job": "job",
    "Phase": "transfer",
    "Progress": "progress",
    "PulledFrame": "inbound",
    "Transfer": "transfer",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever has that name
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

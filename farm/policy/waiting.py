"""Why tasks wait: the plan's own words for what it left over, with the numbers behind them.

`plan` tells one `Waiting` for each layer it leaves tasks of. Whoever explains the farm to people
reads these and decides nothing again, so an explanation never contradicts a decision.
"""

from enum import StrEnum
from typing import NamedTuple

from farm.model.resources import Cores


class Reason(StrEnum):
    """What keeps a layer's next task from starting."""

    CAPACITY = "capacity"  #: its turn has come, and no node has room for it now
    NO_FIT = "no fit"  #: no node that is online could ever hold it
    NO_NODE = "no node"  #: what could hold it is offline, draining or quarantined, or there is none
    LIMIT = "limit"  #: a named limit is used up
    SHARE = "share"  #: its production's ceiling in the pool is reached
    JOB_CAP = "job cap"  #: its job has as many slots or cores as it may have
    GROUP_CAP = "group cap"  #: its sequence or shot has
    BEHIND = "behind"  #: others of its production, or other productions, are due first
    RESERVED = "reserved"  #: a node is being cleared for it, or the free room is kept for another
    COMING = "coming"  #: room is on its way: a recalled lease ends, or the next pass grants it
    AVOID = "avoid"  #: only nodes that it failed on have room


class Waiting(NamedTuple):
    """A layer with tasks left over. A number that does not belong to the reason is None or empty.

    The tasks of all `Waiting` of a plan and the number of its grants add up to what the
    snapshot's layers wanted.
    """

    layer: str
    production: str
    tasks: int  #: tasks that this plan found no slot for
    reason: Reason
    pool: str = ""  #: the pool that the numbers are about
    #: LIMIT, JOB_CAP, GROUP_CAP: the cap's name in the snapshot. NO_FIT: the one thing that rules
    #: every node out: "nodes", "tags", "blender", "gpus", "gpu memory", "cores" or "memory", of the
    #: nodes that have all that stands before it here. RESERVED: the layer that it is for.
    what: str = ""
    most: Cores | None = None  #: of the cap, or the ceiling in cores. NO_FIT: the largest node has
    held: Cores | None = None  #: of it now, this plan's grants counted
    asked: Cores | None = None  #: NO_FIT: cores, bytes or GPUs that it asks for
    ahead: int = 0  #: BEHIND: waiting tasks of its own production that come first
    due: float | None = None  #: BEHIND: cores' worth of the pool that its production is due
    has: float | None = None  #: BEHIND: cores' worth of the pool that its production books
    nodes: tuple[str, ...] = ()  #: NO_NODE: fitting ones that take no work. RESERVED, AVOID: which

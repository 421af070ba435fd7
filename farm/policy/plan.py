"""The decision: which layer each free slot serves next, and which leases must end for it. Pure.

`plan` looks at one snapshot and returns values. It knows no clock, no store and no chance, so the
simulator and the tests run this very code, and the same snapshot always gives the same plan. The
store checks every grant again: a stale snapshot costs a refusal, never a wrong booking.

One pass: free slots go to whoever is due (`farm.policy.granting`); what then still waits may ask
for slots back at the next task boundary (`farm.policy.recall`); and of every layer that is left
over it is told why (`farm.policy.reasons`).
"""

from dataclasses import dataclass

from farm.model.lease import Grant, Recall
from farm.model.snapshot import Snapshot
from farm.policy.board import Board
from farm.policy.free_room import FreeRoom, free_room
from farm.policy.givers import NOBODY, Givers, givers_of
from farm.policy.granting import grant_slots
from farm.policy.reasons import Told
from farm.policy.recall import recall_leases
from farm.policy.waiting import Waiting

MOST_GRANTS = 1_000  #: per plan, so that one pass stays short


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do now."""

    grants: tuple[Grant, ...] = ()
    recalls: tuple[Recall, ...] = ()
    waiting: tuple[Waiting, ...] = ()  #: for each layer with tasks left over: why
    more: bool = False  #: cut at MOST_GRANTS: the next pass, at once, goes on
    givers: Givers = NOBODY  #: whose leases tell what to recall
    #: Nodes whose free room is to be counted as something else; of a plan that was not cut.
    free: tuple[FreeRoom, ...] = ()


def plan(snapshot: Snapshot, *, most_grants: int = MOST_GRANTS, tell: bool = True) -> Plan:
    """Decide grants and recalls for `snapshot`, and tell why the rest waits.

    Recalls need the snapshot's leases, or those of `Plan.givers`; without them only grants are
    decided. What is decided is the same without `tell`, which a scheduler asks for when somebody
    reads it: where very much waits, the telling is half of the work.
    """
    board = Board(snapshot)
    grants, cut = grant_slots(board, most_grants)
    told = Told(board, cut=cut)
    waiting = told.rows() if tell else []
    givers = givers_of(board, told)
    free = () if cut else free_room(board)
    recalls: list[Recall] = []
    if snapshot.leases and not cut:
        asked = recall_leases(board, waiting)
        grants += asked.fillers
        recalls, waiting = asked.recalls, asked.waiting
    return Plan(
        grants=tuple(grants),
        recalls=tuple(recalls),
        waiting=tuple(waiting),
        more=cut,
        givers=givers,
        free=free,
    )

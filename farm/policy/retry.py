"""What becomes of a task whose attempt did not succeed. Pure.

A lost attempt (its node died, went silent or gave it back) uses up no retry: that was not the
task's fault, and the store returns it to the front of the line without asking here.
"""

from enum import StrEnum

from farm.model.states import Outcome


class Verdict(StrEnum):
    AGAIN = "again"  #: ready again, any node may take it
    ELSEWHERE = "elsewhere"  #: ready again, rather on a node where it has not failed
    FAILED = "failed"  #: out of retries


def verdict(
    outcome: Outcome, *, failures: int, retries: int, out_of_memory: bool = False
) -> Verdict:
    """Judge an attempt that ended with `outcome` after `failures` earlier failed ones.

    A task may fail `retries` times and still be tried again. A failed attempt is retried on another
    node, so that a fault of the node and a fault of the scene can be told apart; one that ran out
    of time too, since a slow node may be why. One that ran `out_of_memory` needs more memory, and
    any node may have that: what was booked was too little.
    Raises ValueError for `succeeded`, which leaves nothing to judge.
    """
    if outcome is Outcome.SUCCEEDED:
        raise ValueError("an attempt that succeeded needs no verdict")
    if outcome in (Outcome.LOST, Outcome.CANCELLED, Outcome.SUPERSEDED):
        return Verdict.AGAIN
    if failures + 1 > retries:
        return Verdict.FAILED
    return Verdict.AGAIN if out_of_memory else Verdict.ELSEWHERE

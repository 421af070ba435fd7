"""What the random walk plays with: the hands of its workers, and the moves it may see."""

from dataclasses import dataclass, field

from farm.model.lease import Lease, TaskInHand, TaskResult
from farm.model.states import (
    JOB_TRANSITIONS,
    NODE_TRANSITIONS,
    TASK_TRANSITIONS,
    Outcome,
    StateT,
)
from tests.makers import a_digest, result


def _closure(moves: set[tuple[StateT, StateT]]) -> set[tuple[StateT, StateT]]:
    """Moves that two moves in a row can make: a task settled `again` may be taken at once."""
    return moves | {(a, d) for a, b in moves for c, d in moves if b == c}


#: Every change of state that one step may show: each is one move of a table or two in a row.
TASK_MOVES = _closure({(before, after) for (before, _), after in TASK_TRANSITIONS.items()})
JOB_MOVES = _closure({(before, after) for (before, _), after in JOB_TRANSITIONS.items()})
NODE_MOVES = _closure({(before, after) for (before, _), after in NODE_TRANSITIONS.items()})


@dataclass
class Hand:
    """A lease the played worker believes it serves."""

    lease: Lease
    tasks: list[TaskInHand] = field(default_factory=list)

    def result(self, task: TaskInHand, outcome: Outcome) -> TaskResult:
        """As its worker tells it; told twice it is the same."""
        sent = self.lease.spec.settings.is_sent and outcome is Outcome.SUCCEEDED
        return result(task, outcome, image_digest=self.image(task) if sent else "")

    def image(self, task: TaskInHand) -> str:
        return a_digest(1 + task.index + 1000 * task.attempt)

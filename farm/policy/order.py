"""Who is next inside one production: the sort key of its layers. Pure.

Between productions, shares decide (`farm.policy.shares`).
"""

from farm.model.snapshot import LayerView

AGE_SECONDS = 600  #: a layer that gets no slot for so long gains one point of priority

#: Below its job's least number of slots (0) or not (1), priority, deadline, age of the job, id.
Urgency = tuple[int, int, float, float, str]

NO_DEADLINE = float("inf")


def aged(layer: LayerView, at: float) -> int:
    """Points of priority that `layer` has gained by waiting, so that nothing waits for ever.

    One `AGE_SECONDS` after it was last served it overtakes its equals, and after at most a hundred
    times that it is ahead of every layer that was served since. A slot takes all of it away.
    """
    if not layer.served_at:
        return 0  # not known
    return max(0, int((at - layer.served_at) // AGE_SECONDS))


def urgency(layer: LayerView, points: int, *, below_least: bool) -> Urgency:
    """Smallest first: jobs below their least, then priority, the earliest deadline, the older job.

    `points` are what it has gained by waiting.
    """
    return (
        0 if below_least else 1,
        -layer.priority - points,
        layer.deadline_at or NO_DEADLINE,
        layer.created_at,
        layer.id,
    )

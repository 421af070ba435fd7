"""How many tasks a worker takes in one call. Pure.

A call costs about a millisecond on the way to the store and back. Tasks much shorter than that
times a hundred come several at a time; a frame of seconds comes alone, so that a recall, a cancel
or a dead node never concerns more work than it must.
"""

CALL_SECONDS = 0.5  #: of work that one call should cover
MOST_TASKS = 512  #: in one call, however short they are


def tasks_per_call(seconds_per_task: float | None) -> int:
    """Tasks to ask for, given how long the last ones took on this slot; None before the first."""
    if seconds_per_task is None:
        return 1
    if seconds_per_task <= CALL_SECONDS / MOST_TASKS:
        return MOST_TASKS
    return max(1, int(CALL_SECONDS / seconds_per_task))

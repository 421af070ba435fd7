"""The transition tables: what may follow what, and that every state can be left or is an end."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import product

import pytest

from farm.model.errors import IllegalTransition
from farm.model.states import (
    JOB_TRANSITIONS,
    NODE_TRANSITIONS,
    OPEN_JOB_STATES,
    OPEN_TASK_STATES,
    TASK_TRANSITIONS,
    JobEvent,
    JobState,
    NodeEvent,
    NodeState,
    TaskEvent,
    TaskState,
    next_state,
)

TABLES = [
    (TASK_TRANSITIONS, TaskState, TaskEvent),
    (JOB_TRANSITIONS, JobState, JobEvent),
    (NODE_TRANSITIONS, NodeState, NodeEvent),
]


@pytest.mark.parametrize(("table", "states", "events"), TABLES)
def test_every_move_is_in_the_table_or_refused(
    table: Mapping[tuple[StrEnum, StrEnum], StrEnum],
    states: type[StrEnum],
    events: type[StrEnum],
) -> None:
    for before, event in product(states, events):
        if (before, event) in table:
            assert next_state(table, before, event) is table[before, event]
        else:
            with pytest.raises(IllegalTransition, match=f"cannot {event} while {before}"):
                next_state(table, before, event)


@pytest.mark.parametrize(("table", "states", "events"), TABLES)
def test_every_state_and_every_event_is_used(
    table: Mapping[tuple[StrEnum, StrEnum], StrEnum],
    states: type[StrEnum],
    events: type[StrEnum],
) -> None:
    assert {before for before, _ in table} | set(table.values()) == set(states)
    assert {event for _, event in table} == set(events)


def test_an_ended_task_moves_only_when_a_person_wants_it_or_its_source_again_or_skips_it() -> None:
    ended = {move for move in TASK_TRANSITIONS if move[0] not in OPEN_TASK_STATES}
    assert {event for _, event in ended} == {TaskEvent.RETRY, TaskEvent.HOLD, TaskEvent.SKIP}


def test_an_ended_job_moves_only_when_a_person_wants_it_again_or_skips_what_failed() -> None:
    ended = {move for move in JOB_TRANSITIONS if move[0] not in OPEN_JOB_STATES}
    assert {event for _, event in ended} == {JobEvent.RETRY, JobEvent.SUCCEED}
    assert (JobState.CANCELLED, JobEvent.SUCCEED) not in ended


def test_only_taking_makes_a_task_run() -> None:
    running = {move for move, after in TASK_TRANSITIONS.items() if after is TaskState.RUNNING}
    assert running == {(TaskState.READY, TaskEvent.TAKE)}

"""A node on somebody's machine works while nobody is there, and is gone when somebody comes."""

import time
from pathlib import Path

import pytest

from farm.model.node import IN_USE
from tests.system.farm_under_test import Farm, tails_on_failure, told
from tests.system.shots import blamed, submit

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

GONE_SECONDS = 1.0
SPAN_SECONDS = 3


def unfit(farm: Farm) -> str:
    node = farm.node("desk")
    return node.health.unfit if node else ""


def test_it_leaves_at_once_and_comes_back_when_nobody_is_there(shots: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.touch()
    with Farm(tmp_path) as farm, tails_on_failure(farm):
        farm.add_scheduler("s1")
        words = ("--when-idle", f"{SPAN_SECONDS}s", "--idle-by", str(keys))
        farm.add_worker("desk", words=words)
        farm.wait(lambda: unfit(farm) == IN_USE)
        shot = submit(farm, shots, "long", 1)
        task = shot.middle_of_a_frame("desk")
        assert unfit(farm) == ""
        blenders = farm.blenders("desk")
        assert blenders

        keys.touch()
        began = time.monotonic()
        farm.wait(lambda: not any(blender.is_running() for blender in blenders), seconds=5)
        took = time.monotonic() - began
        told("somebody came: the renderer gone", took)
        farm.wait(lambda: unfit(farm) == IN_USE and not shot.in_hand("desk"), seconds=5)

        while time.monotonic() - began < SPAN_SECONDS - 0.5:  # for all the span it keeps away
            assert unfit(farm) == IN_USE
            assert farm.blenders("desk") == []
        shot.check()

        assert took < GONE_SECONDS
        assert blamed(shot.task(task.frame)) == []
        assert shot.task(task.frame).attempt > task.attempt

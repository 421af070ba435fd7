"""A worker that is asked to start anew finishes its frame, and ends so that its keeper knows."""

from pathlib import Path

import pytest

from farm.model.states import NodeState
from tests.system.farm_under_test import Farm
from tests.system.shots import submit
from workers.main import RESTART_STATUS

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


def test_a_restart_ends_the_worker_once_its_frame_is_done(shots: Path, tmp_path: Path) -> None:
    with Farm(tmp_path) as farm:
        farm.add_scheduler("s1")
        farm.add_worker("n1")
        shot = submit(farm, shots, "steady", 6)
        shot.middle_of_a_frame("n1")

        farm.store.nodes.restart("n1", "new version")
        farm.wait(lambda: not farm.parts["n1"].runs)

        assert farm.parts["n1"].process.returncode == RESTART_STATUS
        assert farm.store.nodes.get("n1").state is NodeState.OFFLINE
        assert {one.event for one in shot.endings()} == {"succeed"}
        farm.start("n1")
        shot.check()

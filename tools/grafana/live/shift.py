"""A farm on this machine that has a little of everything to do, and loses a node at the end."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

from farm.client import Client
from farm.client.farm import Farm
from farm.client.job import Job
from farm.up.child import end_child, kill_group, start_child
from farm.up.local import LocalFarm, LocalOptions, local_farm
from farm.up.port import free_port
from tools.grafana.live import scenes

Say = Callable[[str], None]

POOL = "shots"
LIMIT = "seats"
PATIENCE_SECONDS = 300.0  #: for whatever surely happens, on a machine that has much else to do
_LOOK_SECONDS = 0.5


class Shift:
    """The farm: node "hut" of no pool, which is its own, and node "barn" of the pool `POOL`."""

    def __init__(self, farm: LocalFarm, barn: "Popen[bytes]", folder: Path) -> None:
        """Use `a_shift` instead."""
        self.farm = farm
        self.desk = Farm(client=Client(farm.url))
        self._barn = barn
        self._folder = folder
        self._said = ""

    def work(self, say: Say) -> None:
        """Render for two productions until all has ended: one job loses a frame to its scene."""
        self.desk.client.limits.set(LIMIT, 1)
        jobs = [
            self._submit("steady", "heron", "1-24", limits=[LIMIT], priority=60),
            self._submit("steady", "lynx", "1-12", limits=[LIMIT], pool=POOL),
            self._submit("faulty", "heron", "1-5", autoexec=True, retries=0, chunk=1),
            # Sent, so that the node fetches its files; the second time it has them.
            self._submit("steady", "lynx", "1-6", in_place=False, pool=POOL),
            self._submit("steady", "lynx", "7-18", in_place=False, pool=POOL),
        ]
        self.wait(lambda: self._over(jobs, say), "jobs did not end")

    def lose_a_node(self) -> None:
        """Kill the node barn as a power cut would, in the middle of a frame."""
        job = self._submit("long", "lynx", "1-8", pool=POOL)
        self.wait(lambda: job.details()["counts"]["running"], "barn takes no work")
        kill_group(self._barn)

    def wait(self, done: Callable[[], object], trouble: str) -> None:
        """Tend the farm until `done()`. Raises RuntimeError when that takes too long."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not done():
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"{trouble} within {PATIENCE_SECONDS:.0f} s; {self.farm.logs}")
            self.farm.tend(_LOOK_SECONDS)

    def _submit(self, scene: str, production: str, frames: str, **wishes: Any) -> Job:  # noqa: ANN401
        in_place = wishes.pop("in_place", True)
        name = f"{scene} {frames}"
        if in_place:
            wishes["output"] = str(self._folder / "out" / production / f"{scene}_####")
        return self.desk.submit(
            self._folder / "scenes" / f"{scene}.blend",
            in_place=in_place,
            frames=frames,
            production=production,
            name=name,
            **wishes,
        )

    def _over(self, jobs: Sequence[Job], say: Say) -> bool:
        told = [job.details() for job in jobs]
        done = sum(one["counts"]["succeeded"] + one["counts"]["failed"] for one in told)
        line = f"{done} of {sum(one['counts']['total'] for one in told)} frames"
        if line != self._said:
            self._said = line
            say(line)
        return all(one["ended_at"] for one in told)


@contextmanager
def a_shift(folder: Path, exporter_port: int, say: Say) -> Iterator[Shift]:
    """The farm, up, with its exporter at that port. All of it is gone on the way out."""
    (folder / "scenes").mkdir()
    scenes.make(folder / "scenes")
    options = LocalOptions(
        state=folder / "state",
        node="hut",
        slots=1,
        port=free_port(),
        metrics_port=exporter_port,
    )
    with local_farm(options, say=say) as farm:
        barn = _start_barn(farm, folder)
        shift = Shift(farm, barn, folder)
        try:
            shift.wait(lambda: len(shift.desk.client.nodes()) == 2, "barn did not register")
            yield shift
        finally:
            shift.desk.close()
            end_child(barn, grace_seconds=5.0)


def _start_barn(farm: LocalFarm, folder: Path) -> "Popen[bytes]":
    words = (
        *("--name", "barn", "--pool", POOL, "--cores", "1", "--state", str(folder / "barn")),
        *("--watts", "95,420", "--metrics-port", "127.0.0.1:0"),
    )
    return start_child(
        [sys.executable, "-P", "-m", "workers", *words],
        log=farm.logs / "barn.log",
        environment={**os.environ, "FARM_REDIS_URL": farm.redis_url, "FARM_URL": farm.url},
    )

"""What a render centre is made of: its nodes, its productions, and frames as they are in earnest.

The mix of frames is the one that a large farm has published: cores, how many of a hundred frames
ask for them, mean memory, mean minutes."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from farm.model.job import JobSpec, LayerSpec
from farm.model.lease import Grant
from farm.model.node import NodeSpec
from farm.model.render import RenderSettings
from farm.model.resources import GIB, Resources
from farm.store import Store
from farm.store.connection import new_id
from farm.store.leases import KEEP
from tests.makers import result

BYTES_PER_CORE = 4 * GIB
CHUNK = 10_000  #: tasks per call while a history is made


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Frames of one size."""

    cores: int
    share: float  #: of all frames, in per cent
    memory_gib: float
    minutes: float


MIX = (
    Kind(cores=1, share=22.9, memory_gib=0.52, minutes=2.3),
    Kind(cores=2, share=25.5, memory_gib=1.38, minutes=4.7),
    Kind(cores=4, share=34.2, memory_gib=6.44, minutes=11.4),
    Kind(cores=8, share=14.6, memory_gib=27.3, minutes=30),
    Kind(cores=16, share=1.9, memory_gib=63.9, minutes=52),
    Kind(cores=32, share=0.28, memory_gib=109, minutes=48),
    Kind(cores=64, share=0.03, memory_gib=233, minutes=40),
)
MINUTES = {kind.cores: kind.minutes for kind in MIX}


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """One farm and the work that waits for it."""

    name: str
    nodes: tuple[tuple[int, int], ...]  #: how many, of how many cores
    productions: int
    jobs: int
    frames_per_job: int
    widest: int = 64  #: cores of the widest frames

    @property
    def cores(self) -> int:
        return sum(count * cores for count, cores in self.nodes)


LARGE = Centre(
    name="1,553 nodes",
    nodes=((246, 128), (303, 32), (1004, 16)),
    productions=120,
    jobs=1500,
    frames_per_job=60,
)
PEERS = Centre(
    name="700 nodes",
    nodes=((700, 32),),
    productions=20,
    jobs=100,
    frames_per_job=400,
    widest=8,
)
SMALL = Centre(
    name="120 nodes",
    nodes=((20, 128), (100, 16)),
    productions=20,
    jobs=100,
    frames_per_job=60,
)


def node_specs(centre: Centre) -> Iterator[NodeSpec]:
    number = 0
    for count, cores in centre.nodes:
        for _ in range(count):
            number += 1
            resources = Resources(cores=cores, memory_bytes=cores * BYTES_PER_CORE)
            yield NodeSpec(name=f"n{number}", resources=resources)


def job_specs(centre: Centre) -> Iterator[JobSpec]:
    """Jobs of one layer each, of the mix; the same ones each time."""
    chance = random.Random(1)
    kinds = [kind for kind in MIX if kind.cores <= centre.widest]
    for number in range(centre.jobs):
        (kind,) = chance.choices(kinds, [kind.share for kind in kinds])
        resources = Resources(cores=kind.cores, memory_bytes=int(kind.memory_gib * GIB))
        yield a_job(
            f"1-{centre.frames_per_job}",
            production=f"show{number % centre.productions:03}",
            priority=chance.choice((40, 50, 50, 60)),
            layer={"resources": resources},
        )


def a_job(frames: str, *, layer: dict[str, object] | None = None, **fields: object) -> JobSpec:
    settings = RenderSettings(scene="/show/shot.blend", output="/show/out_####", extension=".png")
    made = LayerSpec(name="render", frames=frames, settings=settings, **(layer or {}))  # type: ignore[arg-type]
    return JobSpec(**{"production": "past", "name": "shot", "layers": (made,), **fields})  # type: ignore[arg-type]


def make_history(store: Store, frames: int, leader: str) -> None:
    """Finish so many frames by the real steps, in jobs of CHUNK: what the farm has behind it."""
    epoch = store.nodes.register(
        NodeSpec(name="past", resources=Resources(cores=1, memory_bytes=GIB))
    )
    for _ in range(frames // CHUNK):
        job = store.jobs.submit(a_job(f"1-{CHUNK}", layer={"chunk": CHUNK}), key=new_id())
        store.leader.lead(leader)
        lease_id = grant_one(store, job, epoch, leader)
        lease, tasks = store.leases.start(lease_id, node="past", epoch=epoch, want=CHUNK)
        store.leases.settle(lease, [result(task) for task in tasks], want=KEEP)
        store.leases.give_up(lease_id, layer=lease.layer, epoch=epoch)
    store.nodes.leave("past", epoch)


def grant_one(store: Store, job: str, epoch: int, leader: str) -> str:
    one = Grant(
        node="past",
        epoch=epoch,
        layer=f"{job}.1",
        resources=Resources(cores=1, memory_bytes=GIB),
    )
    _, lease, answer = store.leases.grant([one], leader=leader)[0]
    if answer != "granted":
        raise RuntimeError(f"the past was refused: {answer}")
    return lease

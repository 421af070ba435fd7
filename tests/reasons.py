"""Every reason that a task can wait for, in an example: the sentence and the few words for it."""

from typing import Any

from farm.model.resources import GIB
from farm.model.snapshot import LayerView
from farm.model.standing import JobStanding, LayerStanding, Source
from farm.model.states import JobState
from farm.policy.waiting import Reason, Waiting
from farm.policy.why import Cause, Part
from farm.policy.wording import Around, Holder, Sidelined
from tests.makers import some_resources

AT = 1_000.0


def a_layer(number: int = 1, **fields: Any) -> LayerStanding:
    return LayerStanding(**{"id": f"12.{number}", "name": "render", **fields})


def a_job(*layers: LayerStanding, **fields: Any) -> JobStanding:
    usual = {"production": "heron", "state": JobState.ACTIVE, "priority": 50, "created_at": 0.0}
    return JobStanding(**{"id": "12", **usual, **fields}, layers=layers)


def a_view(**fields: Any) -> LayerView:
    usual = {"production": "heron", "priority": 50, "created_at": 0.0, "wanted": 1}
    asked = some_resources(cores=2, memory_bytes=4 * GIB)
    return LayerView(**{"id": "12.1", "resources": asked, **usual, **fields})


def waiting(reason: Reason, **fields: Any) -> Waiting:
    return Waiting(**{"layer": "12.1", "production": "heron", "tasks": 3, **fields}, reason=reason)


def part(cause: Cause | Reason, *, job: Any = None, layer: Any = None, **fields: Any) -> Part:
    of = layer or a_layer(ready=3)
    plan = waiting(cause, **fields) if isinstance(cause, Reason) else None
    return Part(job=job or a_job(of), layer=of, cause=cause, count=3, waiting=plan)


SIM = Source(what="layer sim", done=12, total=48)
SAID: list[tuple[Part, Around, str, str]] = [
    (
        part(Cause.BLOCKED, layer=a_layer(blocked=3, sources=(SIM,))),
        Around(),
        "It waits for layer sim: 12 of 48 frames are done.",
        "after layer sim",
    ),
    (
        part(Cause.PAUSED, job=a_job(state=JobState.PAUSED, paused_by="anna", paused_at=AT - 310)),
        Around(at=AT),
        "Job 12 was paused by anna 5 min 10 s ago; go on: farm jobs resume 12.",
        "paused",
    ),
    (
        part(Cause.LATER, job=a_job(start_at=AT + 7500)),
        Around(at=AT),
        "Job 12 starts in 2 h 05 min, as was asked.",
        "in 2 h 05 min",
    ),
    (
        part(Cause.GRANTED),
        Around(),
        "A node was told to start it: it begins in a moment.",
        "starting",
    ),
    (part(Cause.NEXT), Around(), "Nothing is wrong: it is next in line.", "next"),
    (
        part(Cause.NO_SCHEDULER),
        Around(),
        "No scheduler leads, so nothing is started: an operator has to start one (farm scheduler).",
        "no scheduler",
    ),
    (
        part(Reason.CAPACITY),
        Around(view=a_view()),
        "Its turn has come: it starts as soon as 2 cores and 4 GiB are free on a node.",
        "no room",
    ),
    (
        part(Reason.NO_FIT, what="cores", asked=64, most=32),
        Around(),
        "No node can ever hold it: it asks for 64 cores, and the largest node has 32 cores.",
        "no node fits",
    ),
    (
        part(Reason.NO_FIT, what="memory", asked=256 * GIB, most=128 * GIB),
        Around(),
        (
            "No node can ever hold it: it asks for 256 GiB of memory, and the largest node has "
            "128 GiB."
        ),
        "no node fits",
    ),
    (
        part(Reason.NO_FIT, what="gpus", asked=4, most=2),
        Around(),
        "No node can ever hold it: it asks for 4 GPUs, and no node has more than 2.",
        "no node fits",
    ),
    (
        part(Reason.NO_FIT, what="gpu memory", asked=48 * GIB, most=24 * GIB),
        Around(),
        "No node can ever hold it: it asks for GPUs with 48 GiB, and the largest have 24 GiB.",
        "no node fits",
    ),
    (
        part(Reason.NO_FIT, what="pool", pool="gpu"),
        Around(),
        "No node can ever hold it: no node is in pool gpu.",
        "no node fits",
    ),
    (
        part(Reason.NO_FIT, what="nodes"),
        Around(view=a_view(nodes=frozenset({"n1", "n2"}))),
        "No node can ever hold it: none of the nodes it may run on is there (n1 and n2).",
        "no node fits",
    ),
    (
        part(Reason.NO_FIT, what="tags"),
        Around(view=a_view(tags=frozenset({"bigdisk", "avx512"}))),
        "No node can ever hold it: no node has the tags avx512 and bigdisk.",
        "no node fits",
    ),
    (
        part(Reason.NO_FIT, what="blender"),
        Around(view=a_view(blender="4.2")),
        "No node can ever hold it: no node has Blender 4.2.",
        "no node fits",
    ),
    (
        part(Reason.NO_FIT, what="together"),
        Around(),
        (
            "No node can ever hold it: some nodes have each thing it asks for, and none has all of "
            "them."
        ),
        "no node fits",
    ),
    (
        part(Reason.NO_NODE),
        Around(
            sidelined=(
                Sidelined(node="n1", why="offline"),
                Sidelined(node="n2", why="draining: new memory"),
            )
        ),
        "The nodes that could hold it take no work: n1 is offline; n2 is draining: new memory.",
        "no node works",
    ),
    (part(Reason.NO_NODE), Around(), "No node is online.", "no node works"),
    (
        part(Reason.NO_NODE),
        Around(view=a_view(pool="gpu")),
        "No node of pool gpu is online.",
        "no node works",
    ),
    (
        part(Reason.LIMIT, what="limit:houdini", most=20, held=20),
        Around(
            holders=(
                Holder(job="3", production="heron", slots=12),
                Holder(job="5", production="kite", slots=6),
            )
        ),
        "Limit houdini is full: 20 of 20 are in use, by job 3 (12) and job 5 (6).",
        "limit houdini",
    ),
    (
        part(Reason.LIMIT, what="limit:houdini", most=20, held=20),
        Around(
            sees="heron",
            holders=(
                Holder(job="3", production="heron", slots=12),
                Holder(job="5", production="kite", slots=6),
            ),
        ),
        "Limit houdini is full: 20 of 20 are in use, by job 3 (12) and other productions.",
        "limit houdini",
    ),
    (
        part(Reason.SHARE, pool="cpu", most=64, held=64),
        Around(),
        "Production heron has all it may have of pool cpu: 64 of 64 cores.",
        "ceiling",
    ),
    (
        part(Reason.JOB_CAP, what="job:12:tasks", most=4, held=4),
        Around(),
        "Job 12 has as many slots as it may have at once: 4 of 4.",
        "job's most",
    ),
    (
        part(Reason.GROUP_CAP, what="group:heron/sq010:cores", most=40, held=40),
        Around(),
        "Group sq010 has as many cores as it may have at once: 40 of 40.",
        "group sq010",
    ),
    (
        part(Reason.BEHIND, ahead=3),
        Around(),
        "3 frames of production heron come first.",
        "3 behind",
    ),
    (
        part(Reason.BEHIND, pool="cpu", due=12.25, has=14),
        Around(),
        "Production heron has 14 cores of pool cpu, and is due 12.2: others come first.",
        "over its share",
    ),
    (
        part(Reason.BEHIND, due=16, has=16),
        Around(),
        (
            "Production heron has its whole share of the farm, 16 cores: "
            "it goes on when one of its slots is free."
        ),
        "share in use",
    ),
    (
        part(Reason.RESERVED, what="12.1", nodes=("n7",)),
        Around(leases={"n7": 2}),
        "n7 is being cleared for it: 2 slots still run there.",
        "node is cleared",
    ),
    (
        part(Reason.RESERVED, what="9.1", nodes=("n7",)),
        Around(kept_for="heron"),
        "The free room on n7 is kept for job 9, which could start nowhere else.",
        "room kept",
    ),
    (
        part(Reason.RESERVED, what="9.1", nodes=("n7",)),
        Around(sees="heron", kept_for="kite"),
        "The free room on n7 is kept for other productions, which could start nowhere else.",
        "room kept",
    ),
    (
        part(Reason.COMING),
        Around(),
        "Room for it is on its way: a slot is handed over when its frame is done.",
        "slot coming",
    ),
    (
        part(Reason.AVOID, nodes=("n1",)),
        Around(),
        "It failed on n1, and no other node has room: it waits for another one.",
        "failed there",
    ),
]

"""Verbs on limits, shares and nodes, each from its call to what it is for: for
`benchmarks.steering`, timed as in `benchmarks.steering_jobs`."""

import time

from benchmarks.steering_jobs import AT_ONCE, KILL
from benchmarks.steering_stage import Stage, Timing
from farm.model.node import IN_USE
from farm.model.states import TaskState
from farm.policy.taking import TURN_SECONDS
from workers.main import RESTART_STATUS

BEAT = 2.0  #: a worker hears by a beat of its heart that it is to start anew


def limit(stage: Stage) -> list[Timing]:
    """One licence, then none."""
    limits = stage.client.limits
    limits.set("seats", 0)
    job = stage.submit("day", "1-40", limits=["seats"])
    stage.stays(lambda: not stage.begun(job), "without a licence nothing begins")
    asked = time.time()
    limits.set("seats", 1)
    begun = stage.wait(lambda: stage.begun(job))

    (task,) = stage.in_work(job)
    since = stage.store.facts.last_id()
    limits.set("seats", 0)
    boundary, seen = stage.gave(job, [task], 0, since)
    return [
        Timing("limit raised: a frame begun", begun - asked, AT_ONCE),
        Timing("limit lowered: slot free, boundary +", seen - boundary, AT_ONCE),
    ]


def guarantee(stage: Stage) -> list[Timing]:
    """Two productions with a slot each; one is guaranteed both."""
    giver, taker = (stage.submit("pair", "1-40", production=name) for name in ("heron", "li"))
    stage.wait(lambda: stage.slots(giver) == stage.slots(taker) == 1)
    stage.in_work(taker)
    tasks = stage.in_work(giver)
    since = stage.store.facts.last_id()
    stage.client.productions.set_share("li", "pair", guarantee_cores=2)
    begun = stage.wait(lambda: len(stage.running(taker)) == 2)
    boundary, _ = stage.gave(giver, tasks, 0, since)
    stage.client.productions.set_share("li", "pair", guarantee_cores=0)
    return [Timing("share, guarantee: its frame begun, boundary +", begun - boundary, AT_ONCE)]


def ceiling(stage: Stage) -> list[Timing]:
    """A production with both slots may have one, then both again."""
    job = stage.submit("pair", "1-40", production="tarn")
    tasks = stage.in_work(job, 2)
    since = stage.store.facts.last_id()
    stage.client.productions.set_share("tarn", "pair", ceiling_cores=1)
    boundary, seen = stage.gave(job, tasks, 1, since)
    stage.stays(lambda: stage.slots(job) == 1, "no more than its ceiling")

    asked = time.time()
    stage.client.productions.set_share("tarn", "pair", no_ceiling=True)
    begun = stage.wait(lambda: len(stage.running(job)) == 2)
    return [
        Timing("share, ceiling lowered: slot free, boundary +", seen - boundary, AT_ONCE),
        Timing("share, ceiling lifted: a frame begun", begun - asked, AT_ONCE),
    ]


def weight(stage: Stage) -> list[Timing]:
    """Two productions with two of four slots each, for longer than a turn; one then weighs 3."""
    names = ("heron", "li")
    giver, taker = (stage.submit("pair", "1-4000", production=name, cores=0.5) for name in names)
    stage.wait(lambda: stage.slots(giver) == stage.slots(taker) == 2)
    old_at = time.time() + TURN_SECONDS
    stage.wait(lambda: time.time() > old_at)
    tasks = stage.in_work(giver, 2)
    since = stage.store.facts.last_id()
    stage.client.productions.set_share("li", "pair", weight=3)
    begun = stage.wait(lambda: len(stage.running(taker)) == 3)
    boundary, _ = stage.gave(giver, tasks, 1, since)
    stage.client.productions.set_share("li", "pair", weight=1)
    return [Timing("share, weight: its frame begun, boundary +", begun - boundary, AT_ONCE)]


def drain(stage: Stage) -> list[Timing]:
    """The frame in work finishes; then the node works again."""
    job = stage.submit("day", "1-40")
    (task,) = stage.in_work(job)
    since = stage.store.facts.last_id()
    stage.client.drain("day", reason="benchmark")
    boundary, seen = stage.gave(job, [task], 0, since)
    stage.stays(lambda: stage.slots(job) == 0, "a drained node takes nothing")

    asked = time.time()
    stage.client.undrain("day")
    begun = stage.wait(lambda: stage.running(job))
    return [
        Timing("drain: node empty, boundary +", seen - boundary, AT_ONCE),
        Timing("undrain: a frame begun", begun - asked, AT_ONCE),
    ]


def lock(stage: Stage) -> list[Timing]:
    """Nothing new is given from the answer on; what runs runs on; then the node is open again."""
    ends, waits = stage.submit("day", "1"), stage.submit("day", "1-40")
    stage.in_work(ends)
    asked = time.time()
    stage.client.upkeep.lock("day")
    answered = time.time()
    stage.wait(lambda: stage.layer(ends).counts.succeeded)
    stage.stays(lambda: not stage.begun(waits), "a locked node is given nothing")

    opened = time.time()
    stage.client.upkeep.unlock("day")
    begun = stage.wait(lambda: stage.begun(waits))
    return [
        Timing("lock: nothing new is given", answered - asked, AT_ONCE),
        Timing("unlock: a frame begun", begun - opened, AT_ONCE),
    ]


def restart(stage: Stage) -> list[Timing]:
    """The worker ends after the frame in work, and is started anew."""
    job = stage.submit("night", "1-40")
    (task,) = stage.in_work(job)
    part = stage.farm.part("worker-night")
    assert part.child is not None
    epoch = stage.store.nodes.get("night").epoch
    stage.client.upkeep.restart("night")
    boundary = stage.written(job, task)
    status = part.child.wait(timeout=30)
    ended = time.time()
    if status != RESTART_STATUS:
        raise RuntimeError(f"the worker ended with {status}")
    part.start()
    stage.workers["night"] = part.child.pid
    stage.wait(lambda: stage.store.nodes.get("night").epoch > epoch)
    begun = stage.wait(lambda: stage.running(job))
    return [
        Timing("restart: its worker ended, boundary +", ended - boundary, BEAT + AT_ONCE),
        Timing("restart: a new worker's first frame begun, end +", begun - ended),
    ]


def user_back(stage: Stage) -> list[Timing]:
    """Somebody comes to a workstation that renders."""
    job = stage.submit("desk", "1", scene="endless")
    (task,) = stage.in_work(job)
    tree = stage.tree("desk")
    asked = time.time()
    stage.touched.touch()
    gone = stage.gone(tree)
    back = stage.wait(
        lambda: (
            stage.store.tasks.get(job, task.frame).state is TaskState.READY
            and stage.store.nodes.get("desk").health.unfit == IN_USE
        )
    )
    return [
        Timing("user back: the Blender gone", gone - asked, KILL),
        Timing("user back: its frame in line again", back - asked, KILL),
    ]


VERBS = (limit, guarantee, ceiling, drain, lock, restart, user_back)
SLOW_VERBS = (weight,)

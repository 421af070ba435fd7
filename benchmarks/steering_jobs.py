"""Verbs on jobs, each from its call to what it is for: for `benchmarks.steering`.

`AT_ONCE` bounds what the next decision brings, `KILL` what stops renderers. What acts at a frame's
boundary is timed from there: from Blender's writing the image that was in work at the call.
"""

import time

from benchmarks.steering_stage import Stage, Timing

AT_ONCE, KILL = 0.2, 1.0
HOUR = 3600.0
SOON_SECONDS = 1.0


def pause(stage: Stage) -> list[Timing]:
    """The frame in work finishes and its slot is free; then on again."""
    job = stage.submit("day", "1-40")
    (task,) = stage.in_work(job)
    since = stage.store.facts.last_id()
    stage.client.pause(job)
    boundary, seen = stage.gave(job, [task], 0, since)
    stage.stays(lambda: stage.slots(job) == 0, "a paused job begins nothing")
    paused = Timing("pause: slot free, boundary +", seen - boundary, AT_ONCE)

    asked = time.time()
    stage.client.resume(job)
    begun = stage.wait(lambda: stage.running(job))
    return [paused, Timing("resume: a frame begun", begun - asked, AT_ONCE)]


def cancel(stage: Stage) -> list[Timing]:
    job = stage.submit("pair", "1-2", scene="endless")
    tasks = stage.in_work(job, 2)
    trees = [process for task in tasks for process in stage.tree(task.node)]

    asked = time.time()
    stage.client.cancel(job)
    gone = stage.gone(trees)
    return [Timing("cancel: two Blenders gone, all they had started too", gone - asked, KILL)]


def skip(stage: Stage) -> list[Timing]:
    """The frame in work is stopped, and the next one begins."""
    job = stage.submit("day", "1-2", scene="endless")
    (task,) = stage.in_work(job)
    tree = stage.tree("day")

    asked = time.time()
    stage.client.skip(job, frames=str(task.frame))
    gone = stage.gone(tree)
    begun = stage.wait(lambda: stage.running(job))
    return [
        Timing("skip: its Blender gone", gone - asked, KILL),
        Timing("skip: another frame begun", begun - asked, KILL),
    ]


def priority(stage: Stage) -> list[Timing]:
    """A job that waits behind another takes its slot."""
    first = stage.submit("day", "1-40")
    second = stage.submit("day", "1-2")
    (task,) = stage.in_work(first)

    stage.client.set_priority(second, 90)
    begun = stage.wait(lambda: stage.begun(second))
    boundary = stage.written(first, task)
    return [Timing("priority: the other job begun, boundary +", begun - boundary, AT_ONCE)]


def move(stage: Stage) -> list[Timing]:
    """Waiting frames go to a pool where a node is idle."""
    job = stage.submit("day", "1-40")
    stage.in_work(job)

    asked = time.time()
    stage.client.move(job, pool="night")
    begun = stage.wait(lambda: any(one.node == "night" for one in stage.running(job)))
    return [Timing("move: a frame begun in the other pool", begun - asked, AT_ONCE)]


def retry_failed(stage: Stage) -> list[Timing]:
    """What failed because its scene was not there."""
    scene = stage.copy_of("steady")
    later = time.time() + HOUR
    job = stage.submit("day", "1", scene="copy", retries=0, start_at=later)
    away = scene.rename(scene.with_suffix(".away"))
    stage.client.set_start(job, 0)
    stage.wait(lambda: stage.layer(job).counts.failed)
    away.rename(scene)

    asked = time.time()
    stage.client.retry(job)
    begun = stage.wait(lambda: stage.begun(job))
    stage.wait(lambda: stage.layer(job).counts.succeeded)  # so that its node is trusted
    return [Timing("retry: a failed frame begun", begun - asked, AT_ONCE)]


def retry_chosen(stage: Stage) -> list[Timing]:
    """One that succeeded, once more."""
    job = stage.submit("day", "1-2")
    stage.wait(lambda: stage.layer(job).counts.succeeded == 2)

    asked = time.time()
    stage.client.retry(job, states=["succeeded"], frames="2")
    begun = stage.wait(lambda: [one.frame for one in stage.running(job)] == [2])
    return [Timing("retry: a chosen frame begun", begun - asked, AT_ONCE)]


def start_at(stage: Stage) -> list[Timing]:
    """Now, and at a moment."""
    now, soon = (stage.submit(pool, "1", start_at=time.time() + HOUR) for pool in ("day", "night"))
    asked = time.time()
    stage.client.set_start(now, 0)
    begun = stage.wait(lambda: stage.begun(now))

    at = time.time() + SOON_SECONDS
    stage.client.set_start(soon, at)
    on_time = stage.wait(lambda: stage.begun(soon))
    return [
        Timing("start-at now: begun", begun - asked, AT_ONCE),
        Timing("start-at a moment: begun, moment +", on_time - at, AT_ONCE),
    ]


def deadline(stage: Stage) -> list[Timing]:
    """Of two that wait, the later one gets a deadline: it has the next slot that comes free."""
    return [_first_in_line(stage, "deadline", {"deadline": time.time() + HOUR})]


def least(stage: Stage) -> list[Timing]:
    """The same by a least number of slots."""
    return [_first_in_line(stage, "bounds, least raised", {"least_tasks": 1})]


def _first_in_line(stage: Stage, verb: str, how: dict[str, float]) -> Timing:
    ends = stage.submit("day", "1")
    older, newer = stage.submit("day", "1-40"), stage.submit("day", "1-40")
    (task,) = stage.in_work(ends)

    if "deadline" in how:
        stage.client.set_deadline(newer, how["deadline"])
    else:
        stage.client.set_bounds(newer, least_tasks=int(how["least_tasks"]))
    begun = stage.wait(lambda: stage.begun(newer) or stage.begun(older))
    if stage.begun(older):
        raise RuntimeError(f"{verb}: the older job went first")
    return Timing(
        f"{verb}: first at the next free slot, boundary +",
        begun - stage.written(ends, task),
        AT_ONCE,
    )


def most(stage: Stage) -> list[Timing]:
    """Two slots at most, then one, then two again."""
    job = stage.submit("pair", "1-40")
    tasks = stage.in_work(job, 2)
    since = stage.store.facts.last_id()
    stage.client.set_bounds(job, most_tasks=1)
    boundary, seen = stage.gave(job, tasks, 1, since)
    stage.stays(lambda: stage.slots(job) == 1, "one slot at most")

    asked = time.time()
    stage.client.set_bounds(job, most_tasks=2)
    begun = stage.wait(lambda: len(stage.running(job)) == 2)
    return [
        Timing("bounds, most lowered: slot free, boundary +", seen - boundary, AT_ONCE),
        Timing("bounds, most raised: a frame begun", begun - asked, AT_ONCE),
    ]


def unblock(stage: Stage) -> list[Timing]:
    """A job that shuns the only node that it may use: by the scheduler's own step."""
    job = stage.submit("day", "1-40", start_at=time.time() + HOUR)
    stage.shun(job, "day")
    stage.client.set_start(job, 0)
    stage.stays(lambda: not stage.begun(job), "a job that shuns a node is not there")

    asked = time.time()
    stage.client.upkeep.unblock(job)
    begun = stage.wait(lambda: stage.begun(job))
    return [Timing("unblock: a frame begun", begun - asked, AT_ONCE)]


VERBS = (
    pause,
    cancel,
    skip,
    priority,
    move,
    retry_failed,
    retry_chosen,
    start_at,
    deadline,
    least,
    most,
    unblock,
)

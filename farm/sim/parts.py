"""The tables of a scenario file, each to its dataclass. Raise BadRequest."""

from collections.abc import Mapping

from farm.model.errors import BadRequest
from farm.policy.schedule import read_schedule
from farm.policy.sleep import Ready, SleepRules
from farm.sim.fields import Fields
from farm.sim.measures import MEASURES
from farm.sim.scenario import (
    Bound,
    FrameClass,
    Happening,
    JobsAt,
    NodeKind,
    ProductionSpec,
    Wave,
)


def node_kind(row: Fields) -> NodeKind:
    """`[[nodes]]`."""
    found = NodeKind(
        kind=row.name("kind"),
        count=row.whole("count", 1, most=100_000),
        cores=row.whole("cores", least=1, most=16_384),
        memory_bytes=row.size("memory"),
        gpus=row.whole("gpus", 0, most=64),
        gpu_memory_bytes=row.size("gpu_memory", "0"),
        pool=row.name("pool", ""),
        tags=frozenset(row.names("tags")),
        fails=row.number("fails", 0.0, most=1),
        dies_every_seconds=row.span("dies_every", "0s"),
        back_after_seconds=row.span("back_after", "20m"),
        idle_watts=row.number("idle_watts", 0.0, most=100_000),
        full_watts=row.number("full_watts", 0.0, most=100_000),
        asleep_watts=row.number("asleep_watts", 0.0, most=100_000),
    )
    row.done()
    return found


def sleep_rules(table: Mapping[str, object], where: str) -> SleepRules | None:
    """`[sleep]`."""
    if not table:
        return None
    row = Fields(table, f"{where}: sleep")
    found = SleepRules(
        floor_cores=row.number("floor", 0.0),
        idle_seconds=row.span("idle", "15m"),
        wake_seconds=row.span("wake", "3m"),
        ready=tuple(
            Ready(hours=read_schedule(one.text("hours")), cores=one.number("cores"))
            for one in row.rows("ready", "hours")
        ),
    )
    row.done()
    return found


def frame_class(row: Fields) -> FrameClass:
    """`[[mix]]`."""
    found = FrameClass(
        name=row.name("name"),
        share=row.number("share"),
        cores=row.number("cores", least=0.25, most=16_384),
        memory_bytes=row.size("memory"),
        minutes=row.number("minutes", least=1e-5, most=100_000),
        spread=row.number("spread", 0.5, most=3),
        frame_spread=row.number("frame_spread", 0.2, most=3),
        memory_spread=row.number("memory_spread", 0.3, most=3),
        most_memory_bytes=row.size("most_memory", "0"),
        scene_seconds=row.span("scene", "20s"),
        gpus=row.whole("gpus", 0, most=64),
        tags=frozenset(row.names("tags")),
        limits=row.names("limits"),
    )
    row.done()
    return found


def wave(name: str, table: object, where: str) -> Wave:
    """`[waves.NAME]`."""
    row = Fields(table, f"{where}: waves.{name}")
    found = Wave(hours=row.numbers("hours", 24), weekdays=row.numbers("weekdays", 7))
    row.done()
    return found


def production(row: Fields) -> ProductionSpec:
    """`[[productions]]`, one each by now."""
    ceiling = row.number("ceiling", -1.0, least=-1)
    found = ProductionSpec(
        name=row.name("name"),
        weight=row.number("weight", 1.0, least=0.001, most=1000),
        guarantee_cores=row.number("guarantee", 0.0),
        ceiling_cores=None if ceiling < 0 else ceiling,
        demand=row.number("demand", 0.0),
        wave=row.text("wave", ""),
        priorities=_priorities(row),
        frames=_frames(row),
        mix=row.names("mix"),
        shots=row.whole("shots", 40, least=1),
        pool=row.name("pool", ""),
    )
    row.done()
    return found


def _priorities(row: Fields) -> tuple[tuple[int, float], ...]:
    found = row.table("priorities") or {"50": 1.0}
    if not all(key.isdigit() and int(key) <= 100 for key in found):
        raise BadRequest(f"{row.where}: priorities: write {{50 = 8, 80 = 1}}, from 0 to 100")
    if not all(isinstance(part, int | float) and part > 0 for part in found.values()):
        raise BadRequest(f"{row.where}: priorities: how often must be a number above 0")
    return tuple((int(key), float(part)) for key, part in found.items())


def _frames(row: Fields) -> tuple[int, int]:
    least, most = (int(one) for one in row.numbers("frames", 2))
    if (least, most) == (1, 1):  # nothing was said
        return (24, 240)
    if not 1 <= least <= most:
        raise BadRequest(f"{row.where}: frames is [{least}, {most}]: write [fewest, most]")
    return least, most


def jobs_at(row: Fields) -> JobsAt:
    """`[[jobs]]`."""
    found = JobsAt(
        at_seconds=row.span("at", "0s"),
        production=row.name("production"),
        name=row.text("name", ""),
        frames=row.whole("frames", 1, least=1, most=1_000_000),
        cores=row.number("cores", 1, least=0.25, most=16_384),
        memory_bytes=row.size("memory", "1G"),
        seconds=row.number("minutes", least=1e-6) * 60,
        spread=row.number("spread", 0.0, most=3),
        priority=row.whole("priority", 50, most=100),
        times=row.whole("times", 1, least=1),
        every_seconds=row.span("every", "0s"),
        scene_seconds=row.span("scene", "0s"),
        gpus=row.whole("gpus", 0),
        pool=row.name("pool", ""),
        tags=frozenset(row.names("tags")),
        limits=row.names("limits"),
        whole_node=row.flag("whole_node"),
        interruptible=row.flag("interruptible"),
        most_tasks=row.whole("most_tasks", 0),
        least_tasks=row.whole("least_tasks", 0),
        deadline_seconds=row.span("deadline", "0s"),
        fails=row.number("fails", 0.0, most=1),
    )
    row.done()
    return found


def event(row: Fields) -> Happening:
    """`[[events]]`."""
    found = Happening(
        what=row.text("what"),
        at_seconds=row.span("at"),
        for_seconds=row.span("for", "20m"),
        count=row.whole("count", 1),
        kind=row.name("kind", ""),
        limit=row.text("limit", ""),
        most=row.number("most", 0.0),
    )
    row.done()
    if found.what not in ("death", "drain", "away", "limit"):
        raise BadRequest(f"{row.where}: what is {found.what!r}: death, drain, away or limit")
    return found


def limits(table: Mapping[str, object], where: str) -> dict[str, float]:
    """`[limits]`: how many of each there are."""
    row = Fields(table, f"{where}: limits")
    return {name: row.number(name) for name in table}


def bound(row: Fields) -> Bound:
    """`[[bounds]]`."""
    measure = row.text("measure")
    least, most = row.number("least", -1.0, least=-1), row.number("most", -1.0, least=-1)
    found = Bound(
        measure=measure,
        of=row.text("of", ""),
        least=None if least < 0 else least,
        most=None if most < 0 else most,
        why=row.text("why", ""),
    )
    row.done()
    if measure not in MEASURES:
        raise BadRequest(f"{row.where}: no measure {measure!r}: {', '.join(MEASURES)}")
    if found.least is None and found.most is None:
        raise BadRequest(f"{row.where}: {measure} has no bound: give least or most")
    return found

"""The jobs of a scenario, in the order they come: the same seed, the same jobs to the frame.

Chance is drawn per production and per job, never from one stream: a production more, or another
policy, leaves the work of all others as it was.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from math import ceil, exp
from random import Random

from farm.model.resources import GIB, MIB
from farm.sim.scenario import HOUR, FrameClass, JobsAt, ProductionSpec, Scenario, Wave


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A job that comes: one layer of frames that are alike."""

    at: float
    production: str
    name: str
    seed: int
    priority: int
    frames: int
    cores: float
    memory_bytes: int
    gpus: int
    mean_seconds: float
    spread: float
    scene: str
    scene_seconds: float
    pool: str
    tags: frozenset[str]
    limits: tuple[str, ...]
    asked: JobsAt | None = None  #: what else it was given, where it was written out

    def task_seconds(self) -> "array[float]":
        """How long each of its frames takes."""
        if not self.spread:
            return array("f", [self.mean_seconds]) * self.frames
        chance = Random(self.seed)
        sigma = self.spread
        scale = self.mean_seconds * exp(-sigma * sigma / 2)  # so that the mean is the mean
        return array("f", [scale * exp(chance.gauss(0.0, sigma)) for _ in range(self.frames)])


def arrivals(scenario: Scenario) -> Iterator[Arrival]:
    """All jobs of `scenario`, by the time they come."""
    streams = [_stated(one, scenario) for one in scenario.jobs]
    demand = sum(one.demand for one in scenario.productions)
    if demand and scenario.core_hours_per_day:
        per_second = scenario.core_hours_per_day / 24 / demand  # core-seconds a second
        streams += [
            _wave(one, scenario, one.demand * per_second)
            for one in scenario.productions
            if one.demand
        ]
    yield from merge(*streams, key=lambda one: one.at)


def _stated(jobs: JobsAt, scenario: Scenario) -> Iterator[Arrival]:
    for number in range(jobs.times):
        at = jobs.at_seconds + number * jobs.every_seconds
        if at >= scenario.seconds:
            return
        name = jobs.name or f"{jobs.production}-{jobs.at_seconds:g}"
        yield Arrival(
            at=at,
            production=jobs.production,
            name=f"{name}-{number + 1}" if jobs.times > 1 else name,
            seed=Random(f"{scenario.seed}/{name}/{number}").getrandbits(62),
            priority=jobs.priority,
            frames=jobs.frames,
            cores=jobs.cores,
            memory_bytes=jobs.memory_bytes,
            gpus=jobs.gpus,
            mean_seconds=jobs.seconds,
            spread=jobs.spread,
            scene=f"{jobs.production}/{name}",
            scene_seconds=jobs.scene_seconds,
            pool=jobs.pool,
            tags=jobs.tags,
            limits=jobs.limits,
            asked=jobs,
        )


def _wave(one: ProductionSpec, scenario: Scenario, core_seconds: float) -> Iterator[Arrival]:
    """Jobs by chance, so many in the mean that they ask for `core_seconds` each second."""
    chance = Random(f"{scenario.seed}/{one.name}")
    classes = [each for each in scenario.mix if not one.mix or each.name in one.mix]
    shares = [each.share for each in classes]
    per_frame = sum(each.share * each.cores * each.minutes * 60 for each in classes) / sum(shares)
    per_job = per_frame * sum(one.frames) / 2
    wave = scenario.waves.get(one.wave) or Wave()
    number, at = 0, 0.0
    while at < scenario.seconds:
        rate = core_seconds / per_job * wave.at(scenario.start_seconds + at)
        hour_ends = (int((scenario.start_seconds + at) // HOUR) + 1) * HOUR - scenario.start_seconds
        gap = chance.expovariate(rate) if rate else HOUR
        if at + gap >= hour_ends:  # chance has no memory: draw again by the next hour's rate
            at = hour_ends
            continue
        at += gap
        number += 1
        if at < scenario.seconds:
            yield _job(one, chance, chance.choices(classes, shares)[0], number, at)


def _job(one: ProductionSpec, chance: Random, drawn: FrameClass, number: int, at: float) -> Arrival:
    priorities, often = zip(*one.priorities, strict=True)
    shot = chance.randrange(one.shots) + 1
    shot_factor = exp(chance.gauss(0.0, drawn.spread) - drawn.spread**2 / 2)
    memory_factor = exp(chance.gauss(0.0, drawn.memory_spread) - drawn.memory_spread**2 / 2)
    return Arrival(
        at=at,
        production=one.name,
        name=f"{one.name}-{number}",
        seed=chance.getrandbits(62),
        priority=chance.choices(priorities, often)[0],
        frames=chance.randint(*one.frames),
        cores=drawn.cores,
        memory_bytes=_as_asked(drawn, drawn.memory_bytes * memory_factor),
        gpus=drawn.gpus,
        mean_seconds=drawn.minutes * 60 * shot_factor,
        spread=drawn.frame_spread,
        scene=f"{one.name}/{shot}/{drawn.name}",
        scene_seconds=drawn.scene_seconds,
        pool=one.pool,
        tags=drawn.tags,
        limits=drawn.limits,
    )


def _as_asked(drawn: FrameClass, memory_bytes: float) -> int:
    """People ask for whole gigabytes, and quarters of one where it is little."""
    step = GIB if memory_bytes >= 4 * GIB else 256 * MIB
    asked = ceil(memory_bytes / step) * step
    return min(asked, drawn.most_memory_bytes) if drawn.most_memory_bytes else asked

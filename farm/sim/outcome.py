"""What a run came to: every number by its name, for people, bounds and machines."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from farm.policy.forecast import CONFIDENCE
from farm.sim.calibration import MARKS, Calibration, Told
from farm.sim.measures import MEASURES, Measures
from farm.sim.scenario import HOUR, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long tasks or jobs waited, in seconds."""

    count: int
    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, seconds: "Iterable[array[float]]") -> "Waits":
        """Of all that waited."""
        every = sorted(one for each in seconds for one in each)
        if not every:
            return cls(count=0, p50=0.0, p95=0.0, most=0.0)
        return cls(
            count=len(every),
            p50=part_of(every, 0.5),
            p95=part_of(every, 0.95),
            most=every[-1],
        )


def part_of(ordered: Sequence[float], part: float) -> float:
    """The value that `part` of the ordered ones do not pass."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


class Outcome:
    """The numbers of one run. Each is computed once, when it is asked for."""

    def __init__(
        self,
        scenario: Scenario,
        dispatcher: str,
        measures: Measures,
        calibration: Calibration,
        *,
        played_seconds: float,
        wall_seconds: float,
    ) -> None:
        self.scenario = scenario
        self.dispatcher = dispatcher
        self.measures = measures
        self.told = calibration.told
        self.played_seconds = played_seconds
        self.wall_seconds = wall_seconds
        self._waits: dict[tuple[str, bool], Waits] = {}

    @property
    def productions(self) -> list[str]:
        return sorted(self.measures.samples.has)

    def waits(self, production: str = "", *, jobs: bool = False) -> Waits:
        """Of one production, or of all."""
        key = (production, jobs)
        if key not in self._waits:
            known = self.measures.job_waits if jobs else self.measures.waits
            chosen = [known[production]] if production else list(known.values())
            self._waits[key] = Waits.of(chosen)
        return self._waits[key]

    def worst(self) -> tuple[str, float]:
        """The production whose 95th of 100 task waits is the longest, and that."""
        found = [(self.waits(name).p95, name) for name in self.productions]
        seconds, name = max(found, default=(0.0, ""))
        return name, seconds

    def value(self, measure: str, of: str = "") -> float:
        """The number that a bound names."""
        m = self.measures
        if measure in ("share", "share_of_due", "most_cores", "most_held"):
            return self._of_one(measure, of)
        if measure.startswith(("task_wait", "job_wait")):
            waits = self.waits(of, jobs=measure.startswith("job"))
            return waits.p95 if measure.endswith("p95") else waits.most
        mean = {
            "stranded_cores": m.samples.stranded_cores,
            "stranded_memory": m.samples.stranded_memory,
            "unfairness": m.samples.unfair,
        }
        if measure in mean:
            return _mean(mean[measure])
        return self._counted()[measure]

    def _counted(self) -> dict[str, float]:
        m = self.measures
        ended = m.succeeded + m.failed_attempts
        asked = m.granted + sum(m.refused.values())
        return {
            "utilization": _ratio(m.busy_core_seconds, self.scenario.cores * self.played_seconds),
            "utilization_while_waiting": _ratio(m.busy_while_waiting, m.online_while_waiting),
            "jobs_never_started": m.never_started,
            "cold_starts": _ratio(m.cold, m.granted),
            "recalls": m.recalled,
            "recalls_per_task": _ratio(m.recalled, ended),
            "refused": _ratio(sum(m.refused.values()), asked),
            "lost_core_hours": m.lost_core_seconds / HOUR,
            "tasks": m.succeeded,
            "makespan": m.last_end,
            "energy_kwh": m.joules / 3.6e6,
            "asleep": _ratio(m.asleep_node_seconds, self.scenario.count * self.played_seconds),
            "wakes": m.wakes,
            "ends_foretold": min((one["held"] for one in self.marks() if one["told"]), default=0.0),
        }

    def _of_one(self, measure: str, of: str) -> float:
        samples = self.measures.samples
        if measure == "most_held":
            return self.measures.most_held.get(of, 0.0)
        if measure == "most_cores":
            return self.measures.most_cores.get(of, 0.0)
        wanting = [at for at, wants in enumerate(samples.wants[of]) if wants]
        has = sum(samples.has[of][at] for at in wanting)
        if measure == "share":
            return _ratio(
                has, sum(samples.has[name][at] for at in wanting for name in self.productions)
            )
        return _ratio(has, sum(samples.due[of][at] for at in wanting))

    def marks(self) -> list[dict[str, Any]]:
        """How well jobs' ends were foretold, at each mark."""
        return [_mark(mark, [one for one in self.told if one.mark == mark]) for mark in MARKS]

    def as_json(self) -> dict[str, Any]:
        """All of it, as plain values; times are seconds, parts are 0 to 1."""
        m, passes = self.measures, sorted(self.measures.pass_seconds)
        whole = [name for name in MEASURES if name not in ("share", "share_of_due")]
        whole = [name for name in whole if not name.startswith("most_")]
        return {
            "scenario": self.scenario.name,
            "dispatcher": self.dispatcher,
            "seed": self.scenario.seed,
            "played_seconds": self.played_seconds,
            "wall_seconds": self.wall_seconds,
            "measures": {name: self.value(name) for name in whole},
            "refused": dict(sorted(m.refused.items())),
            "deaths": m.deaths,
            "lost_attempts": m.lost,
            "failed_attempts": m.failed_attempts,
            "reservations": m.reservations,
            "passes": {
                "count": len(passes),
                "wall_seconds": sum(passes),
                "p50_seconds": part_of(passes, 0.5),
                "p95_seconds": part_of(passes, 0.95),
                "most_seconds": passes[-1] if passes else 0.0,
            },
            "productions": [self._production(name) for name in self.productions],
            "forecasts": self.marks(),
        }

    def _production(self, name: str) -> dict[str, Any]:
        tasks, jobs = self.waits(name), self.waits(name, jobs=True)
        return {
            "name": name,
            "core_hours": self.measures.core_seconds[name] / HOUR,
            "share": self.value("share", name),
            "share_of_due": self.value("share_of_due", name),
            "task_wait": {"p50": tasks.p50, "p95": tasks.p95, "most": tasks.most},
            "job_wait": {"p50": jobs.p50, "p95": jobs.p95, "most": jobs.most},
        }


def _mark(mark: float, told: Sequence[Told]) -> dict[str, Any]:
    known = [one for one in told if one.forecast.eta_seconds is not None]
    off = sorted(
        abs(one.truth_seconds - (one.forecast.eta_seconds or 0.0)) / max(one.truth_seconds, 1.0)
        for one in known
    )
    return {
        "at": mark,
        "asked": len(told),
        "told": len(known),
        "confidence": CONFIDENCE,
        "held": _ratio(sum(one.held for one in known), len(known)),
        "median_off": part_of(off, 0.5),
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0

"""Named scenarios with bounds: what the farm promises, held or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from farm.model.errors import BadRequest
from farm.sim.measures import MEASURES
from farm.sim.outcome import Outcome
from farm.sim.reading import read, shipped
from farm.sim.running import engine_for, play
from farm.sim.scenario import Bound

PREFIX = "check-"  #: of the scenarios that have bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One bound of one scenario, and what came of it."""

    scenario: str
    bound: Bound
    value: float

    @property
    def holds(self) -> bool:
        least, most = self.bound.least, self.bound.most
        return (least is None or self.value >= least) and (most is None or self.value <= most)

    @property
    def wanted(self) -> str:
        """The bound in words: "task_wait_max of small <= 600"."""
        measure, of = self.bound.measure, f" of {self.bound.of}" if self.bound.of else ""
        parts = []
        if self.bound.least is not None:
            parts.append(f"{measure}{of} >= {self.bound.least:g}")
        if self.bound.most is not None:
            parts.append(f"{measure}{of} <= {self.bound.most:g}")
        return ", ".join(parts)

    def as_json(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "holds": self.holds,
            "wanted": self.wanted,
            "value": self.value,
            "why": self.bound.why or MEASURES[self.bound.measure],
        }


def checks() -> list[str]:
    """The names of the scenarios that have bounds, without their prefix."""
    return [name.removeprefix(PREFIX) for name in shipped() if name.startswith(PREFIX)]


def chosen(names: Iterable[str]) -> list[str]:
    """`all`, or some by name. Raises BadRequest."""
    found: list[str] = []
    for name in names:
        if name == "all":
            found += checks()
        elif name in checks():
            found.append(name)
        else:
            raise BadRequest(f"no check {name!r}: all, {', '.join(checks())}")
    return list(dict.fromkeys(found))


def check(name: str, dispatcher: str = "karst") -> list[Verdict]:
    """Play the scenario `name`, and judge each of its bounds."""
    return judge(play(engine_for(read(f"{PREFIX}{name}"), dispatcher)))


def judge(outcome: Outcome) -> list[Verdict]:
    """The bounds of the scenario that was played, each with what came of it."""
    return [
        Verdict(
            scenario=outcome.scenario.name,
            bound=bound,
            value=outcome.value(bound.measure, bound.of),
        )
        for bound in outcome.scenario.bounds
    ]

"""Does the forecast hold? Each job is asked at a tenth, a quarter, the half and three quarters.

The very function that people's answers come from is asked, with what the farm would know then."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil

from farm.policy.forecast import Forecast, Pace, forecast
from farm.sim.pieces import PlayedLayer, PlayedLease

MARKS = (0.10, 0.25, 0.50, 0.75)
LEAST_FRAMES = 8  #: of a shorter job the marks say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One forecast, and what came true."""

    mark: float
    forecast: Forecast
    truth_seconds: float

    @property
    def held(self) -> bool:
        """Was the end inside the span that was told?"""
        early, late = self.forecast.eta_early_seconds, self.forecast.eta_late_seconds
        return early is not None and late is not None and early <= self.truth_seconds <= late


@dataclass(slots=True)
class Calibration:
    """Forecasts of jobs that are under way, and those whose truth is known."""

    told: list[Told] = field(default_factory=list)
    _open: dict[str, list[tuple[float, float, Forecast]]] = field(default_factory=dict)

    def begin(self, layer: PlayedLayer) -> None:
        """A job came: when is it asked for the first time?"""
        layer.ahead = self._next(layer, 0.0)

    def passed(self, layer: PlayedLayer, now: float, leases: Iterable[PlayedLease]) -> None:
        """`layer` has as many tasks ended as it was to be asked at, or all; `leases` has its own
        among others.
        """
        frames = layer.arrival.frames
        if layer.ended == frames:
            self.told += [
                Told(mark=mark, forecast=found, truth_seconds=now - at)
                for mark, at, found in self._open.pop(layer.id, ())
            ]
            layer.ahead = frames + 1
            return
        mark = max(one for one in MARKS if ceil(one * frames) <= layer.ended)
        begun = (one.task_started_at for one in leases if one.layer is layer and one.hand)
        pace = _pace(layer, tuple(now - one for one in begun))
        self._open.setdefault(layer.id, []).append((mark, now, forecast([pace])))
        layer.ahead = self._next(layer, mark)

    @staticmethod
    def _next(layer: PlayedLayer, mark: float) -> int:
        frames = layer.arrival.frames
        if frames < LEAST_FRAMES:
            return frames
        return min((ceil(one * frames) for one in MARKS if one > mark), default=frames)


def _pace(layer: PlayedLayer, elapsed: tuple[float, ...]) -> Pace:
    mean = layer.mean_seconds or 0.0
    spare = max(0.0, layer.render_squares - layer.succeeded * mean**2)
    return Pace(
        waiting=layer.ready,
        running=layer.running,
        slots=layer.leases,
        elapsed=elapsed,
        measured=layer.succeeded,
        mean_seconds=mean,
        variance=spare / max(1, layer.succeeded - 1),
    )

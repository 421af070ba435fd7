"""How long the tasks of a layer take, told by those that finished and those still in hand. Pure.

Times are lognormal. The first to finish are the quick ones: what is still in hand has taken so long
at least, and counts for that (a censored sample; Dempster, Laird, Rubin, "Maximum Likelihood from
Incomplete Data via the EM Algorithm", 1977).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

USUAL_SPREAD = 0.25  #: standard deviation over mean, believed before it is measured
USUAL_COUNTS = 2.0  #: finished tasks that this belief weighs as much as
NEIGHBOURS = 2.0  #: finished tasks that tell as much as one: frames beside each other are alike
_ROUNDS = 40  #: of the estimate; each comes closer
_GROUPS = 12  #: of tasks in hand that began at about the same time
_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTimes:
    """The lognormal law of a task's time."""

    mu: float  #: mean of the logarithm of seconds
    sigma: float  #: standard deviation of that
    doubt: float = 0.0  #: variance of mu: how little is known of it

    @property
    def mean_seconds(self) -> float:
        return math.exp(self.mu + self.sigma**2 / 2)

    @property
    def spread(self) -> float:
        """Standard deviation over mean."""
        return math.sqrt(math.expm1(self.sigma**2))

    def quantile(self, part: float, *, elapsed: float = 0.0) -> float:
        """Seconds that `part` of the tasks take at most, of those that have taken `elapsed`."""
        begun = self.reached(elapsed)
        upper = max(1e-12, (1.0 - part) * (1.0 - begun))
        # By the upper tail, which keeps its digits where little is left of it.
        return max(elapsed, math.exp(self.mu - self.sigma * _STANDARD.inv_cdf(upper)))

    def last_of(self, elapsed: Sequence[float], part: float = 0.5) -> float:
        """Seconds within which the last of those that took `elapsed` ends, in `part` of cases."""
        groups = [(many, math.exp(log_seconds)) for many, log_seconds in groups_of(elapsed)]
        if not groups:
            return 0.0
        low, high = 0.0, self.quantile(1 - (1 - part) / len(elapsed), elapsed=groups[-1][1])
        wanted = math.log(part)
        for _ in range(24):
            middle = (low + high) / 2
            reached = sum(
                many * math.log(max(1e-300, self._ended(seconds, middle)))
                for many, seconds in groups
            )
            low, high = (middle, high) if reached < wanted else (low, middle)
        return high

    def _ended(self, elapsed: float, later: float) -> float:
        """The part of tasks that took `elapsed` and end within `later`."""
        still = 1 - self.reached(elapsed)
        return 1 - (1 - self.reached(elapsed + later)) / still if still > 1e-9 else 1.0

    def reached(self, seconds: float) -> float:
        """The part of tasks that take at most so long."""
        if seconds <= 0:
            return 0.0
        return _STANDARD.cdf((math.log(seconds) - self.mu) / self.sigma)


def task_times(
    *, measured: int, mean_seconds: float, variance: float, elapsed: Sequence[float] = ()
) -> TaskTimes:
    """The law that `measured` finished tasks and the time of those in hand tell of.

    `variance` is in seconds². At least one must have finished, and taken some time.
    """
    square = math.log1p(variance / mean_seconds**2)
    mu_seen = math.log(mean_seconds) - square / 2
    usual = math.log1p(USUAL_SPREAD**2)
    var = (square * measured + usual * USUAL_COUNTS) / (measured + USUAL_COUNTS)
    mu, groups = mu_seen, groups_of(elapsed)
    count = measured + len(elapsed)
    told = float(measured)
    for _ in range(_ROUNDS if groups else 0):
        sigma = math.sqrt(var)
        total, spare, told = mu_seen * measured, square * measured, float(measured)
        rests: list[tuple[int, float, float]] = []
        for many, log_seconds in groups:
            at = (log_seconds - mu) / sigma
            hazard = _hazard(at)
            rests.append((many, mu + sigma * hazard, var * (1 + at * hazard - hazard**2)))
            told += many * max(0.0, hazard * (hazard - at))
            total += many * rests[-1][1]
        mu = total / count
        spare += measured * (mu_seen - mu) ** 2
        spare += sum(many * ((mean - mu) ** 2 + max(0.0, rest)) for many, mean, rest in rests)
        var = (spare + usual * USUAL_COUNTS) / (count + USUAL_COUNTS)
    known = max(1.0, told / NEIGHBOURS)
    return TaskTimes(mu=mu, sigma=math.sqrt(var), doubt=var * (1 + var / 2) / known)


def groups_of(elapsed: Sequence[float]) -> list[tuple[int, float]]:
    """How many have taken about so long, as its logarithm."""
    known = sorted(max(1e-3, one) for one in elapsed)
    size = max(1, math.ceil(len(known) / _GROUPS))
    parts = [known[at : at + size] for at in range(0, len(known), size)]
    return [(len(part), math.log(sum(part) / len(part))) for part in parts]


def _hazard(at: float) -> float:
    """Density over upper tail of the standard normal law."""
    if at > 8:
        return at + 1 / at
    return _STANDARD.pdf(at) / _STANDARD.cdf(-at)

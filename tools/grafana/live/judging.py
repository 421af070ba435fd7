"""What is wrong with what a Prometheus knows of a live farm."""

from collections.abc import Sequence
from dataclasses import dataclass

from farm.model.metrics import CATALOGUE
from tools.grafana.asking import Told
from tools.grafana.prometheus import Prometheus


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse:
    """A panel that has nothing to show on this farm, as long as `unless` brings nothing."""

    board: str
    panel: str
    reason: str
    unless: str  #: PromQL


EXCUSES = (
    Excuse(
        board="karst-node",
        panel="GPUs: computing, and memory taken",
        reason="no node has a GPU",
        unless="sum(farm_gpus) > 0",
    ),
    Excuse(
        board="karst-scheduler",
        panel="Refused grants of an hour, by why",
        reason="the store refused no grant",
        unless="sum(farm_scheduler_refusals_total) > 0",
    ),
)


def excused(told: Told, server: Prometheus, at: float) -> str:
    """Why a panel may be empty; "": it may not."""
    for one in EXCUSES:
        if (one.board, one.panel, "empty") == (told.board, told.panel, told.trouble):
            return "" if server.now(one.unless, at).series else one.reason
    return ""


def targets_down(server: Prometheus, *, jobs: Sequence[str]) -> list[str]:
    """Each target that is not up, with why, and each of `jobs` that has none."""
    active = server.told("targets")["activeTargets"]
    down = [f"{one['scrapeUrl']}: {one['lastError']}" for one in active if one["health"] != "up"]
    known = [one["labels"]["job"] for one in active]
    return down + [f"no target of job {job}" for job in jobs if job not in known]


def sick_rules(server: Prometheus) -> list[str]:
    """Each rule that is in error or has not been worked out yet, with why."""
    groups = server.told("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    if not rules:
        return ["there are no rules"]
    return [f"{one['name']}: {one.get('lastError')}" for one in rules if one["health"] != "ok"]


def nameless(server: Prometheus, since: float, until: float) -> list[str]:
    """Each histogram that no exemplar leads from to a job, though it should have some."""
    return [
        f"{one.name} has no exemplars"
        for one in CATALOGUE
        if one.exemplars and not server.exemplars(f"{one.name}_bucket", since, until)
    ]


def alerts(server: Prometheus, state: str) -> list[str]:
    """The names of those that are "firing" or "pending"."""
    return sorted(
        one["labels"]["alertname"]
        for one in server.told("alerts")["alerts"]
        if one["state"] == state
    )


#: Recorded shares that are none: above 1, or below 0.
RATIOS = '{__name__=~".+:ratio_rate.+"} > 1.000001 or {__name__=~".+:ratio_rate.+"} < 0'

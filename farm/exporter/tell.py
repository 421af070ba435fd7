"""From what was seen to series: pure, and a function for each group of the catalogue."""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from farm.exporter.families import Families
from farm.exporter.look import Seen
from farm.model.bounds import Limit
from farm.model.resources import CORE_PARTS
from farm.model.usage import OTHER, Exemplars, FarmUsage, PlanUsage, PoolUsage, ProductionUsage
from farm.store.accounts import NodeAccount, PoolAccount
from farm.store.energy import FarmEnergy

_Label = TypeVar("_Label", bound=str)


def tell(seen: Seen, families: Families) -> None:
    """Add all series of `seen`."""
    told = {one.name for one in seen.usage.productions}
    for name, pool in seen.accounts.pools.items():
        _capacity(families, name, pool)
    for pool_usage in seen.usage.pools:
        _work(families, pool_usage, seen.exemplars)
    for production in seen.usage.productions:
        _production(families, production)
    _by_label(families, "farm_jobs", seen.usage.jobs)
    _energy(families, seen.energy, told)
    _by_label(families, "farm_production_due_cores", by_name(seen.usage.plan.due_cores, told))
    _nodes(families, seen.accounts.nodes)
    _plan(families, seen.usage.plan)
    _counters(families, seen.usage)
    _limits(families, seen.limits)


def _capacity(families: Families, pool: str, account: PoolAccount) -> None:
    for name, by_state in (
        ("farm_nodes", account.nodes_by_state()),
        ("farm_cores", account.cores_now()),
        ("farm_gpus", account.gpus_now()),
        ("farm_core_seconds_total", account.core_seconds()),
        ("farm_node_seconds_total", account.node_seconds()),
        ("farm_gpu_seconds_total", account.gpu_seconds()),
    ):
        _by_label(families, name, by_state, pool)
    families.add("farm_stranded_core_seconds_total", account.stranded_core_seconds(), pool)


def _work(
    families: Families, pool: PoolUsage, exemplars: Mapping[tuple[str, str], Exemplars]
) -> None:
    _by_label(families, "farm_tasks", pool.tasks, pool.name)
    _by_label(families, "farm_attempts_total", pool.attempts, pool.name)
    _by_label(families, "farm_attempt_core_seconds_total", pool.core_seconds, pool.name)
    for name, kept, histogram in (
        ("farm_task_render_duration_seconds", "render_seconds", pool.render_seconds),
        ("farm_slot_wait_seconds", "slot_wait_seconds", pool.slot_wait_seconds),
        ("farm_job_wait_seconds", "job_wait_seconds", pool.job_wait_seconds),
        ("farm_task_peak_memory_bytes", "peak_memory_bytes", pool.peak_memory_bytes),
    ):
        of_buckets = exemplars.get((pool.name, kept), {})
        families.add_histogram(name, histogram, pool.name, exemplars=of_buckets)


def _production(families: Families, one: ProductionUsage) -> None:
    _by_label(families, "farm_production_core_seconds_total", one.core_seconds, one.name)
    _by_label(families, "farm_production_tasks", one.tasks, one.name)
    families.add("farm_production_held_core_seconds_total", one.held_core_seconds, one.name)
    families.add("farm_production_booked_cores", one.booked_cores, one.name)


def _nodes(families: Families, accounts: Iterable[NodeAccount]) -> None:
    for one in accounts:
        families.add("farm_node_info", 1, one.name, one.pool, one.version)
        families.add("farm_node_last_heartbeat_timestamp_seconds", one.heartbeat_at, one.name)
        families.add("farm_node_cores", one.core_parts / CORE_PARTS, one.name)
        busy_core_seconds, busy_cores = one.busy
        families.add("farm_node_busy_cores", busy_cores, one.name)
        families.add("farm_node_busy_core_seconds_total", busy_core_seconds, one.name)


def _energy(families: Families, energy: FarmEnergy, told: Collection[str]) -> None:
    for name, used in energy.nodes.items():
        families.add("farm_node_energy_joules_total", used.joules, name)
    joules = {name: used.joules for name, used in energy.productions.items()}
    _by_label(families, "farm_production_energy_joules_total", by_name(joules, told))
    for use, by_pool in (("busy", energy.busy), ("idle", energy.idle)):
        for pool, used in by_pool.items():
            families.add("farm_energy_joules_total", used.joules, pool, use)


def by_name(values: Mapping[str, float], told: Collection[str]) -> dict[str, float]:
    """`values` of productions, those not among `told` summed as one: their number is bounded."""
    found: dict[str, float] = {}
    for name, value in values.items():
        label = name if name in told else OTHER
        found[label] = found.get(label, 0.0) + value
    return found


def _plan(families: Families, plan: PlanUsage) -> None:
    if plan.passed_at:
        families.add("farm_scheduler_last_pass_timestamp_seconds", plan.passed_at)
    families.add_histogram("farm_scheduler_pass_duration_seconds", plan.pass_seconds)
    families.add("farm_scheduler_grants_total", plan.grants)
    families.add("farm_scheduler_recalls_total", plan.recalls)
    _by_label(families, "farm_scheduler_refusals_total", plan.refusals)
    for (pool, reason), count in plan.waiting.items():
        families.add("farm_waiting_tasks", count, pool, reason)
    _by_label(families, "farm_oldest_ready_task_timestamp_seconds", plan.oldest_ready_at)


def _counters(families: Families, usage: FarmUsage) -> None:
    families.add("farm_superseded_results_total", usage.superseded_results)
    families.add("farm_silent_nodes_total", usage.silent_nodes)
    families.add("farm_quarantines_total", usage.quarantines)
    families.add("farm_unstarted_leases_total", usage.unstarted_leases)


def _limits(families: Families, limits: Iterable[Limit]) -> None:
    for limit in limits:
        families.add("farm_limit_most", limit.most, limit.name)
        families.add("farm_limit_held", limit.held, limit.name)


def _by_label(families: Families, name: str, values: Mapping[_Label, float], *labels: str) -> None:
    """One series per entry of `values`, whose key is the last label."""
    for label, value in values.items():
        families.add(name, value, *labels, str(label))

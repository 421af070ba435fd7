"""What the farm tells Prometheus: the name, kind, labels and unit of every metric, in one table.

Exporters make no other series, dashboards and alerts ask for no others, and docs/metrics.md is
drawn from it (`python tools/draw_metrics.py`). Labels are few and bounded: there is none for a job,
a frame, a user or a file, so the number of series does not grow with the work. Jobs and frames are
named by exemplars, which make no series: one observation beside each bucket of a histogram.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from farm.model.states import JobState, Outcome, TaskState


class Kind(StrEnum):
    """How Prometheus takes it."""

    GAUGE = "gauge"  #: now
    COUNTER = "counter"  #: since the beginning; only ever asked for by its rate or increase
    HISTOGRAM = "histogram"  #: counts below bounds: `_bucket`, `_sum` and `_count`


class Source(StrEnum):
    """Who tells it."""

    FARM = "farm"  #: `python -m farm.exporter`, once for the farm; Prometheus's job "farm"
    NODE = "node"  #: `farm-worker --metrics-port`, on each node; the job "node"


#: A label's values, where they are few and known; () where the farm's people choose them.
Values = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric; `labels` are those that its exporter gives it, in their order."""

    name: str
    kind: Kind
    unit: str  #: of its values; "" for what is merely true
    help: str  #: one sentence
    labels: Mapping[str, Values] = field(default_factory=dict)
    source: Source = Source.FARM
    exemplars: Values = ()  #: labels of the observations that stand beside its buckets

    def series(self) -> tuple[str, ...]:
        """The names that it has in Prometheus."""
        if self.kind is Kind.HISTOGRAM:
            return (f"{self.name}_bucket", f"{self.name}_sum", f"{self.name}_count")
        return (self.name,)


class ServerState(StrEnum):
    """What a core, a GPU or a node is doing: every second of each is in exactly one of them."""

    BUSY = "busy"  #: booked by a lease of a node that reports
    STARVED = "starved"  #: free and open, while work waits that could run here, or may
    IDLE = "idle"  #: free and open, and nothing that waits could run here
    DRAINING = "draining"  #: free, and closed: drained, locked, quarantined, asleep, unfit, muted
    OFFLINE = "offline"  #: its node does not report


SERVER_STATES: Values = tuple(one.value for one in ServerState)
#: How core-seconds of attempts ended. A superseded result has no time of its own: it was credited
#: when its attempt was given up.
ENDINGS = (
    Outcome.SUCCEEDED,
    Outcome.FAILED,
    Outcome.TIMED_OUT,
    "out_of_memory",
    Outcome.LOST,
    Outcome.CANCELLED,
)
#: The same, and the time of leases in which no attempt ran.
SPENT = (*ENDINGS, "overhead")

_POOL: Mapping[str, Values] = {"pool": ()}
_NODE: Mapping[str, Values] = {"node": ()}
_POOL_STATE: Mapping[str, Values] = {"pool": (), "state": SERVER_STATES}
_PRODUCTION: Mapping[str, Values] = {"production": ()}
_OF_A_JOB: Values = ("job_id", "layer", "node")
_OF_A_FRAME: Values = ("frame", *_OF_A_JOB)


def _gauge(name: str, unit: str, said: str, **labels: Values) -> Metric:
    return Metric(name=name, kind=Kind.GAUGE, unit=unit, help=said, labels=labels)


def _counter(name: str, unit: str, said: str, **labels: Values) -> Metric:
    return Metric(name=name, kind=Kind.COUNTER, unit=unit, help=said, labels=labels)


def _histogram(name: str, unit: str, said: str, *, of: Values = (), **labels: Values) -> Metric:
    kind = Kind.HISTOGRAM
    return Metric(name=name, kind=kind, unit=unit, help=said, labels=labels, exemplars=of)


_FARM = (
    _gauge("farm_build_info", "", "Always 1; the version of the exporter.", version=()),
    _gauge("farm_broker_up", "", "1 if the store answered this scrape, else 0."),
    _gauge("farm_scrape_duration_seconds", "seconds", "How long this scrape took."),
    _gauge("farm_nodes", "nodes", "Nodes, each split among states by its cores.", **_POOL_STATE),
    _gauge("farm_cores", "cores", "Configured cores, by what they do now.", **_POOL_STATE),
    _counter(
        "farm_core_seconds_total",
        "core-seconds",
        "Configured core-seconds, by what the cores did; all states add up to cores times time.",
        **_POOL_STATE,
    ),
    _counter(
        "farm_stranded_core_seconds_total",
        "core-seconds",
        "Part of idle: free cores beside which memory was full while tasks waited.",
        **_POOL,
    ),
    _counter(
        "farm_node_seconds_total",
        "node-seconds",
        "Seconds of servers, each second split by what the cores did.",
        **_POOL_STATE,
    ),
    _gauge("farm_gpus", "GPUs", "Configured GPUs, by what they do now.", **_POOL_STATE),
    _counter(
        "farm_gpu_seconds_total",
        "GPU-seconds",
        "Configured GPU-seconds, by what the GPUs did.",
        **_POOL_STATE,
    ),
    _gauge("farm_tasks", "tasks", "Tasks stored, by state.", pool=(), state=tuple(TaskState)),
    _counter(
        "farm_attempts_total",
        "attempts",
        "Attempts that ended, by outcome.",
        pool=(),
        outcome=(*ENDINGS, Outcome.SUPERSEDED),
    ),
    _counter(
        "farm_attempt_core_seconds_total",
        "core-seconds",
        "Core-seconds of leases that were credited, by outcome of the attempt in them.",
        pool=(),
        outcome=SPENT,
    ),
    _gauge(
        "farm_waiting_tasks",
        "tasks",
        "Tasks that the last plan found no slot for, by why.",
        pool=(),
        reason=(),
    ),
    _gauge(
        "farm_oldest_ready_task_timestamp_seconds",
        "unix seconds",
        "When the ready layer that has waited longest had a slot last; absent where none waits.",
        **_POOL,
    ),
    _histogram(
        "farm_task_render_duration_seconds",
        "seconds",
        "Time of attempts that succeeded, as their nodes measured it.",
        of=_OF_A_FRAME,
        **_POOL,
    ),
    _histogram(
        "farm_slot_wait_seconds",
        "seconds",
        "How long a layer had gone unserved when it was granted a slot.",
        of=_OF_A_JOB,
        **_POOL,
    ),
    _histogram(
        "farm_job_wait_seconds",
        "seconds",
        "From when a job could begin to its first task.",
        of=_OF_A_JOB,
        **_POOL,
    ),
    _histogram(
        "farm_task_peak_memory_bytes",
        "bytes",
        "Most memory that an attempt used.",
        of=_OF_A_FRAME,
        **_POOL,
    ),
)
_PRODUCTIONS = (
    _counter(
        "farm_production_core_seconds_total",
        "core-seconds",
        "Core-seconds credited to the production, by outcome.",
        production=(),
        outcome=SPENT,
    ),
    _counter(
        "farm_production_held_core_seconds_total",
        "core-seconds",
        "Core-seconds that the production's leases held, counted as they pass.",
        **_PRODUCTION,
    ),
    _gauge("farm_production_booked_cores", "cores", "Cores that it books now.", **_PRODUCTION),
    _gauge(
        "farm_production_due_cores",
        "cores",
        "Cores' worth that it is due now among those that want any.",
        **_PRODUCTION,
    ),
    _gauge(
        "farm_production_tasks",
        "tasks",
        "Its tasks stored, by state.",
        production=(),
        state=tuple(TaskState),
    ),
    _counter(
        "farm_production_energy_joules_total",
        "joules",
        "Energy of nodes, shared by the cores that it booked on them.",
        **_PRODUCTION,
    ),
    _gauge("farm_jobs", "jobs", "Jobs stored, by state.", state=tuple(JobState)),
)
_NODES = (
    _gauge("farm_node_info", "", "Always 1; what a node is.", node=(), pool=(), version=()),
    _gauge("farm_node_cores", "cores", "Cores that the node offers.", **_NODE),
    _gauge("farm_node_busy_cores", "cores", "Cores that leases book on it now.", **_NODE),
    _counter(
        "farm_node_busy_core_seconds_total", "core-seconds", "Busy core-seconds of it.", **_NODE
    ),
    _gauge(
        "farm_node_last_heartbeat_timestamp_seconds",
        "unix seconds",
        "When it was heard of last.",
        **_NODE,
    ),
    _counter("farm_node_energy_joules_total", "joules", "Energy that it used.", **_NODE),
)
_SCHEDULER = (
    _gauge(
        "farm_scheduler_last_pass_timestamp_seconds",
        "unix seconds",
        "When the leading scheduler last finished a pass.",
    ),
    _histogram("farm_scheduler_pass_duration_seconds", "seconds", "Time of the leader's passes."),
    _counter("farm_scheduler_grants_total", "leases", "Leases granted."),
    _counter(
        "farm_scheduler_refusals_total", "leases", "Grants that the store refused.", reason=()
    ),
    _counter("farm_scheduler_recalls_total", "leases", "Leases recalled."),
    _counter(
        "farm_superseded_results_total",
        "results",
        "Results that came after another attempt owned the task; never applied.",
    ),
    _counter("farm_silent_nodes_total", "nodes", "Nodes taken offline for their silence."),
    _counter("farm_quarantines_total", "nodes", "Nodes put into quarantine."),
    _counter(
        "farm_unstarted_leases_total", "leases", "Leases taken back since no node started them."
    ),
    _gauge("farm_limit_most", "units", "How many of a limit there are.", limit=()),
    _gauge("farm_limit_held", "units", "How many of a limit are held now.", limit=()),
    _counter(
        "farm_energy_joules_total",
        "joules",
        "Energy of nodes: for leases, or for none.",
        pool=(),
        use=("busy", "idle"),
    ),
)
_MODES = ("user", "system", "iowait", "idle", "other")
_HOST = (
    _counter("farm_host_cpu_seconds_total", "core-seconds", "CPU time.", mode=_MODES),
    _gauge("farm_host_memory_bytes", "bytes", "Memory.", kind=("total", "available")),
    _gauge("farm_host_disk_free_bytes", "bytes", "Room left on its disks.", path=()),
    _counter("farm_host_disk_bytes_total", "bytes", "Disk traffic.", direction=("read", "write")),
    _counter(
        "farm_host_network_bytes_total", "bytes", "Network traffic.", direction=("receive", "send")
    ),
    _gauge("farm_host_gpu_ratio", "ratio", "Part of the time that a GPU computes.", gpu=()),
    _gauge(
        "farm_host_gpu_memory_bytes", "bytes", "Memory of a GPU.", gpu=(), kind=("total", "used")
    ),
    _gauge("farm_host_power_watts", "watts", "Power drawn now, and who says so.", source=()),
    _counter("farm_host_energy_joules_total", "joules", "Energy, and who says so.", source=()),
    _gauge("farm_host_booked_cores", "cores", "Cores that its leases book."),
    _gauge("farm_host_booked_memory_bytes", "bytes", "Memory that its leases book."),
    _gauge("farm_host_used_cores", "cores", "Cores that its renderers use."),
    _gauge("farm_renderers", "processes", "Renderers.", state=("warm", "cold", "busy")),
    _counter("farm_renderer_starts_total", "processes", "Renderers started."),
    _counter("farm_scene_opens_total", "scenes", "Scenes opened.", kind=("warm", "cold")),
    _counter("farm_cache_files_total", "files", "Files asked for.", result=("hit", "miss")),
    _gauge("farm_cache_bytes", "bytes", "What lies in the node's cache."),
)
CATALOGUE: tuple[Metric, ...] = (
    *_FARM,
    *_PRODUCTIONS,
    *_NODES,
    *_SCHEDULER,
    *(replace(one, source=Source.NODE) for one in _HOST),
)

"""What is counted while the farm is played: integrals over time, waits, samples of the state."""

from array import array
from collections import defaultdict
from dataclasses import dataclass, field

#: What a bound may name, and what it means. Those of a production are told by `of`.
MEASURES = {
    "utilization": "core-seconds booked over core-seconds configured",
    "utilization_while_waiting": "the same, while work waited that some node could hold",
    "task_wait_p95": "seconds from ready to taken, 95th of 100 (of one production, or of all)",
    "task_wait_max": "the longest of them, tasks that still wait included",
    "job_wait_p95": "seconds from submit to first frame, 95th of 100",
    "job_wait_max": "the longest of them, jobs that still wait included",
    "jobs_never_started": "jobs that had no frame at the end",
    "stranded_cores": "mean part of the farm's cores that nothing that waits could use",
    "stranded_memory": "mean part of the farm's memory that nothing that waits could use",
    "unfairness": "mean part of the booked farm that was in the wrong hands",
    "cold_starts": "part of the leases that had to open their scene",
    "recalls": "leases that were recalled",
    "recalls_per_task": "the same, over tasks that ended",
    "refused": "part of the grants that the farm refused",
    "lost_core_hours": "core-hours of attempts that came to nothing",
    "tasks": "tasks that succeeded",
    "makespan": "seconds until the last task ended",
    "energy_kwh": "kilowatt-hours, by what the nodes are stated to draw",
    "asleep": "part of the node-hours that were slept through",
    "wakes": "times that a node was woken",
    "ends_foretold": "part of the jobs' ends inside the span told, at the worst of the marks",
    "share": "mean part of the booked farm that a production had while it had work waiting",
    "share_of_due": "the same, over what was due to it",
    "most_cores": "cores that a production booked at the most",
    "most_held": "slots of a limit that were taken at the most (`of` names the limit)",
}


@dataclass(slots=True)
class Samples:
    """The farm at regular instants, a column each. Parts are of what is configured."""

    at: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    online: list[float] = field(default_factory=list)
    busy_memory: list[float] = field(default_factory=list)
    stranded_cores: list[float] = field(default_factory=list)
    stranded_memory: list[float] = field(default_factory=list)
    open_room: list[float] = field(default_factory=list)  #: free cores that a waiting task fits in
    waiting: list[int] = field(default_factory=list)
    unfair: list[float] = field(default_factory=list)
    has: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    due: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wants: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))


@dataclass(slots=True)
class Measures:
    """Counters and integrals. `advance` comes before every change."""

    busy_cores: float = 0.0
    busy_memory: int = 0
    waiting: int = 0  #: ready tasks
    online_cores: float = 0.0
    watts: float = 0.0  #: that all nodes draw
    asleep_nodes: int = 0
    at: float = 0.0
    joules: float = 0.0
    asleep_node_seconds: float = 0.0
    wakes: int = 0
    busy_core_seconds: float = 0.0
    online_core_seconds: float = 0.0
    busy_while_waiting: float = 0.0
    online_while_waiting: float = 0.0
    lost_core_seconds: float = 0.0  #: failed and lost attempts
    scene_core_seconds: float = 0.0  #: spent on opening scenes
    granted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    recalled: int = 0
    reservations: int = 0
    cold: int = 0
    succeeded: int = 0
    failed_attempts: int = 0
    failed: int = 0
    lost: int = 0
    deaths: int = 0
    last_end: float = 0.0
    waits: "dict[str, array[float]]" = field(default_factory=lambda: defaultdict(_floats))
    job_waits: "dict[str, array[float]]" = field(default_factory=lambda: defaultdict(_floats))
    core_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    most_cores: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    most_held: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    never_started: int = 0
    pass_seconds: "array[float]" = field(default_factory=lambda: array("d"))  #: wall time of each
    samples: Samples = field(default_factory=Samples)

    def advance(self, now: float) -> None:
        """Add up what was booked since the last change."""
        elapsed = now - self.at
        if elapsed > 0:
            self.at = now
            busy, online = self.busy_cores * elapsed, self.online_cores * elapsed
            self.busy_core_seconds += busy
            self.online_core_seconds += online
            self.joules += self.watts * elapsed
            self.asleep_node_seconds += self.asleep_nodes * elapsed
            if self.waiting:
                self.busy_while_waiting += busy
                self.online_while_waiting += online


def _floats() -> "array[float]":
    return array("f")

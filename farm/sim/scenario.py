"""What is simulated: nodes, productions and their waves of work, what happens, what must hold."""

from dataclasses import dataclass, field

from farm.policy.sleep import SleepRules

HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKind:
    """So many nodes that are alike."""

    kind: str
    count: int
    cores: float
    memory_bytes: int
    gpus: int = 0
    gpu_memory_bytes: int = 0
    pool: str = ""
    tags: frozenset[str] = frozenset()
    fails: float = 0.0  #: part of the attempts on such a node that fail, 0 to 1
    dies_every_seconds: float = 0.0  #: mean time between two deaths of one node; 0: never
    back_after_seconds: float = 1200.0
    idle_watts: float = 0.0  #: that one draws awake and without work; 0: untold
    full_watts: float = 0.0  #: with all cores booked
    asleep_watts: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameClass:
    """A kind of frame in the mix: what it books, and how long it takes."""

    name: str
    share: float  #: of the frames; the mix need not add up to anything
    cores: float
    memory_bytes: int  #: mean over shots
    minutes: float  #: mean over shots and frames
    spread: float = 0.5  #: between shots: sigma of the lognormal
    frame_spread: float = 0.2  #: between the frames of a shot
    memory_spread: float = 0.3
    most_memory_bytes: int = 0  #: no shot asks for more; 0 is no bound
    scene_seconds: float = 20.0  #: to open the scene, where no renderer has it open
    gpus: int = 0
    tags: frozenset[str] = frozenset()
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """When work comes: a factor for each hour of the day and each day of the week."""

    hours: tuple[float, ...] = (1.0,) * 24
    weekdays: tuple[float, ...] = (1.0,) * 7  #: Monday first

    def at(self, seconds: float) -> float:
        """The factor at `seconds` after Monday 00:00, its mean over a week being 1."""
        mean = sum(self.hours) / 24 * sum(self.weekdays) / 7
        hour = self.hours[int(seconds // HOUR) % 24]
        return hour * self.weekdays[int(seconds // DAY) % 7] / mean


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionSpec:
    """What a production is due, and the work it brings."""

    name: str
    weight: float = 1.0
    guarantee_cores: float = 0.0
    ceiling_cores: float | None = None
    demand: float = 0.0  #: its part of the workload, beside the others'; 0: only `[[jobs]]`
    wave: str = ""
    priorities: tuple[tuple[int, float], ...] = ((50, 1.0),)  #: priority, and how often
    frames: tuple[int, int] = (24, 240)  #: a job has between so many and so many
    mix: tuple[str, ...] = ()  #: names of its frame classes; () is all
    shots: int = 40  #: scenes that its jobs render, over and over
    pool: str = ""  #: where its work and its share are


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsAt:
    """Jobs that come at stated times."""

    production: str
    at_seconds: float
    frames: int
    cores: float
    memory_bytes: int
    seconds: float  #: a frame takes
    spread: float = 0.0  #: between frames
    priority: int = 50
    times: int = 1
    every_seconds: float = 0.0  #: between two of them
    name: str = ""
    scene_seconds: float = 0.0
    gpus: int = 0
    pool: str = ""
    tags: frozenset[str] = frozenset()
    limits: tuple[str, ...] = ()
    whole_node: bool = False
    interruptible: bool = False
    most_tasks: int = 0
    least_tasks: int = 0
    deadline_seconds: float = 0.0  #: after it came; 0: none
    fails: float = 0.0  #: part of its attempts that fail: 1.0 is a bad shot


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that befalls the farm."""

    what: str  #: "death", "drain" (takes no more work), "away" (no scheduler), "limit"
    at_seconds: float
    for_seconds: float = 1200.0  #: until the nodes, or the scheduler, are back
    count: int = 1
    kind: str = ""  #: of these nodes; "" is any
    limit: str = ""
    most: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What must hold at the end for the scenario to pass."""

    measure: str
    of: str = ""  #: a production; "" is the whole farm
    least: float | None = None
    most: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All of it. Times are seconds since the beginning, which is at `start_seconds` of a week."""

    name: str
    about: str = ""
    seed: int = 1
    seconds: float = DAY
    start_seconds: float = 0.0  #: after Monday 00:00
    pass_seconds: float = 1.0  #: between two passes at least
    recall_seconds: float = 15.0  #: between two looks at all leases at least
    sample_seconds: float = 300.0
    silent_seconds: float = 8.0  #: a dead node is noticed after so long
    start_lag_seconds: float = 0.2  #: from grant to first frame
    warm_scenes: int = 4  #: renderers that a node keeps open without work
    core_hours_per_day: float = 0.0  #: that the waves of all productions bring together
    retries: int = 2
    nodes: tuple[NodeKind, ...] = ()
    mix: tuple[FrameClass, ...] = ()
    waves: dict[str, Wave] = field(default_factory=dict)
    productions: tuple[ProductionSpec, ...] = ()
    limits: dict[str, float] = field(default_factory=dict)
    jobs: tuple[JobsAt, ...] = ()
    events: tuple[Happening, ...] = ()
    bounds: tuple[Bound, ...] = ()
    sleep: SleepRules | None = None  #: how idle nodes sleep; None: they do not

    @property
    def count(self) -> int:
        """Of nodes."""
        return sum(one.count for one in self.nodes)

    @property
    def cores(self) -> float:
        """Configured, on all nodes."""
        return sum(one.count * one.cores for one in self.nodes)

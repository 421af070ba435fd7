"""What is told of a node: by the farm's exporter, and by the node itself."""

from farm.sim.pieces import PlayedNode
from tools.week.families import Family, series
from tools.week.watched import WatchedEngine

WATTS_IDLE, WATTS_FULL = 150.0, 700.0  #: of a node; what it draws is taken as linear in between
USED = 0.93  #: of the cores that a lease books, its renderer uses so many
DISK_BYTES, CACHE_BYTES = 2e12, 4e11
FRAME_BYTES = 40e6  #: written for a core-hour, and sent

Told = list[tuple[str, dict[str, str]]]


def node(engine: WatchedEngine, node: PlayedNode, begins_at: int) -> Family:
    """Cores, busy cores, last heartbeat and energy of one node, as the farm knows them."""
    books = engine.books.cores[node.kind.pool].nodes[node.name]
    label = {"node": node.name}
    beat = {"at": 0.0}
    counts = ("cores", "busy_cores", "busy_core_seconds_total", "last_heartbeat_timestamp_seconds")
    names = (
        series("farm_node_info", {**label, "pool": node.kind.pool, "version": "week"}),
        *(series(f"farm_node_{what}", label) for what in (*counts, "energy_joules_total")),
    )

    def values() -> tuple[float, ...]:
        now = engine.world.now
        books.advance(now)
        if not node.dead:
            beat["at"] = now
        heard = begins_at + beat["at"]
        return 1, books.total, books.busy, books.busy_seconds, heard, _joules(engine, node)

    return Family(names, values)


def _joules(engine: WatchedEngine, node: PlayedNode) -> float:
    books = engine.books.cores[node.kind.pool].nodes[node.name]
    spread = (WATTS_FULL - WATTS_IDLE) / books.total
    return WATTS_IDLE * engine.world.now + spread * books.busy_seconds


_HOST: Told = [
    *(("farm_host_cpu_seconds_total", {"mode": mode}) for mode in ("user", "system", "idle")),
    *(("farm_host_memory_bytes", {"kind": kind}) for kind in ("total", "available")),
    ("farm_host_disk_free_bytes", {"path": "/var/lib/karst"}),
    *(("farm_host_disk_bytes_total", {"direction": one}) for one in ("read", "write")),
    *(("farm_host_network_bytes_total", {"direction": one}) for one in ("receive", "send")),
    ("farm_host_power_watts", {"source": "model"}),
    ("farm_host_energy_joules_total", {"source": "model"}),
    ("farm_host_booked_cores", {}),
    ("farm_host_booked_memory_bytes", {}),
    ("farm_host_used_cores", {}),
    *(("farm_renderers", {"state": state}) for state in ("warm", "cold", "busy")),
    ("farm_renderer_starts_total", {}),
    *(("farm_scene_opens_total", {"kind": kind}) for kind in ("warm", "cold")),
    *(("farm_cache_files_total", {"result": result}) for result in ("hit", "miss")),
    ("farm_cache_bytes", {}),
]
_GPU: Told = [
    ("farm_host_gpu_ratio", {}),
    *(("farm_host_gpu_memory_bytes", {"kind": kind}) for kind in ("total", "used")),
]


def host(engine: WatchedEngine, node: PlayedNode) -> Family:
    """What the node says of itself; nothing while it is dead."""
    target = {"job": "node", "instance": f"{node.name}:9751"}
    label = {"node": node.name, "pool": node.kind.pool}
    gpus = range(node.total.gpus)
    names = [series("up", label, target)]
    names += [series(name, {**label, **own}, target) for name, own in _HOST]
    names += [
        series(name, {**label, "gpu": str(gpu), **own}, target)
        for gpu in gpus
        for name, own in _GPU
    ]

    def values() -> list[float | None]:
        if node.dead:
            return [0.0, *[None] * (len(names) - 1)]
        told = [1.0, *_machine(engine, node), *_work(engine, node)]
        busy = node.total.gpus - node.free.gpus
        for gpu in gpus:
            told += [0.9 * (gpu < busy), node.kind.gpu_memory_bytes, 24e9 * (gpu < busy)]
        return [*told]

    return Family(tuple(names), values)


def _machine(engine: WatchedEngine, node: PlayedNode) -> list[float]:
    books, now = engine.books.cores[node.kind.pool].nodes[node.name], engine.world.now
    books.advance(now)
    total, work = node.total, books.busy_seconds
    memory = (total.memory_bytes - node.free.memory_bytes) * 0.8
    cache = min(CACHE_BYTES, work * 1e6)
    joules = _joules(engine, node)
    watts = WATTS_IDLE + (WATTS_FULL - WATTS_IDLE) * books.busy / books.total
    written = work / 3600 * FRAME_BYTES
    return [
        *(work * USED, work * 0.02, total.cores * now - work * (USED + 0.02)),
        *(total.memory_bytes, total.memory_bytes - memory),
        DISK_BYTES - cache,
        *(written * 0.5, written),
        *(written * 2, written),
        watts,
        joules,
        books.booked,
        total.memory_bytes - node.free.memory_bytes,
        books.busy * USED,
    ]


def _work(engine: WatchedEngine, node: PlayedNode) -> list[float]:
    opened = engine.books.opened[node.name]
    warm = sum(node.warm.values())
    work = engine.books.cores[node.kind.pool].nodes[node.name].busy_seconds
    return [
        *(warm, 0, len(node.leases)),
        opened["cold"],
        *(opened["warm"], opened["cold"]),
        *(opened["warm"] * 30, opened["cold"] * 30),
        min(CACHE_BYTES, work * 1e6),
    ]

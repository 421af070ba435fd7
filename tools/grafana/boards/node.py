"""Nodes: which work little and why, and what one of them, or all that are chosen, does."""

from tools.grafana.boards.choices import NODE as CHOICE
from tools.grafana.palette import BLUE, DIM, GREEN, GREY, ORANGE, PURPLE, RED, SKY, YELLOW
from tools.grafana.parts import (
    AGAINST_TARGET,
    TARGET,
    Ask,
    Board,
    Column,
    Kind,
    Panel,
    Row,
    low_is_well,
)
from tools.grafana.words import NODE, age, each, rate, ratio

_HIT = f'{NODE},result="hit"'
_DAY = ratio(
    f"sum by (node) (avg_over_time(node:farm_node_busy_core_seconds:rate5m{{{NODE}}}[1d]))",
    f"sum by (node) (farm_node_cores{{{NODE}}})",
)
LIST = Panel(
    title="Nodes, those that work least first",
    text="One line for each chosen node. Heard of: seconds since its last heartbeat, usually below "
    "2. A node that is heard of and works little is drained, in quarantine, too small for what "
    "waits, or in the wrong pool: `farm nodes show NODE` says which.",
    kind=Kind.TABLE,
    unit="short",
    asks=(
        Ask(expr=_DAY, name="day"),
        Ask(expr=f"sum by (node, pool, version) (farm_node_info{{{NODE}}})", name="known"),
        Ask(expr=f"sum by (node) (farm_node_cores{{{NODE}}})", name="cores"),
        Ask(expr=f"sum by (node) (farm_node_busy_cores{{{NODE}}})", name="busy"),
        Ask(
            expr=f"max by (node) ({age('farm_node_last_heartbeat_timestamp_seconds', NODE)})",
            name="silent",
        ),
        Ask(
            expr=f"sum by (node) ({rate('farm_node_energy_joules_total', NODE, '5m')})",
            name="power",
        ),
    ),
    by="node",
    columns=(
        Column(name="node", title="Node", board="karst-node", variable="node"),
        Column(name="pool", title="Pool"),
        Column(name="version", title="Version"),
        Column(name="cores", title="Cores"),
        Column(name="busy", title="Busy cores"),
        Column(name="day", title="Busy, 24 h", unit="percentunit", steps=AGAINST_TARGET),
        Column(name="silent", title="Heard of", unit="s", steps=low_is_well(8, 600)),
        Column(name="power", title="Power", unit="watt"),
    ),
    sorted_by="Busy, 24 h",
    ascending=True,
)
BUSY = Panel(
    title="Cores booked, of those offered",
    text="Part of the chosen nodes' cores that leases booked. Nodes that are offline count.",
    kind=Kind.LINES,
    unit="percentunit",
    asks=(
        Ask(
            expr=ratio(
                f"sum({rate('farm_node_busy_core_seconds_total', NODE)})",
                f"sum(farm_node_cores{{{NODE}}})",
            ),
            legend="booked",
        ),
    ),
    colors={"booked": BLUE},
    aim=TARGET,
    least=0,
    most=1,
    interval="5m",
)
USED = Panel(
    title="Cores: offered, booked, used",
    text="Booked is what leases ask for, used is what renderers take. Used far below booked: tasks "
    "ask for more cores than they use, so fewer run side by side than could. Used above booked: "
    "they disturb each other.",
    kind=Kind.LINES,
    unit="short",
    asks=(
        Ask(expr=f"sum(farm_node_cores{{{NODE}}})", legend="offered"),
        Ask(expr=f"sum(farm_host_booked_cores{{{NODE}}})", legend="booked"),
        Ask(expr=f"sum(farm_host_used_cores{{{NODE}}})", legend="used"),
    ),
    colors={"offered": GREY, "booked": BLUE, "used": GREEN},
    least=0,
    interval="1m",
    told=("mean",),
)


def _cpu(mode: str) -> str:
    chosen = f'{NODE},mode="{mode}"'
    return f"sum({rate('farm_host_cpu_seconds_total', chosen)})"


def _renderers(state: str) -> str:
    return f'sum(farm_renderers{{{NODE},state="{state}"}})'


CPU = Panel(
    title="CPU time, by what for",
    text="Cores' worth of CPU time. iowait: the CPU waits for disk or network storage; scenes and "
    "textures come too slowly. Much that is system or other is not rendering.",
    kind=Kind.LINES,
    unit="short",
    asks=each(("user", "system", "iowait", "other", "idle"), _cpu),
    colors={"user": BLUE, "system": ORANGE, "iowait": RED, "idle": DIM, "other": PURPLE},
    least=0,
    stacked=True,
    interval="5m",
    told=("mean",),
)
MEMORY = Panel(
    title="Memory: there, booked, taken",
    text="Taken above booked: some task needs more than it asked for, and will be ended before the "
    "node is. Booked far above taken: memory strands cores; ask for less.",
    kind=Kind.LINES,
    unit="bytes",
    asks=(
        Ask(expr=f'sum(farm_host_memory_bytes{{{NODE},kind="total"}})', legend="there"),
        Ask(expr=f"sum(farm_host_booked_memory_bytes{{{NODE}}})", legend="booked"),
        Ask(
            expr=f'sum(farm_host_memory_bytes{{{NODE},kind="total"}})'
            f' - sum(farm_host_memory_bytes{{{NODE},kind="available"}})',
            legend="taken",
        ),
    ),
    colors={"there": GREY, "booked": BLUE, "taken": GREEN},
    least=0,
    interval="1m",
    told=("mean",),
)
GPU = Panel(
    title="GPUs: computing, and memory taken",
    text="Part of the time that the GPUs compute, and part of their memory that is taken. Booked "
    "but not computing: the renderer waits for its scene, or renders on the CPU.",
    kind=Kind.LINES,
    unit="percentunit",
    asks=(
        Ask(expr=f"avg(farm_host_gpu_ratio{{{NODE}}})", legend="computing"),
        Ask(
            expr=ratio(
                f'sum(farm_host_gpu_memory_bytes{{{NODE},kind="used"}})',
                f'sum(farm_host_gpu_memory_bytes{{{NODE},kind="total"}})',
            ),
            legend="memory",
        ),
    ),
    colors={"computing": GREEN, "memory": SKY},
    least=0,
    most=1,
    interval="1m",
    nothing="no GPUs",
)
DISK = Panel(
    title="Least room on a disk",
    text="Room left on the fullest of the nodes' disks. Near 0 a node takes no work; clear its "
    "cache, or give the cache less.",
    kind=Kind.LINES,
    unit="bytes",
    asks=(Ask(expr=f"min by (path) (farm_host_disk_free_bytes{{{NODE}}})", legend="{{path}}"),),
    least=0,
    interval="1m",
)
TRAFFIC = Panel(
    title="Disk and network",
    text="Bytes per second. A network that is full while CPUs wait (iowait): fewer nodes at once, "
    "or a larger cache.",
    kind=Kind.LINES,
    unit="Bps",
    asks=(
        Ask(
            expr=f"sum by (direction) ({rate('farm_host_network_bytes_total', NODE)})",
            legend="network, {{direction}}",
        ),
        Ask(
            expr=f"sum by (direction) ({rate('farm_host_disk_bytes_total', NODE)})",
            legend="disk, {{direction}}",
        ),
    ),
    colors={
        "network, receive": BLUE,
        "network, send": SKY,
        "disk, read": ORANGE,
        "disk, write": YELLOW,
    },
    least=0,
    interval="5m",
)
RENDERERS = Panel(
    title="Renderers",
    text="Busy ones render. Warm ones have a scene open and wait for its next task; cold ones have "
    "none yet.",
    kind=Kind.LINES,
    unit="short",
    asks=each(("busy", "warm", "cold"), _renderers),
    colors={"busy": BLUE, "warm": ORANGE, "cold": DIM},
    least=0,
    stacked=True,
    interval="1m",
)
SCENES = Panel(
    title="Scenes opened and renderers started, per hour",
    text="Warm: the scene was open already. Many cold opens and starts for few frames: jobs are so "
    "short that opening is most of them; send more frames per job.",
    kind=Kind.LINES,
    unit="short",
    asks=(
        Ask(
            expr=f"sum by (kind) ({rate('farm_scene_opens_total', NODE)}) * 3600",
            legend="scene, {{kind}}",
        ),
        Ask(
            expr=f"sum({rate('farm_renderer_starts_total', NODE)}) * 3600",
            legend="renderer started",
        ),
    ),
    colors={"scene, warm": GREEN, "scene, cold": ORANGE, "renderer started": PURPLE},
    least=0,
    interval="5m",
)
CACHE = Panel(
    title="Files found in the cache",
    text="Part of the files that were there already. Low for long: the cache is too small for what "
    "is rendered, or each job brings new files.",
    kind=Kind.LINES,
    unit="percentunit",
    asks=(
        Ask(
            expr=ratio(
                f"sum({rate('farm_cache_files_total', _HIT)})",
                f"sum({rate('farm_cache_files_total', NODE)})",
            ),
            legend="found",
        ),
    ),
    colors={"found": GREEN},
    least=0,
    most=1,
    interval="5m",
    nothing="no files asked for",
)
ENERGY = Panel(
    title="Power",
    text="Power of the chosen nodes as each source tells it: measured by the CPU or the GPU, or "
    "reckoned from what the node was said to draw.",
    kind=Kind.LINES,
    unit="watt",
    asks=(Ask(expr=f"sum by (source) (farm_host_power_watts{{{NODE}}})", legend="{{source}}"),),
    least=0,
    stacked=True,
    interval="1m",
    nothing="not measured",
)
BOARD = Board(
    uid="karst-node",
    title="Karst: nodes",
    text="Which nodes work little and why, and what those that are chosen do.",
    variables=(CHOICE,),
    since="now-6h",
    rows=(
        Row(9, ((24, LIST),)),
        Row(8, ((12, BUSY), (12, USED)), "Work"),
        Row(8, ((8, RENDERERS), (8, SCENES), (8, CACHE))),
        Row(8, ((12, CPU), (12, MEMORY)), "Machine"),
        Row(8, ((6, GPU), (6, DISK), (6, TRAFFIC), (6, ENERGY))),
    ),
)

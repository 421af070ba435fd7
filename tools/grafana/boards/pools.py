"""Pools: which one is below the aim, where its time goes, and what waits for it."""

from tools.grafana.boards.choices import POOL as CHOICE
from tools.grafana.palette import BLUE, DIM, ENDINGS, REASONS, STATES
from tools.grafana.parts import (
    AGAINST_TARGET,
    TARGET,
    Ask,
    Board,
    Column,
    Kind,
    Panel,
    Row,
    high_is_well,
    low_is_well,
)
from tools.grafana.words import POOL, each, part_by_pool, rate, ratio, since, states_of_time

_RECORDED = "pool_state:farm_core_seconds:rate1h"
_UNDER_DEMAND = ratio(
    f'sum by (pool) ({_RECORDED}{{{POOL},state="busy"}})',
    f'sum by (pool) ({_RECORDED}{{{POOL},state=~"busy|starved"}})',
)
_FOR_WORK, _FOR_NOTHING = (f'{POOL},use="{use}"' for use in ("busy", "idle"))
_READY = f'{POOL},state="ready"'
_GPU_BUSY = f'{POOL},state="busy"'
_GPUS = ratio(
    f"sum by (pool) ({rate('farm_gpu_seconds_total', _GPU_BUSY, '1h')})",
    f"sum by (pool) ({rate('farm_gpu_seconds_total', POOL, '1h')})",
)
_LOSS = low_is_well(0.1, 0.2)
TABLE = Panel(
    title="Pools, by utilization of 24 hours",
    text="One line for each pool. Of a pool below 80 % read which loss is largest: starved is the "
    "scheduler's, idle is lack of work for that pool, draining and offline are nodes to bring "
    "back. Stranded is the part of idle cores beside which memory was full: give tasks of that "
    "pool a tighter memory, or nodes more of it.",
    kind=Kind.TABLE,
    unit="percentunit",
    asks=(
        Ask(expr=f"sum by (pool) (farm_cores{{{POOL}}})", name="cores"),
        Ask(expr=part_by_pool("busy", "1d"), name="day"),
        Ask(expr=part_by_pool("busy", "1h"), name="hour"),
        Ask(expr=_UNDER_DEMAND, name="demand"),
        Ask(expr=part_by_pool("starved", "1d"), name="starved"),
        Ask(expr=part_by_pool("idle", "1d"), name="idle"),
        Ask(expr=part_by_pool("draining", "1d"), name="draining"),
        Ask(expr=part_by_pool("offline", "1d"), name="offline"),
        Ask(
            expr=ratio(
                f"sum by (pool) ({rate('farm_stranded_core_seconds_total', POOL, '1d')})",
                f"sum by (pool) (pool_state:farm_core_seconds:rate1d{{{POOL}}})",
            ),
            name="stranded",
        ),
        Ask(expr=_GPUS, name="gpus"),
        Ask(expr=f"sum by (pool) (farm_tasks{{{_READY}}})", name="ready"),
    ),
    by="pool",
    columns=(
        Column(name="pool", title="Pool"),
        Column(name="cores", title="Cores", unit="short"),
        Column(name="day", title="Busy, 24 h", steps=AGAINST_TARGET),
        Column(name="hour", title="Busy, 1 h", steps=AGAINST_TARGET),
        Column(name="demand", title="While work waits, 1 h", steps=high_is_well(0.8, 0.95)),
        Column(name="starved", title="Starved", steps=low_is_well(0.02, 0.1)),
        Column(name="idle", title="Idle", steps=_LOSS),
        Column(name="draining", title="Draining", steps=_LOSS),
        Column(name="offline", title="Offline", steps=_LOSS),
        Column(name="stranded", title="Stranded", steps=_LOSS),
        Column(name="gpus", title="GPUs busy, 1 h", steps=AGAINST_TARGET),
        Column(name="ready", title="Tasks ready", unit="short"),
    ),
    sorted_by="Busy, 24 h",
    ascending=True,
)
BUSY = Panel(
    title="Utilization, by pool",
    text="Busy over all core-seconds of each pool, an hour each. Pools that run side by side below "
    "the dashed line lack work; one alone lacks nodes that take it, or has the wrong filter.",
    kind=Kind.LINES,
    unit="percentunit",
    asks=(Ask(expr=part_by_pool("busy", "1h"), legend="{{pool}}"),),
    aim=TARGET,
    least=0,
    most=1,
    interval="5m",
    told=("mean", "min"),
)
CORES = Panel(
    title="Where the chosen pools' cores went",
    text="Cores by state, one on the other: the top is what is configured. The larger an area over "
    "the blue one, the more there is to win from that cause.",
    kind=Kind.LINES,
    unit="short",
    asks=states_of_time(selector=POOL, parts=False),
    colors=STATES,
    least=0,
    stacked=True,
    interval="5m",
    told=("mean", "lastNotNull"),
)
GPUS = Panel(
    title="Where the chosen pools' GPUs went",
    text="The same for GPUs. A GPU is busy while a lease books it. Starved GPUs beside idle ones: "
    "the cores or the memory of their nodes are taken by plain work.",
    kind=Kind.LINES,
    unit="short",
    asks=states_of_time("farm_gpu_seconds_total", POOL, parts=False),
    colors=STATES,
    least=0,
    stacked=True,
    interval="5m",
    told=("mean", "lastNotNull"),
    nothing="no GPUs",
)
WAITING = Panel(
    title="What waits for these pools, and why",
    text="Tasks that found no slot, by why. capacity and behind are a full farm. no fit and no "
    "node need a node, or a job that asks for less. limit, share and the caps are bounds that "
    "somebody set.",
    kind=Kind.LINES,
    unit="short",
    asks=(Ask(expr=f"sum by (reason) (farm_waiting_tasks{{{POOL}}})", legend="{{reason}}"),),
    colors=REASONS,
    least=0,
    stacked=True,
    interval="1m",
    nothing="nothing waits",
)
WAIT = Panel(
    title="Longest wait, by pool",
    text="How long the layer has gone without a slot that has waited longest. A line that rises as "
    "fast as the clock: nothing of it is taken; ask `farm why` for its job.",
    kind=Kind.LINES,
    unit="s",
    asks=(
        Ask(
            expr=f"max by (pool) ({since('farm_oldest_ready_task_timestamp_seconds', POOL)})",
            legend="{{pool}}",
        ),
    ),
    least=0,
    interval="1m",
    nothing="nothing waits",
)
STRANDED = Panel(
    title="Stranded cores",
    text="Idle cores beside which memory was full while tasks waited that these cores would hold. "
    "They stay idle until tasks need less memory or nodes have more.",
    kind=Kind.LINES,
    unit="short",
    asks=(
        Ask(
            expr=f"sum by (pool) ({rate('farm_stranded_core_seconds_total', POOL)})",
            legend="{{pool}}",
        ),
    ),
    least=0,
    interval="5m",
    told=("mean",),
)


def _attempts(outcome: str) -> str:
    chosen = f'{POOL},outcome="{outcome}"'
    return f"sum({rate('farm_attempts_total', chosen)}) * 3600"


ATTEMPTS = Panel(
    title="Attempts per hour, by outcome",
    text="How attempts ended. Green is output, all others are waste. Red: scenes or memory; grey: "
    "nodes that died or were taken back; blue: jobs that people stopped.",
    kind=Kind.LINES,
    unit="short",
    asks=each((one for one in ENDINGS if one != "overhead"), _attempts),
    colors=ENDINGS,
    least=0,
    stacked=True,
    interval="5m",
    told=("mean",),
)
POWER = Panel(
    title="Power, for work and for nothing",
    text="Power of the pools' nodes: for leases, and for none. Much for none over hours: let idle "
    "nodes sleep.",
    kind=Kind.LINES,
    unit="watt",
    asks=(
        Ask(
            expr=f"sum({rate('farm_energy_joules_total', _FOR_WORK)})",
            legend="for work",
        ),
        Ask(
            expr=f"sum({rate('farm_energy_joules_total', _FOR_NOTHING)})",
            legend="for nothing",
        ),
    ),
    colors={"for work": BLUE, "for nothing": DIM},
    least=0,
    stacked=True,
    interval="5m",
    told=("mean",),
    nothing="not measured",
)
READY = Panel(
    title="Tasks ready, by pool",
    text="Tasks that may be taken. A pool with ready tasks and idle cores has a reason: see what "
    "waits, and why. One without ready tasks wants work.",
    kind=Kind.LINES,
    unit="short",
    asks=(Ask(expr=f"sum by (pool) (farm_tasks{{{_READY}}})", legend="{{pool}}"),),
    least=0,
    stacked=True,
    interval="1m",
)
BOARD = Board(
    uid="karst-pools",
    title="Karst: pools",
    text="Which pool is below the aim, where its time goes, and what waits for it.",
    variables=(CHOICE,),
    rows=(
        Row(8, ((24, TABLE),)),
        Row(9, ((12, BUSY), (12, CORES)), "Utilization"),
        Row(9, ((12, GPUS), (12, STRANDED))),
        Row(9, ((8, WAITING), (8, WAIT), (8, READY)), "Work"),
        Row(9, ((12, ATTEMPTS), (12, POWER)), "Output and energy"),
    ),
)

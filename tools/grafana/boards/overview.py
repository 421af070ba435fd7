"""The centre on one screen: does the farm do 80 percent, where is the rest, and who can mend it?"""

from farm.model.metrics import SERVER_STATES
from tools.grafana.palette import ACT, BLUE, LOOK, ORANGE, REASONS, RED, STATES, WELL
from tools.grafana.parts import (
    AGAINST_TARGET,
    PLAINLY,
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
from tools.grafana.words import SILENT_NODES, each, or_zero, ratio, since, states_of_time

DAY = Panel(
    title="Utilization, 24 hours",
    text="Part of all core-seconds of the last 24 hours that did work. All of them count: what is "
    "down, drained or without work is not left out. The aim is 80 %. Below it, see under it which "
    "state took the time: starved is the farm's own fault, idle is lack of work, offline and "
    "draining are nodes to bring back.",
    kind=Kind.STAT,
    unit="percentunit",
    decimals=1,
    asks=(Ask(expr="farm:core_utilization:ratio_rate1d"),),
    steps=AGAINST_TARGET,
    nothing="not known",
)
HOUR = Panel(
    title="Last hour",
    text="The same for the last hour: whether the farm is on its way up or down. A low hour "
    "without work is no fault; one while tasks wait is.",
    kind=Kind.STAT,
    unit="percentunit",
    decimals=1,
    asks=(Ask(expr="farm:core_utilization:ratio_rate1h"),),
    steps=AGAINST_TARGET,
    nothing="not known",
)
UNDER_DEMAND = Panel(
    title="While work waits, 1 hour",
    text="Busy core-seconds over those that were busy or could have been: the scheduler's own "
    "score. Below 95 % it does not fill the farm; look at Scheduler and queue. It says nothing "
    "where no core was wanted.",
    kind=Kind.STAT,
    unit="percentunit",
    decimals=1,
    asks=(Ask(expr="farm:core_utilization_under_demand:ratio_rate1h"),),
    steps=high_is_well(0.8, 0.95),
    nothing="no demand",
)
WASTE = Panel(
    title="Waste, 24 hours",
    text="Part of the core-seconds of ended attempts that brought no image: failed, timed out, out "
    "of memory, lost, cancelled. Above 10 % find the production on Productions, then its jobs that "
    "fail again and again, and pause them.",
    kind=Kind.STAT,
    unit="percentunit",
    decimals=1,
    asks=(Ask(expr="farm:core_waste:ratio_rate1d"),),
    steps=low_is_well(0.05, 0.1),
    nothing="none ended",
)
NODES = Panel(
    title="Nodes",
    text="Servers that are not heard of, and servers that finish what they have and take no more "
    "(one that still renders counts by its free cores). Bring back those offline, lower right; of "
    "those draining ask who drained them: `farm nodes ls`.",
    kind=Kind.STAT,
    unit="short",
    decimals=0,
    asks=(
        Ask(expr='sum(farm_nodes{state="offline"})', legend="offline"),
        Ask(expr='sum(farm_nodes{state="draining"})', legend="draining"),
    ),
    steps=low_is_well(1, 10),
    nothing="not known",
)
LONGEST_WAIT = Panel(
    title="Longest wait",
    text="How long the layer has gone without a slot that has waited longest of those with tasks "
    "ready. Long is right where others are due first; `farm why JOB` says which.",
    kind=Kind.STAT,
    unit="s",
    decimals=1,
    asks=(Ask(expr=or_zero(f"max({since('farm_oldest_ready_task_timestamp_seconds')})")),),
    steps=low_is_well(3600, 6 * 3600),
    nothing="not known",
)
ALARMS = Panel(
    title="Alarms",
    text="Alarms of the farm that sound now. Each tells what to do; the lines in the charts are "
    "when they sounded.",
    kind=Kind.STAT,
    unit="short",
    decimals=0,
    asks=(Ask(expr='count(ALERTS{alertname=~"Farm.*",alertstate="firing"}) or vector(0)'),),
    steps=((None, WELL), (1, ACT)),
)
WHERE_IT_WENT = Panel(
    title="Where every core-second went",
    text="All configured cores, every second in exactly one state. Blue should reach the dashed "
    "line. Red: cores that were free while a task that could run there waited; look at the "
    "scheduler. Grey: nothing to do. Yellow: taken out by people or quarantine. Purple: not heard "
    "of.",
    kind=Kind.LINES,
    unit="percentunit",
    asks=states_of_time(parts=True),
    colors=STATES,
    aim=TARGET,
    least=0,
    most=1,
    stacked=True,
    interval="5m",
)
SPLIT = Panel(
    title="The same, 24 hours in all",
    text="Parts of all core-seconds of the last 24 hours. The largest beside busy is what to work "
    "on first. starved: the scheduler, or its bounds. idle: more work, or fewer nodes awake. "
    "draining and offline: nodes.",
    kind=Kind.BARS,
    unit="percentunit",
    decimals=1,
    asks=each(
        SERVER_STATES,
        lambda state: ratio(
            f'sum(pool_state:farm_core_seconds:rate1d{{state="{state}"}})',
            "sum(pool_state:farm_core_seconds:rate1d)",
        ),
    ),
    colors=STATES,
    steps=PLAINLY,
    least=0,
    most=1,
    nothing="not known",
)
POOLS = Panel(
    title="Least used pools, 24 hours",
    text="The ten pools with the least utilization of the last 24 hours. Click one to see where "
    "its time went. A pool that is always idle has too many nodes, or too little work.",
    kind=Kind.BARS,
    unit="percentunit",
    decimals=0,
    asks=(
        Ask(
            expr="sort(bottomk(10, pool:core_utilization:ratio_rate1d >= 0))",
            legend="{{pool}}",
        ),
    ),
    steps=AGAINST_TARGET,
    least=0,
    most=1,
    nothing="not known",
    board="karst-pools",
    variable="pool",
)
TREND = Panel(
    title="While work waits, and waste",
    text="Upper line: busy over busy and starved, of 5 minutes each; it should stay near 100 %. "
    "Lower line: waste of the 6 hours before; it should stay near 0.",
    kind=Kind.LINES,
    unit="percentunit",
    asks=(
        Ask(expr="farm:core_utilization_under_demand:ratio_rate5m", legend="while work waits"),
        Ask(expr="farm:core_waste:ratio_rate6h", legend="waste, 6 hours"),
    ),
    colors={"while work waits": BLUE, "waste, 6 hours": ORANGE},
    least=0,
    most=1,
    interval="5m",
)
WHY = Panel(
    title="What waits, and why",
    text="Tasks that the last plan found no slot for. capacity, behind: the farm is full, all is "
    "well. limit, share, job cap, group cap: somebody set a bound; is it still wanted? no fit, no "
    "node: it waits for ever unless a node comes that holds it.",
    kind=Kind.BARS,
    unit="short",
    decimals=0,
    asks=(
        Ask(
            expr="sort_desc(sum by (reason) (farm_waiting_tasks) > 0)",
            legend="{{reason}}",
        ),
    ),
    colors=REASONS,
    steps=((None, BLUE),),
    least=0,
    nothing="nothing waits",
    board="karst-scheduler",
)
TASKS = Panel(
    title="Tasks running and ready",
    text="Running tasks, and those that may be taken and wait. Ready near 0 while cores are idle: "
    "the farm wants work. Ready high while cores are free: look at why they wait.",
    kind=Kind.LINES,
    unit="short",
    asks=(
        Ask(expr='sum(farm_tasks{state="running"})', legend="running"),
        Ask(expr='sum(farm_tasks{state="ready"})', legend="ready"),
    ),
    colors={"running": BLUE, "ready": ORANGE},
    least=0,
    interval="1m",
)
SILENT = Panel(
    title="Nodes not heard of",
    text="Nodes that have been silent for longer than 8 s, the longest at the head. Click one to "
    "see what it did last; then look at its power, its network and its worker's log.",
    kind=Kind.TABLE,
    unit="s",
    asks=(Ask(expr=f"topk(10, {SILENT_NODES})", name="silent"),),
    by="node",
    columns=(
        Column(name="node", title="Node", board="karst-node", variable="node"),
        Column(name="pool", title="Pool"),
        Column(name="silent", title="Silent for", unit="s", steps=((None, LOOK), (600, RED))),
    ),
    sorted_by="Silent for",
    nothing="all are heard of",
)
_TILES: tuple[tuple[int, Panel], ...] = (
    (5, DAY),
    (3, HOUR),
    (3, UNDER_DEMAND),
    (3, WASTE),
    (4, NODES),
    (3, LONGEST_WAIT),
    (3, ALARMS),
)
BOARD = Board(
    uid="karst-overview",
    title="Karst: the centre",
    text="Does the farm do 80 percent, where is the rest, and who can mend it? One screen.",
    rows=(
        Row(4, _TILES),
        Row(10, ((12, WHERE_IT_WENT), (6, SPLIT), (6, POOLS))),
        Row(9, ((6, TREND), (6, WHY), (6, TASKS), (6, SILENT))),
    ),
)

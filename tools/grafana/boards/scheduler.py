"""Scheduler and queue: does it decide in time, what does it grant, and what waits how long?"""

from tools.grafana.boards.choices import POOL as CHOICE
from tools.grafana.palette import (
    ACT,
    BLUE,
    DIM,
    GREEN,
    ORANGE,
    PURPLE,
    REASONS,
    RED,
    SKY,
    WELL,
)
from tools.grafana.parts import PLAINLY, Ask, Board, Column, Kind, Panel, Row, low_is_well
from tools.grafana.words import POOL, age, quantile, rate, ratio

TIME = "farm_scheduler_pass_duration_seconds"
STORE = Panel(
    title="Store",
    text="Whether the store answered the exporter. Down: nothing is granted, running frames render "
    "on, and results are kept on their nodes. Bring the store back.",
    kind=Kind.STAT,
    unit="bool_on_off",
    asks=(Ask(expr="min(farm_broker_up)"),),
    steps=((None, ACT), (1, WELL)),
    nothing="no exporter",
)
LAST_PASS = Panel(
    title="Last pass",
    text="Seconds since the leading scheduler finished a pass; it passes each second. More than "
    "10: none leads, or it is stuck. Busy slots go on, free ones stay empty; start one.",
    kind=Kind.STAT,
    unit="s",
    decimals=1,
    asks=(Ask(expr=f"max({age('farm_scheduler_last_pass_timestamp_seconds')})"),),
    steps=low_is_well(5, 10),
    nothing="not known",
)
P99 = Panel(
    title="Pass, 99 of 100",
    text="Time within which 99 of 100 passes of the last hour ended. Above a second, freed slots "
    "wait for the scheduler.",
    kind=Kind.STAT,
    unit="s",
    asks=(Ask(expr=f"histogram_quantile(0.99, sum by (le) (rate({TIME}_bucket[1h])))"),),
    steps=low_is_well(0.5, 1),
    nothing="no passes",
)
READY = Panel(
    title="Tasks ready",
    text="Tasks that may be taken and wait for a slot.",
    kind=Kind.STAT,
    unit="short",
    decimals=0,
    asks=(Ask(expr=f'sum(farm_tasks{{{POOL},state="ready"}})'),),
    steps=PLAINLY,
    nothing="not known",
)
_DONE = f'sum(increase(farm_attempts_total{{{POOL},outcome="succeeded"}}[1h]))'
DRAIN = Panel(
    title="Time to clear the queue",
    text="Tasks ready and running, at the pace of the last hour. It tells nothing while nothing "
    "ends.",
    kind=Kind.STAT,
    unit="s",
    decimals=1,
    asks=(
        Ask(
            expr=ratio(f'sum(farm_tasks{{{POOL},state=~"ready|running"}}) * 3600', _DONE),
        ),
    ),
    steps=PLAINLY,
    nothing="nothing ends",
)
JOBS = Panel(
    title="Jobs active and paused",
    text="Jobs that have work, and jobs that somebody paused: are these still meant to be?",
    kind=Kind.STAT,
    unit="short",
    decimals=0,
    asks=(
        Ask(expr='sum(farm_jobs{state="active"})', legend="active"),
        Ask(expr='sum(farm_jobs{state="paused"})', legend="paused"),
    ),
    steps=PLAINLY,
    nothing="not known",
)
PASSES = Panel(
    title="How long a pass takes",
    text="Half of all passes, and 99 of 100, end within this time. It rises with nodes and with "
    "layers that wait.",
    kind=Kind.LINES,
    unit="s",
    asks=(
        Ask(expr=quantile(0.5, TIME, ""), legend="half"),
        Ask(expr=quantile(0.99, TIME, ""), legend="99 of 100"),
    ),
    colors={"half": BLUE, "99 of 100": ORANGE},
    least=0,
    interval="1m",
)
DECISIONS = Panel(
    title="Grants, refusals and recalls, per minute",
    text="Grants: slots given to a layer. Refusals: the store found that a grant no longer held; a "
    "few are usual, many mean that passes are too slow. Recalls: slots taken back for whoever is "
    "due.",
    kind=Kind.LINES,
    unit="short",
    asks=(
        Ask(expr=f"sum({rate('farm_scheduler_grants_total')}) * 60", legend="granted"),
        Ask(expr=f"sum({rate('farm_scheduler_refusals_total')}) * 60", legend="refused"),
        Ask(expr=f"sum({rate('farm_scheduler_recalls_total')}) * 60", legend="recalled"),
    ),
    colors={"granted": BLUE, "refused": RED, "recalled": ORANGE},
    least=0,
    interval="1m",
    told=("mean", "max"),
)
_REFUSED = "sum by (reason) (increase(farm_scheduler_refusals_total[1h]))"
REFUSED = Panel(
    title="Refused grants of an hour, by why",
    text="What the store answered to grants that no longer held, in the last hour. node: it was "
    "drained or fell silent; room: something else was booked first; not leader: two schedulers "
    "changed over.",
    kind=Kind.BARS,
    unit="short",
    decimals=0,
    asks=(
        Ask(
            expr=f"sort_desc({_REFUSED})",
            legend="{{reason}}",
        ),
    ),
    steps=((None, ORANGE),),
    least=0,
    nothing="none refused",
)
WAITS = Panel(
    title="What waits, and why",
    text="Tasks that found no slot in the last plan, by why. capacity, behind: a full farm. "
    "no fit, no node: they wait until a node comes that holds them. limit, share, caps: bounds "
    "that somebody set.",
    kind=Kind.LINES,
    unit="short",
    asks=(Ask(expr=f"sum by (reason) (farm_waiting_tasks{{{POOL}}})", legend="{{reason}}"),),
    colors=REASONS,
    least=0,
    stacked=True,
    interval="1m",
    told=("mean", "lastNotNull"),
    nothing="nothing waits",
)
SLOT_WAIT = Panel(
    title="How long layers wait for a slot",
    text="At a grant: how long the layer had gone without. Half, and 95 of 100, are served within "
    "this time. The points are single grants, and tell their job_id.",
    kind=Kind.LINES,
    unit="s",
    asks=(
        Ask(expr=quantile(0.5, "farm_slot_wait_seconds", POOL), legend="half"),
        Ask(
            expr=quantile(0.95, "farm_slot_wait_seconds", POOL), legend="95 of 100", exemplars=True
        ),
    ),
    colors={"half": BLUE, "95 of 100": ORANGE},
    least=0,
    interval="5m",
    nothing="nothing granted",
)
JOB_WAIT = Panel(
    title="How long jobs wait for their first slot",
    text="From submit to the first slot. An artist sees this one: half, and 95 of 100, begin "
    "within this time. The points are jobs, and tell their job_id.",
    kind=Kind.LINES,
    unit="s",
    asks=(
        Ask(expr=quantile(0.5, "farm_job_wait_seconds", POOL), legend="half"),
        Ask(expr=quantile(0.95, "farm_job_wait_seconds", POOL), legend="95 of 100", exemplars=True),
    ),
    colors={"half": BLUE, "95 of 100": ORANGE},
    least=0,
    interval="15m",
    nothing="no job began",
)
TROUBLE = Panel(
    title="Trouble, per hour",
    text="Nodes that fell silent, nodes put into quarantine, leases that no node started in time, "
    "and results that came after their task was given to another. All should be near 0. Silent "
    "nodes and late results together: the network.",
    kind=Kind.LINES,
    unit="short",
    asks=(
        Ask(expr=f"sum({rate('farm_silent_nodes_total')}) * 3600", legend="nodes fell silent"),
        Ask(expr=f"sum({rate('farm_quarantines_total')}) * 3600", legend="quarantines"),
        Ask(expr=f"sum({rate('farm_unstarted_leases_total')}) * 3600", legend="leases not started"),
        Ask(expr=f"sum({rate('farm_superseded_results_total')}) * 3600", legend="late results"),
    ),
    colors={
        "nodes fell silent": PURPLE,
        "quarantines": RED,
        "leases not started": ORANGE,
        "late results": SKY,
    },
    least=0,
    interval="5m",
    told=("mean", "max"),
)
LIMITS = Panel(
    title="Limits: held, of how many",
    text="Licences and whatever there are only so many of, the fullest first. Full for hours while "
    "tasks wait for it: buy more, or let fewer jobs hold it.",
    kind=Kind.TABLE,
    unit="short",
    asks=(
        Ask(expr="sum by (limit) (farm_limit_held)", name="held"),
        Ask(expr="sum by (limit) (farm_limit_most)", name="most"),
        Ask(
            expr=ratio("sum by (limit) (farm_limit_held)", "sum by (limit) (farm_limit_most)"),
            name="part",
        ),
    ),
    by="limit",
    columns=(
        Column(name="limit", title="Limit"),
        Column(name="held", title="Held"),
        Column(name="most", title="There are"),
        Column(name="part", title="Used", unit="percentunit", steps=low_is_well(0.8, 1)),
    ),
    sorted_by="Used",
    nothing="no limits",
)
TASKS = Panel(
    title="Tasks by state",
    text="Open tasks: running, ready, and blocked by others that must end first.",
    kind=Kind.LINES,
    unit="short",
    asks=tuple(
        Ask(expr=f'sum(farm_tasks{{{POOL},state="{state}"}})', legend=state)
        for state in ("running", "ready", "blocked")
    ),
    colors={"running": BLUE, "ready": ORANGE, "blocked": DIM},
    least=0,
    stacked=True,
    interval="1m",
    told=("lastNotNull",),
)
EXPORTER = Panel(
    title="How long a scrape takes",
    text="Time that the farm's exporter takes to read the store. Far above a tenth of a second: "
    "the store is slow, or far away.",
    kind=Kind.LINES,
    unit="s",
    asks=(Ask(expr="max(farm_scrape_duration_seconds)", legend="scrape"),),
    colors={"scrape": GREEN},
    least=0,
    interval="1m",
)
_TILES: tuple[tuple[int, Panel], ...] = (
    (3, STORE),
    (4, LAST_PASS),
    (4, P99),
    (4, READY),
    (4, DRAIN),
    (5, JOBS),
)
BOARD = Board(
    uid="karst-scheduler",
    title="Karst: scheduler and queue",
    text="Does the scheduler decide in time, what does it grant, and what waits how long?",
    variables=(CHOICE,),
    since="now-6h",
    rows=(
        Row(4, _TILES),
        Row(9, ((12, WAITS), (12, TASKS)), "The queue"),
        Row(8, ((8, SLOT_WAIT), (8, JOB_WAIT), (8, LIMITS))),
        Row(8, ((8, PASSES), (10, DECISIONS), (6, REFUSED)), "Decisions"),
        Row(8, ((16, TROUBLE), (8, EXPORTER)), "Trouble"),
    ),
)

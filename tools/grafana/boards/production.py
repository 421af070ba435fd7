"""Productions: what each was due and had, what came of it, and what it cost."""

from tools.grafana.boards.choices import PRODUCTION as CHOICE
from tools.grafana.palette import BLUE, DIM, ENDINGS, ORANGE
from tools.grafana.parts import Ask, Board, Column, Kind, Panel, Row, low_is_well
from tools.grafana.words import PRODUCTION, each, grown, largest, ratio

_HELD = "production:farm_production_held_core_seconds:rate5m"
_SPENT = "production_outcome:farm_production_core_seconds:rate5m"
_ENERGY = "production:farm_production_energy_joules:rate5m"
_MOST = 12  #: productions that a chart tells apart
_WASTED = f'{PRODUCTION},outcome!~"succeeded|overhead"'
_SUCCEEDED = f'{PRODUCTION},outcome="succeeded"'
_OPEN = f'{PRODUCTION},state=~"running|ready|blocked"'
_ENDED = f'{PRODUCTION},outcome!="overhead"'


def _by_production(recorded: str, selector: str) -> str:
    return grown(recorded, selector, "production")


#: Where nothing succeeded there is no such series, and all was waste.
_GOOD = (
    f"({_by_production(_SPENT, _SUCCEEDED)} or on (production)"
    f" 0 * sum by (production) (farm_production_booked_cores{{{PRODUCTION}}}))"
)


def _tasks(state: str) -> str:
    return f'sum by (production) (farm_production_tasks{{{PRODUCTION},state="{state}"}})'


TABLE = Panel(
    title="Productions, over the board's time",
    text="One line for each. Due is what it may have now among those that want more, booked is "
    "what it has: booked far below due while tasks are ready means that its tasks do not fit "
    "where room is. Waste is the part of its ended attempts that brought no image.",
    kind=Kind.TABLE,
    unit="short",
    asks=(
        Ask(expr=f"sum by (production) (farm_production_booked_cores{{{PRODUCTION}}})", name="has"),
        Ask(expr=f"sum by (production) (farm_production_due_cores{{{PRODUCTION}}})", name="due"),
        Ask(expr=_tasks("running"), name="running"),
        Ask(expr=_tasks("ready"), name="ready"),
        Ask(expr=_tasks("failed"), name="failed"),
        Ask(expr=f"{_by_production(_HELD, PRODUCTION)} / 3600", name="hours"),
        Ask(
            expr=f"1 - {ratio(_GOOD, _by_production(_SPENT, _ENDED))}",
            name="waste",
        ),
        Ask(expr=f"{_by_production(_ENERGY, PRODUCTION)} / 3.6e6", name="energy"),
    ),
    by="production",
    columns=(
        Column(
            name="production", title="Production", board="karst-production", variable="production"
        ),
        Column(name="has", title="Cores booked"),
        Column(name="due", title="Cores due"),
        Column(name="running", title="Tasks running"),
        Column(name="ready", title="Tasks ready"),
        Column(name="failed", title="Tasks failed"),
        Column(name="hours", title="Core-hours"),
        Column(name="waste", title="Waste", unit="percentunit", steps=low_is_well(0.05, 0.1)),
        Column(name="energy", title="Energy", unit="kwatth"),
    ),
    sorted_by="Core-hours",
)
HAD = Panel(
    title="Cores held, the twelve largest productions",
    text="Cores that leases held, counted as the time passed. Who fills the farm?",
    kind=Kind.LINES,
    unit="short",
    asks=(
        Ask(
            expr=largest(_MOST, _HELD, PRODUCTION, "production"),
            legend="{{production}}",
        ),
    ),
    least=0,
    stacked=True,
    interval="5m",
    told=("mean", "lastNotNull"),
)
DUE = Panel(
    title="Due and had, all that are chosen",
    text="Cores that the chosen productions are due, and that they book. Had below due: room is "
    "coming, or what they ask for does not fit. Had above due: they use what others leave.",
    kind=Kind.LINES,
    unit="short",
    asks=(
        Ask(expr=f"sum(farm_production_due_cores{{{PRODUCTION}}})", legend="due"),
        Ask(expr=f"sum(farm_production_booked_cores{{{PRODUCTION}}})", legend="had"),
    ),
    colors={"due": ORANGE, "had": BLUE},
    least=0,
    interval="1m",
)
APART = Panel(
    title="Had less what is due, now",
    text="Cores that a production books more or less than it is due now: the twelve that are "
    "furthest behind. Far below 0 for long is unfair; `farm why` one of its jobs.",
    kind=Kind.BARS,
    unit="short",
    decimals=0,
    asks=(
        Ask(
            expr=f"sort(bottomk({_MOST}, sum by (production) "
            f"(farm_production_booked_cores{{{PRODUCTION}}})"
            f" - sum by (production) (farm_production_due_cores{{{PRODUCTION}}})))",
            legend="{{production}}",
        ),
    ),
    steps=((None, ORANGE), (0, BLUE)),
    nothing="nobody wants cores",
    board="karst-production",
    variable="production",
)
CAME_OF_IT = Panel(
    title="What came of it, core-hours",
    text="Core-hours of the board's time by how the attempt in them ended. overhead: leases in "
    "which no attempt ran (a scene opens, a lease waits). All but succeeded is waste.",
    kind=Kind.BARS,
    unit="short",
    asks=(
        Ask(
            expr=f"sort_desc({grown(_SPENT, PRODUCTION, 'outcome')} / 3600)",
            legend="{{outcome}}",
        ),
    ),
    colors=ENDINGS,
    least=0,
    nothing="nothing ended",
)
WASTE = Panel(
    title="Waste, by production",
    text="Core-hours of the board's time that brought no image: the twelve that waste most. Open "
    "the production, find the jobs that fail again and again, and pause them.",
    kind=Kind.BARS,
    unit="short",
    asks=(
        Ask(
            expr=f"sort_desc(topk({_MOST}, {_by_production(_SPENT, _WASTED)} / 3600 > 0))",
            legend="{{production}}",
        ),
    ),
    steps=((None, ORANGE),),
    least=0,
    nothing="no waste",
    board="karst-production",
    variable="production",
)


def _credited(outcome: str) -> str:
    chosen = f'{PRODUCTION},outcome="{outcome}"'
    return f"sum(avg_over_time({_SPENT}{{{chosen}}}[$__interval]))"


OUTPUT = Panel(
    title="Cores by what came of them",
    text="Core-seconds per second, credited when an attempt ends: peaks are long frames that end "
    "together. Green is output.",
    kind=Kind.LINES,
    unit="short",
    asks=each((one for one in ENDINGS if one != "superseded"), _credited),
    colors=ENDINGS,
    least=0,
    stacked=True,
    interval="15m",
    told=("mean",),
)
TASKS = Panel(
    title="Tasks running, ready and blocked",
    text="Tasks of the chosen productions. Ready: may be taken. Blocked: wait for other tasks.",
    kind=Kind.LINES,
    unit="short",
    asks=(
        Ask(
            expr=f"sum by (state) (farm_production_tasks{{{_OPEN}}})",
            legend="{{state}}",
        ),
    ),
    colors={"running": BLUE, "ready": ORANGE, "blocked": DIM},
    least=0,
    interval="1m",
)
ENERGY = Panel(
    title="Energy, by production",
    text="Energy of the board's time: that of nodes, shared by the cores that it booked on them. "
    "The twelve that used most.",
    kind=Kind.BARS,
    unit="kwatth",
    decimals=1,
    asks=(
        Ask(
            expr=f"sort_desc(topk({_MOST}, {_by_production(_ENERGY, PRODUCTION)} / 3.6e6))",
            legend="{{production}}",
        ),
    ),
    steps=((None, BLUE),),
    least=0,
    nothing="not measured",
    board="karst-production",
    variable="production",
)
POWER = Panel(
    title="Power, the twelve that use most",
    text="Power of nodes, shared by the cores that each production booked on them.",
    kind=Kind.LINES,
    unit="watt",
    asks=(
        Ask(
            expr=largest(_MOST, _ENERGY, PRODUCTION, "production"),
            legend="{{production}}",
        ),
    ),
    least=0,
    stacked=True,
    interval="5m",
    told=("mean",),
    nothing="not measured",
)
PER_OUTPUT = Panel(
    title="Energy per useful core-hour",
    text="Energy over core-hours that ended in an image. It rises with waste, and with nodes that "
    "are old or run nearly empty.",
    kind=Kind.STAT,
    unit="watth",
    decimals=1,
    asks=(
        Ask(
            expr=ratio(
                f"sum(avg_over_time({_ENERGY}{{{PRODUCTION}}}[$__range]))",
                f"sum(avg_over_time({_SPENT}{{{_SUCCEEDED}}}[$__range]))",
            ),
        ),
    ),
    steps=((None, BLUE),),
    nothing="not measured",
)
BOARD = Board(
    uid="karst-production",
    title="Karst: productions",
    text="What each production was due and had, what came of it, and what it cost.",
    variables=(CHOICE,),
    rows=(
        Row(8, ((24, TABLE),)),
        Row(9, ((10, HAD), (8, DUE), (6, APART)), "Due and had"),
        Row(9, ((9, OUTPUT), (5, CAME_OF_IT), (5, WASTE), (5, TASKS)), "What came of it"),
        Row(8, ((12, POWER), (8, ENERGY), (4, PER_OUTPUT)), "Energy"),
    ),
)

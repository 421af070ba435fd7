"""Render times: how long frames take, how much memory they need, and how many come out."""

from tools.grafana.boards.choices import POOL as CHOICE
from tools.grafana.palette import BLUE, ENDINGS, GREEN, ORANGE, PURPLE, RED
from tools.grafana.parts import PLAINLY, Ask, Board, Kind, Panel, Row, low_is_well
from tools.grafana.words import POOL, quantile, rate, ratio

TIME = "farm_task_render_duration_seconds"
MEMORY = "farm_task_peak_memory_bytes"
_ENDED = f'{POOL},outcome!="superseded"'
_WELL = f'{POOL},outcome="succeeded"'


def _of_the_range(part: float, histogram: str) -> str:
    buckets = f"sum by (le) (increase({histogram}_bucket{{{POOL}}}[$__range]))"
    return f"histogram_quantile({part}, {buckets})"


def _number(title: str, text: str, unit: str, expr: str, decimals: int | None = 1) -> Panel:
    return Panel(
        title=title,
        text=text,
        kind=Kind.STAT,
        unit=unit,
        decimals=decimals,
        asks=(Ask(expr=expr),),
        steps=PLAINLY,
        nothing="no frames",
    )


FRAMES = _number(
    "Frames",
    "Tasks that ended with an image in the board's time. The farm's output; compare it with the "
    "same time a week ago.",
    "short",
    # Increase is worked out between scrapes, and there are no parts of frames.
    f"round(sum(increase(farm_attempts_total{{{_WELL}}}[$__range])))",
    decimals=None,
)
HALF = _number(
    "Half within",
    "Half of the frames of the board's time rendered within this.",
    "s",
    _of_the_range(0.5, TIME),
)
MOST = _number(
    "95 of 100 within",
    "95 of 100 frames of the board's time rendered within this. Far above the half: few frames are "
    "much heavier than others; they decide when a shot is done.",
    "s",
    _of_the_range(0.95, TIME),
)
MEAN = _number(
    "Mean",
    "All render time of the board's time over all its frames.",
    "s",
    ratio(
        f"sum(increase({TIME}_sum{{{POOL}}}[$__range]))",
        f"sum(increase({TIME}_count{{{POOL}}}[$__range]))",
    ),
)
PEAK = _number(
    "Memory, 95 of 100 within",
    "95 of 100 attempts needed no more memory than this. Ask for a little more; what is asked for "
    "beyond it strands cores.",
    "bytes",
    _of_the_range(0.95, MEMORY),
)
NO_IMAGE = Panel(
    title="Attempts without an image",
    text="Part of the attempts of the board's time that brought none. Above 5 % look at which "
    "outcome it is, below.",
    kind=Kind.STAT,
    unit="percentunit",
    decimals=1,
    asks=(
        Ask(
            expr="1 - "
            + ratio(
                f"sum(increase(farm_attempts_total{{{_WELL}}}[$__range]))",
                f"sum(increase(farm_attempts_total{{{_ENDED}}}[$__range]))",
            ),
        ),
    ),
    steps=low_is_well(0.05, 0.1),
    nothing="none ended",
)
HEAT = Panel(
    title="Render times of frames",
    text="Each column is a stretch of time, each cell how many frames of it took so long: the "
    "brighter, the more. A new bright band is a new kind of shot; a band that climbs is a scene "
    "that grows heavier. A point is one frame: it tells its job_id; `farm jobs show` tells more.",
    kind=Kind.HEAT,
    unit="s",
    asks=(
        Ask(
            expr=f"sum by (le) (increase({TIME}_bucket{{{POOL}}}[$__rate_interval]))",
            legend="{{le}}",
            exemplars=True,
        ),
    ),
    interval="15m",
)
QUANTILES = Panel(
    title="Render time: half, 95 of 100",
    text="Half, and 95 of 100 frames, rendered within this time. Both rise: scenes grow heavier, "
    "or nodes slower. Only the upper rises: a few heavy shots; the points are frames, and tell "
    "their job_id.",
    kind=Kind.LINES,
    unit="s",
    asks=(
        Ask(expr=quantile(0.5, TIME, POOL), legend="half"),
        Ask(expr=quantile(0.95, TIME, POOL), legend="95 of 100", exemplars=True),
    ),
    colors={"half": BLUE, "95 of 100": ORANGE},
    least=0,
    interval="15m",
    told=("mean", "max"),
    nothing="no frames",
)
BY_POOL = Panel(
    title="Mean render time, by pool",
    text="Render time over frames. Pools that render the same shots at different means have nodes "
    "that differ.",
    kind=Kind.LINES,
    unit="s",
    asks=(
        Ask(
            expr=ratio(
                f"sum by (pool) ({rate(TIME + '_sum', POOL)})",
                f"sum by (pool) ({rate(TIME + '_count', POOL)})",
            ),
            legend="{{pool}}",
        ),
    ),
    least=0,
    interval="15m",
    told=("mean",),
    nothing="no frames",
)
OUTPUT = Panel(
    title="Frames per hour, by pool",
    text="Tasks per hour that ended with an image. It falls as frames grow heavier: read it beside "
    "the render time.",
    kind=Kind.LINES,
    unit="short",
    asks=(
        Ask(
            expr=f"sum by (pool) ({rate('farm_attempts_total', _WELL)}) * 3600",
            legend="{{pool}}",
        ),
    ),
    least=0,
    stacked=True,
    interval="15m",
    told=("mean",),
)
BAD = Panel(
    title="Attempts per hour without an image, by outcome",
    text="failed: the renderer or the scene; timed_out: no progress; out_of_memory: tried again "
    "with more; lost: the node died or was taken back; cancelled: a person stopped it.",
    kind=Kind.LINES,
    unit="short",
    asks=tuple(
        Ask(
            expr=f'sum(rate(farm_attempts_total{{{POOL},outcome="{outcome}"}}[$__rate_interval]))'
            " * 3600",
            legend=outcome,
        )
        for outcome in ("failed", "timed_out", "out_of_memory", "lost", "cancelled")
    ),
    colors=ENDINGS,
    least=0,
    stacked=True,
    interval="15m",
    told=("mean", "max"),
)
PEAKS = Panel(
    title="Memory that frames need: half, 95 of 100, 99 of 100",
    text="Most memory that an attempt used at once. Jobs that ask for far more than 99 of 100 need "
    "keep cores empty; jobs that ask for less are ended and tried again. The points are frames, "
    "and tell their job_id.",
    kind=Kind.LINES,
    unit="bytes",
    asks=(
        Ask(expr=quantile(0.5, MEMORY, POOL), legend="half"),
        Ask(expr=quantile(0.95, MEMORY, POOL), legend="95 of 100"),
        Ask(expr=quantile(0.99, MEMORY, POOL), legend="99 of 100", exemplars=True),
    ),
    colors={"half": GREEN, "95 of 100": PURPLE, "99 of 100": RED},
    least=0,
    interval="15m",
    told=("mean", "max"),
    nothing="no frames",
)
_TILES: tuple[tuple[int, Panel], ...] = (
    (4, FRAMES),
    (4, HALF),
    (4, MEAN),
    (4, MOST),
    (4, PEAK),
    (4, NO_IMAGE),
)
BOARD = Board(
    uid="karst-render-times",
    title="Karst: render times",
    text="How long frames take, how much memory they need, and how many come out.",
    variables=(CHOICE,),
    rows=(
        Row(4, _TILES),
        Row(10, ((14, HEAT), (10, QUANTILES))),
        Row(9, ((12, OUTPUT), (12, BY_POOL)), "Output"),
        Row(9, ((12, BAD), (12, PEAKS)), "Trouble and memory"),
    ),
)

"""What a board is made of, as plain data: panels, what they ask, and where they stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tools.grafana.palette import ACT, LOOK, PLAIN, WELL

WIDTH = 24  #: Grafana's grid is so many columns wide; a row of it is 38 pixels high
AIM = "aim"  #: what the line of an aim is called


class Kind(StrEnum):
    """How a panel shows what it was told; the value is Grafana's name for it."""

    STAT = "stat"  #: one number, large
    LINES = "timeseries"  #: lines or stacked areas over time
    BARS = "bargauge"  #: a bar for each series, now
    TABLE = "table"  #: a row for each of something, a column for each query
    HEAT = "heatmap"  #: how many fell between two bounds, over time


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One query. A table's column is named by `name`; other series by `legend`."""

    expr: str
    legend: str = ""
    name: str = ""
    exemplars: bool = False  #: single frames or jobs are drawn as points, each with its `job_id`


#: From which value on which colour holds; the first value is None: from the least on.
Steps = tuple[tuple[float | None, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a table shows the label or query `name`."""

    name: str
    title: str
    unit: str = ""
    steps: Steps = ()
    width: int = 0  #: pixels; 0: what is left
    board: str = ""  #: the board that tells more of it
    variable: str = ""  #: and its variable that takes the cell's text


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel: what it says, what it asks, and how it shows it."""

    title: str
    text: str  #: what it means and what to do
    kind: Kind
    unit: str
    asks: tuple[Ask, ...]
    steps: Steps = ()
    colors: Mapping[str, str] = field(default_factory=dict)  #: by the series' name
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    stacked: bool = False
    aim: float | None = None  #: LINES: drawn as a dashed line
    interval: str = ""  #: a point is of at least so much time
    nothing: str = ""  #: said where there is no value
    told: tuple[
        str, ...
    ] = ()  #: what the legend tells of each series: "mean", "max", "lastNotNull"
    columns: tuple[Column, ...] = ()
    by: str = ""  #: TABLE: the label that rows stand for
    sorted_by: str = ""  #: TABLE: title of the column
    ascending: bool = False
    board: str = ""  #: a click on a series leads to this board
    variable: str = ""  #: and sets this variable to its label of that name


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A choice at the head of a board, several at once or all."""

    name: str
    label: str
    metric: str  #: whose label `name` has the values
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side: the height, then the width of each and itself; a title starts a part."""

    height: int
    panels: tuple[tuple[int, Panel], ...]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard."""

    uid: str
    title: str
    text: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()
    since: str = "now-24h"
    refresh: str = "30s"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands on the grid."""

    x: int
    y: int
    w: int
    h: int


def placed(board: Board) -> Iterator[tuple[Place, Panel | str]]:
    """Every panel, and every title of a part, from top to bottom with its place."""
    top = 0
    for row in board.rows:
        if row.title:
            yield Place(0, top, WIDTH, 1), row.title
            top += 1
        left = 0
        for width, panel in row.panels:
            yield Place(left, top, width, row.height), panel
            left += width
        assert left == WIDTH, f"{board.uid}: a row is {left} wide, not {WIDTH}"
        top += row.height


def high_is_well(look: float, well: float) -> Steps:
    """Colours of a value that should be high: below `look` it wants a hand, from `well` on none."""
    return ((None, ACT), (look, LOOK), (well, WELL))


def low_is_well(look: float, act: float) -> Steps:
    """Colours of a value that should be low: from `look` on it wants a look, from `act` a hand."""
    return ((None, WELL), (look, LOOK), (act, ACT))


#: A value that says how much, not how well.
PLAINLY: Steps = ((None, PLAIN),)
#: The farm's aim: this part of all core-seconds does work.
TARGET = 0.8
#: Utilization against the aim.
AGAINST_TARGET = high_is_well(0.6, TARGET)

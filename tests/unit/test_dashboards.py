"""The committed dashboards are what the code makes, and nothing in them is wrong."""

import json
from collections.abc import Callable
from copy import deepcopy
from itertools import combinations
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from farm.model.metrics import SERVER_STATES, SPENT
from tools.grafana import palette
from tools.grafana.boards import BOARDS
from tools.grafana.judging import faults, recorded_names
from tools.grafana.making import text_of
from tools.grafana.parts import Board
from tools.grafana.promql import Matcher, Selector, groupings, selectors
from tools.grafana.reading import FOLDER, sheet_of, sheets

Raw = dict[str, Any]
RECORDED = recorded_names()


def overview() -> Raw:
    raw: Raw = json.loads((FOLDER / "karst-overview.json").read_text("utf-8"))
    return raw


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_what_is_committed_is_what_the_code_makes(board: Board) -> None:
    """`python -m tools.grafana` writes it."""
    assert (FOLDER / f"{board.uid}.json").read_text("utf-8") == text_of(board)


def test_no_dashboard_is_committed_that_no_code_makes() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {board.uid for board in BOARDS}


def test_nothing_is_wrong_with_what_is_committed() -> None:
    assert faults(sheets(), recorded=RECORDED) == []


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_grafanas_own_kinds_know_all_that_is_committed(board: Board) -> None:
    """What a kind does not know is lost when it is read; what it adds are its defaults."""
    register_default_plugins()
    raw = json.loads((FOLDER / f"{board.uid}.json").read_text("utf-8"))

    read = json.loads(json.dumps(Dashboard.from_json(raw), cls=JSONEncoder))

    assert list(lost(raw, read)) == []


def lost(raw: Any, read: Any, at: str = "") -> list[str]:
    """Where `read` lacks something of `raw`, or has another value."""
    if isinstance(raw, dict) and isinstance(read, dict):
        return [
            one
            for key, value in raw.items()
            for one in (lost(value, read[key], f"{at}/{key}") if key in read else [f"{at}/{key}"])
        ]
    if isinstance(raw, list) and isinstance(read, list) and len(raw) == len(read):
        return [
            one
            for number, (a, b) in enumerate(zip(raw, read, strict=True))
            for one in lost(a, b, f"{at}/{number}")
        ]
    return [] if raw == read else [at]


def test_a_kind_that_does_not_know_an_option_loses_it() -> None:
    register_default_plugins()
    raw = overview()
    raw["panels"][0]["options"]["shininess"] = 3

    read = json.loads(json.dumps(Dashboard.from_json(raw), cls=JSONEncoder))

    assert lost(raw, read) == ["/panels/0/options/shininess"]


def first_query(raw: Raw, expr: str) -> None:
    raw["panels"][0]["targets"][0]["expr"] = expr


def by_expr(expr: str) -> Callable[[Raw], None]:
    return lambda raw: first_query(raw, expr)


def move(raw: Raw) -> None:
    raw["panels"][1]["gridPos"]["x"] -= 1


def widen(raw: Raw) -> None:
    raw["panels"][6]["gridPos"]["w"] += 1


def same_id(raw: Raw) -> None:
    raw["panels"][1]["id"] = raw["panels"][0]["id"]


def same_title(raw: Raw) -> None:
    raw["panels"][1]["title"] = raw["panels"][0]["title"]


def drop(*path: str) -> Callable[[Raw], None]:
    def without(raw: Raw) -> None:
        at = raw["panels"][0]
        for name in path[:-1]:
            at = at[name]
        del at[path[-1]]

    return without


def own_source(raw: Raw) -> None:
    raw["panels"][0]["targets"][0]["datasource"] = {"type": "prometheus", "uid": "mine"}


def lost_board(raw: Raw) -> None:
    raw["panels"][0]["fieldConfig"]["defaults"]["links"] = [{"url": "/d/karst-moon?x=y"}]


def lost_variable(raw: Raw) -> None:
    raw["panels"][0]["fieldConfig"]["defaults"]["links"] = [{"url": "/d/karst-pools?&var-node=a"}]


def open_to_all(raw: Raw) -> None:
    raw["editable"] = True


def point_at_nobody(raw: Raw) -> None:
    target = raw["panels"][0]["targets"][0]
    target |= {
        "exemplar": True,
        "expr": "sum by (le) (rate(farm_scheduler_pass_duration_seconds_bucket[1h]))",
    }


def a_range(raw: Raw) -> None:
    raw["panels"][0]["targets"][0]["instant"] = False


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (by_expr("sum(farm_coers)"), "no metric farm_coers"),
        (by_expr("farm:core_utilization:ratio_rate2d"), "no metric farm:core_utilization"),
        (by_expr('sum(farm_cores{state="bussy"})'), "has no state 'bussy'"),
        (by_expr('sum(farm_cores{node="a"})'), "has no label 'node'"),
        (by_expr("sum by (nodes) (farm_cores)"), "groups by 'nodes'"),
        (by_expr("sum(farm_core_seconds_total)"), "ask for its rate"),
        (by_expr("sum(rate(farm_cores[1h]))"), "is a gauge"),
        (by_expr("sum(rate(farm_slot_wait_seconds_bucket))"), "ask for its rate"),
        (by_expr('sum(farm_cores{pool=~"$pool"})'), "no variable $pool"),
        (move, "lies over"),
        (widen, "leaves the grid"),
        (same_id, "an id of their own"),
        (same_title, "two panels are called"),
        (drop("description"), "says not what it means"),
        (drop("fieldConfig", "defaults", "unit"), "no unit"),
        (drop("fieldConfig", "defaults", "thresholds"), "no colours"),
        (drop("fieldConfig", "defaults", "noValue"), "where there is no value"),
        (own_source, "another data source"),
        (lost_board, "a board 'karst-moon' that is not there"),
        (lost_variable, "a variable 'node' that it does not have"),
        (open_to_all, "can be edited"),
        (a_range, "reads a whole range"),
        (point_at_nobody, "exemplars of what has none"),
    ],
)
def test_what_is_spoilt_is_told(spoil: Callable[[Raw], None], told: str) -> None:
    raw = overview()
    spoil(raw)
    others = [one for one in sheets() if one.uid != raw["uid"]]

    found = faults([sheet_of(raw), *others], recorded=RECORDED)

    assert any(told in one for one in found), found


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("refresh", 1, "is not read again"),
        ("multi", False, "cannot choose several"),
        ("allValue", "", "All leaves out"),
        ("query", {"query": "label_values(farm_cores, node)"}, "label that is not there"),
    ],
)
def test_a_variable_that_is_spoilt_is_told(field: str, value: Any, told: str) -> None:
    pools = deepcopy(next(one.raw for one in sheets() if one.uid == "karst-pools"))
    pools["templating"]["list"][1][field] = value
    others = [one for one in sheets() if one.uid != "karst-pools"]

    found = faults([sheet_of(pools), *others], recorded=RECORDED)

    assert any(told in one for one in found), found


def test_a_query_is_read_for_its_series_labels_and_windows() -> None:
    expr = (
        'sum by (pool) (rate(farm_core_seconds_total{pool=~"$pool",state="busy"}'
        "[$__rate_interval]))"
        " / on (pool) group_left (node) (max(farm_cores) > 0) or vector(0)"
    )

    assert list(selectors(expr)) == [
        Selector(
            "farm_core_seconds_total",
            (Matcher("pool", "=~", "$pool"), Matcher("state", "=", "busy")),
            "$__rate_interval",
            "rate",
        ),
        Selector("farm_cores", (), "", "max"),
    ]
    assert groupings(expr) == {"pool", "node"}


def test_every_state_and_ending_has_a_colour_and_keeps_it_on_every_board() -> None:
    assert tuple(palette.STATES) == SERVER_STATES
    assert set(SPENT) <= set(palette.ENDINGS)
    known = {**palette.ENDINGS, **palette.STATES}
    shown = {
        (legend, panel.set_for(legend)["color"]["fixedColor"])
        for sheet in sheets()
        for panel in sheet.panels
        for legend in (query.legend for query in panel.queries)
        if legend in known and "color" in panel.set_for(legend) and sheet.uid != "karst-node"
    }

    assert {one for one, _ in shown} >= set(SERVER_STATES)
    assert {(one, color) for one, color in shown if known[one] != color} == set()


#: How red-blind and green-blind eyes see red, green and blue light: Machado, Oliveira and
#: Fernandes 2009, severity 1.
BLIND = {
    "red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}


def seen(color: str, kind: str) -> tuple[float, float, float]:
    """CIE L*, a*, b* of a colour as such eyes see it."""
    light = [(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5)]
    light = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in light]
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, light, strict=True))))
        for row in BLIND[kind]
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (one ** (1 / 3) if one > 0.008856 else 7.787 * one + 16 / 116 for one in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("kind", BLIND)
@pytest.mark.parametrize("colors", [palette.STATES, palette.ENDINGS], ids=["states", "endings"])
def test_colour_blind_eyes_tell_colours_apart(colors: dict[str, str], kind: str) -> None:
    for (a, one), (b, other) in combinations(colors.items(), 2):
        pairs = zip(seen(one, kind), seen(other, kind), strict=True)
        apart = sum((x - y) ** 2 for x, y in pairs) ** 0.5

        assert apart > 15, f"{a} and {b} are {apart:.0f} apart"


def test_nodes_that_are_in_no_pool_have_a_name_wherever_pools_have_one() -> None:
    queries = [
        query
        for sheet in sheets()
        for panel in sheet.panels
        for query in panel.queries
        if "by (pool)" in query.expr and panel.kind in {"table", "timeseries", "bargauge"}
    ]

    assert len(queries) > 15
    assert all('"no pool"' in one.expr for one in queries)

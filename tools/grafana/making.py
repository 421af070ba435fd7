"""Boards as Grafana's own kinds, made with its SDK; `forms` does it for panels."""

import json

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from tools.grafana.forms import SOURCE, built
from tools.grafana.palette import RED
from tools.grafana.parts import Board, Place, Variable, placed

TAG = "karst"


def text_of(board: Board) -> str:
    """The board as it is committed."""
    return json.dumps(made(board), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def made(board: Board) -> model.Dashboard:
    """The board as Grafana knows it."""
    whole = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.text)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time(board.since, "now")
        .refresh(board.refresh)
        .link(_to_the_others())
        .with_variable(_source())
        .annotation(_alarms())
    )
    for variable in board.variables:
        whole.with_variable(_variable(variable))
    for number, (place, what) in enumerate(placed(board), 1):
        if isinstance(what, str):
            whole.with_row(dashboard.Row(what).id(number).grid_pos(_grid(place)))
        else:
            whole.with_panel(built(what).id(number).grid_pos(_grid(place)))
    return whole.build()


def _grid(place: Place) -> model.GridPos:
    return model.GridPos(h=place.h, w=place.w, x=place.x, y=place.y)


def _to_the_others() -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink("Karst")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
        .include_vars(True)
    )


def _source() -> dashboard.DatasourceVariable:
    return dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")


def _variable(variable: Variable) -> dashboard.QueryVariable:
    asked = f"label_values({variable.metric}, {variable.name})"
    return (
        dashboard.QueryVariable(variable.name)
        .label(variable.label)
        .description(variable.text)
        .datasource(SOURCE)
        .query({"query": asked, "refId": variable.name})
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(model.VariableOption(text="All", value="$__all", selected=True))
    )


def _alarms() -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name("Alarms")
        .datasource(SOURCE)
        .enable(True)
        .icon_color(RED)
        .expr('ALERTS{alertname=~"Farm.*",alertstate="firing"}')
    )

"""Panels as Grafana's own kinds."""

from collections.abc import Callable

from grafana_foundation_sdk.builders import bargauge, dashboard, heatmap, prometheus, stat, table
from grafana_foundation_sdk.builders import common as kit
from grafana_foundation_sdk.builders import timeseries as lines
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from tools.grafana.palette import GREY
from tools.grafana.parts import AIM, Ask, Column, Kind, Panel, Steps

#: Every query goes to the source that is chosen at the head of the board.
SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
Builder = stat.Panel | lines.Panel | bargauge.Panel | table.Panel | heatmap.Panel


def built(panel: Panel) -> Builder:
    """The panel, without its place."""
    make: dict[Kind, Callable[[Panel], Builder]] = {
        Kind.STAT: _stat,
        Kind.LINES: _lines,
        Kind.BARS: _bars,
        Kind.TABLE: _table,
        Kind.HEAT: _heat,
    }
    builder = make[panel.kind](panel)
    builder.title(panel.title).description(panel.text).datasource(SOURCE).unit(panel.unit)
    for number, ask in enumerate(panel.asks):
        letter = chr(ord("A") + number)
        query = _asked(panel, letter, _expr(panel, ask), ask.legend)
        builder.with_target(query.exemplar(True) if ask.exemplars else query)
    _bound(builder, panel)
    for name, color in panel.colors.items():
        builder.override_by_name(name, [_set("color", {"mode": "fixed", "fixedColor": color})])
    if panel.aim is not None:
        builder.with_target(_asked(panel, "Z", f"vector({panel.aim:g})", AIM))
        builder.override_by_name(AIM, _of_the_aim(panel))
    if panel.board and panel.kind is not Kind.TABLE:
        builder.data_links([_link(panel.board, panel.variable, "${__field.labels.%s}")])
    return builder


def _expr(panel: Panel, ask: Ask) -> str:
    """The query; where pools are named, nodes that are in none have a name too.

    To Prometheus a label without a value is none: a table had no column to join its rows by.
    """
    if panel.by == "pool" or "{{pool}}" in ask.legend:
        return f'label_replace({ask.expr}, "pool", "no pool", "pool", "")'
    return ask.expr


def _bound(builder: Builder, panel: Panel) -> None:
    """Set what not every panel sets."""
    if panel.interval:
        builder.interval(panel.interval)
    if panel.decimals is not None:
        builder.decimals(panel.decimals)
    if panel.least is not None:
        builder.min(panel.least)
    if panel.most is not None:
        builder.max(panel.most)
    if panel.nothing:
        builder.no_value(panel.nothing)
    if panel.steps:
        builder.thresholds(_steps(panel.steps))


def _asked(panel: Panel, letter: str, expr: str, legend: str) -> prometheus.Dataquery:
    query = prometheus.Dataquery().ref_id(letter).expr(expr).datasource(SOURCE)
    query.legend_format(legend or "__auto")
    if panel.kind is Kind.TABLE:
        return query.instant().format(PromQueryFormat.TABLE)
    if panel.kind is Kind.HEAT:
        return query.range().format(PromQueryFormat.HEATMAP)
    return query.instant() if panel.kind in (Kind.STAT, Kind.BARS) else query.range()


def _steps(steps: Steps) -> dashboard.ThresholdsConfig:
    return (
        dashboard.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps([model.Threshold(value=value, color=color) for value, color in steps])
    )


def _colored(mode: model.FieldColorModeId) -> dashboard.FieldColor:
    return dashboard.FieldColor().mode(mode)


def _last() -> kit.ReduceDataOptions:
    return kit.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _stat(panel: Panel) -> stat.Panel:
    several = len(panel.asks) > 1
    return (
        stat.Panel()
        .reduce_options(_last())
        .color_scheme(_colored(model.FieldColorModeId.THRESHOLDS))
        .color_mode(kinds.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .text_mode(
            kinds.BigValueTextMode.VALUE_AND_NAME if several else kinds.BigValueTextMode.VALUE
        )
        .justify_mode(kinds.BigValueJustifyMode.CENTER)
    )


def _lines(panel: Panel) -> lines.Panel:
    builder = (
        lines.Panel()
        .color_scheme(_colored(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .line_width(0 if panel.stacked else 2)
        .fill_opacity(90 if panel.stacked else 0)
        .show_points(kinds.VisibilityMode.NEVER)
        .span_nulls(False)
        .tooltip(kit.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI))
        .legend(_legend(panel))
    )
    if panel.stacked:
        builder.stacking(kit.StackingConfig().mode(kinds.StackingMode.NORMAL).group("A"))
    return builder


def _of_the_aim(panel: Panel) -> list[model.DynamicConfigValue]:
    """A dashed line of its own: Grafana draws thresholds below the areas, where none sees them."""
    color = "#ffffff" if panel.stacked else GREY
    return [
        _set("color", {"mode": "fixed", "fixedColor": color}),
        _set("custom.stacking", {"mode": "none", "group": "aim"}),
        _set("custom.fillOpacity", 0),
        _set("custom.lineWidth", 2),
        _set("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
    ]


def _legend(panel: Panel) -> kit.VizLegendOptions:
    told = list(panel.told)
    return (
        kit.VizLegendOptions()
        .show_legend(True)
        .display_mode(kinds.LegendDisplayMode.TABLE if told else kinds.LegendDisplayMode.LIST)
        .placement(kinds.LegendPlacement.RIGHT if told else kinds.LegendPlacement.BOTTOM)
        .calcs(told)
    )


def _bars(panel: Panel) -> bargauge.Panel:
    mode = (
        model.FieldColorModeId.THRESHOLDS if panel.steps else model.FieldColorModeId.PALETTE_CLASSIC
    )
    return (
        bargauge.Panel()
        .reduce_options(_last())
        .color_scheme(_colored(mode))
        .orientation(kinds.VizOrientation.HORIZONTAL)
        .display_mode(kinds.BarGaugeDisplayMode.BASIC)
        .value_mode(kinds.BarGaugeValueMode.TEXT)
        .name_placement(kinds.BarGaugeNamePlacement.LEFT)
        .show_unfilled(True)
    )


def _heat(panel: Panel) -> heatmap.Panel:
    return (
        heatmap.Panel()
        .calculate(False)
        .cell_gap(1)
        .y_axis(heatmap.YAxisConfig().unit(panel.unit).axis_placement(kinds.AxisPlacement.LEFT))
        .color(
            heatmap.HeatmapColorOptions()
            .mode(HeatmapColorMode.SCHEME)
            .scheme("Cividis")
            .exponent(0.5)
            .steps(64)
            .reverse(False)
        )
        .show_legend()
    )


def _table(panel: Panel) -> table.Panel:
    builder = (
        table.Panel()
        .show_header(True)
        .cell_height(kinds.TableCellHeight.SM)
        .with_transformation(
            model.DataTransformerConfig(
                id_val="joinByField", options={"byField": panel.by, "mode": "outer"}
            )
        )
        .with_transformation(
            model.DataTransformerConfig(
                id_val="organize",
                options={
                    "indexByName": {_field(panel, c): n for n, c in enumerate(panel.columns)},
                    "renameByName": {_field(panel, c): c.title for c in panel.columns},
                    "includeByName": {_field(panel, c): True for c in panel.columns},
                },
            )
        )
        .sort_by(
            [kit.TableSortByFieldState().display_name(panel.sorted_by).desc(not panel.ascending)]
        )
    )
    for column in panel.columns:
        properties = _properties(column)
        if properties:
            builder.override_by_name(column.title, properties)
    return builder


def _field(panel: Panel, column: Column) -> str:
    """What Grafana calls the column: a label by itself, a query's value by the query's letter."""
    if len(panel.asks) == 1 and panel.asks[0].name == column.name:
        return "Value"
    for number, ask in enumerate(panel.asks):
        if ask.name == column.name:
            return f"Value #{chr(ord('A') + number)}"
    return column.name


def _properties(column: Column) -> list[model.DynamicConfigValue]:
    found = []
    if column.unit:
        found.append(_set("unit", column.unit))
    if column.width:
        found.append(_set("custom.width", column.width))
    if column.steps:
        steps = [{"value": value, "color": color} for value, color in column.steps]
        found += [
            _set("thresholds", {"mode": "absolute", "steps": steps}),
            _set("color", {"mode": "thresholds"}),
            _set("custom.cellOptions", {"type": "color-text"}),
        ]
    if column.board:
        link = _link(column.board, column.variable, "${__value.text}").build()
        found.append(_set("links", [link]))
    return found


def _set(name: str, value: object) -> model.DynamicConfigValue:
    return model.DynamicConfigValue(id_val=name, value=value)


def _link(board: str, variable: str, value: str) -> dashboard.DashboardLink:
    told = value % variable if "%s" in value else value
    chosen = f"&var-{variable}={told}" if variable else ""
    return dashboard.DashboardLink("More").url(
        f"/d/{board}?${{__url_time_range}}&var-datasource=${{datasource}}{chosen}"
    )

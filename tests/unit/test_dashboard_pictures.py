"""Pictures of dashboards show what was answered: values in their units, areas in their colours."""

from pathlib import Path

import pytest
from PIL import Image

from tools.grafana.asking import Asker, Window
from tools.grafana.palette import STATES
from tools.grafana.picture.__main__ import drawn
from tools.grafana.picture.units import written
from tools.grafana.prometheus import Answer, Prometheus, Series
from tools.grafana.reading import sheets

DAY = Window(since=0.0, until=86400.0)
PARTS = {"busy": 0.5, "starved": 0.2, "idle": 0.1, "draining": 0.1, "offline": 0.1}


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "told"),
    [
        (0.8317, "percentunit", 1, "83.2%"),
        (0.22, "s", None, "220 ms"),
        (5400.0, "s", 1, "1.5 hours"),
        (12345.0, "short", None, "12.3 K"),
        (1536.0, "bytes", None, "1.50 KiB"),
        (33.2, "kwatth", 1, "33.2 kWh"),
        (1.0, "bool_on_off", None, "On"),
    ],
)
def test_a_value_is_written_in_its_unit(
    value: float, unit: str, decimals: int | None, told: str
) -> None:
    assert written(value, unit, decimals) == told


class Even(Prometheus):
    """Answers every query with one even series: a state's part, where it asks for a state."""

    def __init__(self) -> None:
        super().__init__("")

    def now(self, expr: str, at: float) -> Answer:
        return Answer(series=(Series(labels={}, points=((at, part_of(expr)),)),), seconds=0.0)

    def over(self, expr: str, since: float, until: float, step: float) -> Answer:
        steps = range(int((until - since) / step) + 1)
        points = tuple((since + step * n, part_of(expr)) for n in steps)
        return Answer(series=(Series(labels={}, points=points),), seconds=0.0)


def part_of(expr: str) -> float:
    return next((part for state, part in PARTS.items() if f'state="{state}"' in expr), 0.8)


def test_each_state_has_its_part_of_the_area(tmp_path: Path) -> None:
    overview = next(one for one in sheets() if one.uid == "karst-overview")
    asker = Asker(prometheus=Even(), until=DAY.until)

    drawn(overview, asker, tmp_path / "overview.png", DAY)

    with Image.open(tmp_path / "overview.png") as picture:
        whole = picture.convert("RGB").crop((8, 200, 960, 560))  # where the first chart stands
        counts = {rgb: count for count, rgb in whole.getcolors(1 << 20) or []}
    areas = {state: counts.get(rgb_of(color), 0) for state, color in STATES.items()}
    for state, part in PARTS.items():
        assert areas[state] / sum(areas.values()) == pytest.approx(part, rel=0.15)


def rgb_of(color: str) -> tuple[int, ...]:
    return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))

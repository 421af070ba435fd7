"""A real Prometheus that holds a played farm answers every dashboard, and soon."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from farm.model.resources import GIB
from farm.sim.reading import read
from farm.sim.scenario import Happening, NodeKind, Scenario
from tests.programs import or_skip
from tests.shifts import MIX, PRODUCTIONS
from tools.grafana.asking import Asker, Told
from tools.grafana.live.judging import EXCUSES, Excuse, excused, sick_rules, targets_down
from tools.grafana.palette import STATES
from tools.grafana.picture.__main__ import drawn
from tools.grafana.prometheus import Prometheus
from tools.grafana.reading import sheets
from tools.week.make import SCENARIO, make
from tools.week.server import serve

pytestmark = pytest.mark.system

HOUR = 3600
#: Two nodes are away at its end, one was drained, the scheduler stood still, and a limit is full.
SHIFT = Scenario(
    name="shift",
    seconds=6.0 * HOUR,
    start_seconds=8.0 * HOUR,
    silent_seconds=4,
    pass_seconds=10,
    nodes=(
        NodeKind(kind="plain", pool="main", count=7, cores=16, memory_bytes=64 * GIB, fails=0.05),
        NodeKind(
            kind="gpu",
            pool="gpu",
            count=1,
            cores=8,
            memory_bytes=64 * GIB,
            gpus=2,
            gpu_memory_bytes=24 * GIB,
        ),
    ),
    mix=MIX,
    limits={"nuke": 20},
    core_hours_per_day=24 * 110,
    productions=PRODUCTIONS,
    events=(
        Happening(what="drain", kind="plain", count=2, at_seconds=1.0 * HOUR, for_seconds=HOUR),
        Happening(what="away", at_seconds=3.0 * HOUR, for_seconds=900),
        Happening(what="death", kind="plain", count=2, at_seconds=5.0 * HOUR, for_seconds=9 * HOUR),
    ),
)


def served(folder: Path, scenario: Scenario) -> Iterator[Asker]:
    """Asks as of the scenario's last minute. Skips where Prometheus' programs are not there."""
    week = folder / "week"
    with or_skip():
        truth = make(week, scenario=scenario)
    with serve(week) as url:
        yield Asker(prometheus=Prometheus(url), until=truth.ends_at - 60.0)


@pytest.fixture(scope="module")
def shift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from served(tmp_path_factory.mktemp("shift"), SHIFT)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Asker]:
    """The centre's week until Wednesday evening, when a rack has no power."""
    yield from served(tmp_path, read(str(SCENARIO), days=2.75))


def at_fault(asker: Asker) -> list[Told]:
    told = list(asker.everything(sheets()))
    assert len(told) > 150
    return [one for one in told if one.at_fault]


@pytest.mark.timeout(180)
def test_no_panel_of_a_played_shift_is_empty_and_none_is_slow(shift: Asker) -> None:
    assert at_fault(shift) == []


@pytest.mark.timeout(180)
def test_a_choice_narrows_a_board_to_itself(shift: Asker) -> None:
    pools = next(one for one in sheets() if one.uid == "karst-pools")
    shift.chosen = {"pool": "gpu"}
    told = {one.panel: one for one in shift.everything([pools])}
    shift.chosen = {}

    assert told["Pools, by utilization of 24 hours"].series == 1
    assert told["Utilization, by pool"].series == 1


@pytest.mark.timeout(180)
def test_a_panel_that_asks_for_what_is_not_there_is_told(shift: Asker) -> None:
    shift.chosen = {"pool": "moon"}
    pools = next(one for one in sheets() if one.uid == "karst-pools")
    told = [one for one in shift.everything([pools]) if not one.panel.startswith("$")]
    shift.chosen = {}

    assert {one.trouble for one in told} <= {"empty", ""}
    assert sum(one.at_fault for one in told) > 30


@pytest.mark.timeout(180)
def test_a_bound_that_no_query_keeps_is_told(shift: Asker) -> None:
    shift.slow_seconds = 0.0
    told = list(shift.everything(sheets()[:1]))
    shift.slow_seconds = 0.1

    assert any(one.trouble == "slow" for one in told)


@pytest.mark.timeout(180)
def test_the_overview_shows_each_state_of_a_shift_that_had_them_all(
    shift: Asker, tmp_path: Path
) -> None:
    overview = next(one for one in sheets() if one.uid == "karst-overview")

    drawn(overview, shift, tmp_path / "overview.png")

    with Image.open(tmp_path / "overview.png") as picture:
        chart = picture.convert("RGB").crop((8, 200, 960, 560))
        colors = {rgb for count, rgb in chart.getcolors(1 << 20) or [] if count > 20}
    for state, color in STATES.items():
        assert tuple(int(color[at : at + 2], 16) for at in (1, 3, 5)) in colors, state


@pytest.mark.timeout(180)
def test_a_farm_without_targets_and_rules_is_found_out(shift: Asker) -> None:
    server = shift.prometheus

    assert targets_down(server, jobs=("farm",)) == ["no target of job farm"]
    assert sick_rules(server) == ["there are no rules"]


@pytest.mark.timeout(180)
def test_a_panel_is_excused_only_while_its_reason_holds(shift: Asker) -> None:
    gpus, refused = (empty(one) for one in EXCUSES)

    assert excused(gpus, shift.prometheus, shift.until) == ""  # it has two
    assert excused(refused, shift.prometheus, 1.0) == "the store refused no grant"
    assert excused(replace(refused, trouble="slow"), shift.prometheus, 1.0) == ""
    assert excused(replace(refused, panel="Store"), shift.prometheus, 1.0) == ""


def empty(one: Excuse) -> Told:
    return Told(board=one.board, panel=one.panel, query="A", series=0, seconds=0.0, trouble="empty")


@pytest.mark.soak
@pytest.mark.timeout(6 * HOUR)
def test_no_panel_of_a_centre_of_720_nodes_is_empty_and_none_is_slow(centre: Asker) -> None:
    assert at_fault(centre) == []

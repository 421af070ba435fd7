"""A played week in a real Prometheus: what it says of utilization is what was; others are off."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from farm.model.metrics import CATALOGUE, Source
from farm.model.resources import GIB
from farm.sim.scenario import Happening, NodeKind, Scenario
from tests.programs import or_skip
from tests.shifts import MIX, PRODUCTIONS
from tools.grafana.prometheus import Prometheus
from tools.week.families import Family, series, text
from tools.week.make import OFTEN_SECONDS, TRUTH, make
from tools.week.metrics import Metrics
from tools.week.proof import BOUND_POINTS, HEADLINE, errors, headline
from tools.week.server import serve
from tools.week.truth import Spell, Truth, truth_of
from tools.week.watched import WatchedEngine

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]  # 6 s of CPU time, in five programs

HOUR = 3600.0
PLAIN = NodeKind(
    kind="plain",
    pool="main",
    count=12,
    cores=16,
    memory_bytes=64 * GIB,
    fails=0.05,
    dies_every_seconds=20 * HOUR,
    back_after_seconds=900,
)
GPU = NodeKind(kind="gpu", pool="gpu", count=3, cores=8, memory_bytes=64 * GIB, gpus=2)
MORNING = Scenario(
    name="morning",
    seconds=5 * HOUR,
    start_seconds=8 * HOUR,
    silent_seconds=4,
    pass_seconds=5,
    nodes=(PLAIN, GPU),
    mix=MIX,
    limits={"nuke": 50},
    core_hours_per_day=24 * 200,
    productions=PRODUCTIONS,
    events=(
        Happening(what="death", kind="plain", count=3, at_seconds=1.5 * HOUR, for_seconds=1800),
        Happening(what="drain", kind="plain", count=4, at_seconds=2.4 * HOUR, for_seconds=3600),
        Happening(what="away", at_seconds=4 * HOUR, for_seconds=600),
    ),
)


def test_prometheus_tells_the_utilization_that_was_and_other_ways_do_not(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    week = tmp_path_factory.mktemp("week") / "morning"
    with or_skip():
        truth = make(week, scenario=MORNING)

    with serve(week) as url:
        prometheus = Prometheus(url)
        told, was = headline(prometheus, truth)
        found = {
            (one.estimator, one.window_seconds): one
            for window in (300, 3600)
            for one in errors(prometheus, truth, window)
        }

        at = truth.ends_at - 600
        (recorded,) = prometheus.now("farm:core_utilization:ratio_rate1h", at).series
        (looks,) = prometheus.now(
            'count_over_time(farm_cores{pool="gpu",state="busy"}[1h])', at
        ).series

    assert looks.last in {240, 241}  # Prometheus 3 leaves out what is an hour old
    looked_at_seconds = (int(looks.last) - 1) * OFTEN_SECONDS
    was_recorded = truth.utilization(at, looked_at_seconds)
    assert recorded.last == pytest.approx(was_recorded, abs=1e-6)
    assert 0.3 < was < 0.95
    assert abs(told - was) * 100 < BOUND_POINTS
    assert found[HEADLINE, 300].windows == 60
    for window in (300, 3600):
        assert found[HEADLINE, window].worst < BOUND_POINTS
        for other in ("credited at the end", "mean of pools' ratios", "of what is online"):
            assert found[other, window].worst > 100 * BOUND_POINTS
    assert found["gauge each 30 s", 300].worst > 10 * BOUND_POINTS
    assert Truth.read(week / TRUTH) == truth
    assert sorted(one.name for one in week.iterdir()) == ["blocks", TRUTH]


def test_a_week_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    def stop(what: str, part: float) -> None:
        if part > 0.2:
            raise KeyboardInterrupt

    with or_skip(), pytest.raises(KeyboardInterrupt):
        make(tmp_path / "week", scenario=MORNING, tell=stop)

    assert not list(tmp_path.iterdir())


def played() -> WatchedEngine:
    engine = WatchedEngine(replace(MORNING, seconds=3 * HOUR))
    engine.run()
    return engine


def test_every_second_of_every_core_and_gpu_is_in_one_state_and_busy_is_what_leases_held() -> None:
    engine = played()
    books, end = engine.books, engine.scenario.seconds
    configured = {pool: split.configured for pool, split in books.cores.items()}
    truth = truth_of(books.spells, configured, begins_at=0, seconds=int(end))

    for pool in books.pools:
        for split, _ in books.splits(pool):
            split.advance(end)
            assert sum(split.seconds.values()) == pytest.approx(split.configured * end)
            assert all(amount >= 0 for amount in split.present().values())
        assert books.cores[pool].seconds["busy"] == pytest.approx(truth.busy[pool][-1])
        assert books.cores[pool].seconds["offline"] == pytest.approx(truth.offline[pool][-1])
    main = books.cores["main"].seconds
    assert min(main[state] for state in ("busy", "starved", "idle", "draining", "offline")) > 0


def test_what_is_told_stands_in_the_catalogue_with_its_labels() -> None:
    engine = played()
    metrics = Metrics(engine, begins_at=0, nodes=engine.world.nodes)
    metrics.advance()
    metrics.entitle()
    known = {name: metric for metric in CATALOGUE for name in metric.series()}
    told = text([*metrics.often, *metrics.seldom], 0).splitlines()

    assert len(told) == len({line.partition(" ")[0] for line in told})
    for line in told:
        name, labels = re.match(r"(\w+)\{(.*)\} ", line).groups()  # type: ignore[union-attr]
        found = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if name != "up":
            metric = known[name]
            node = {"node", "pool"} if metric.source is Source.NODE else set()
            bucket = {"le"} if name.endswith("_bucket") else set()
            assert set(found) - {"job", "instance"} == set(metric.labels) | node | bucket, line
            for label, values in metric.labels.items():
                assert not values or found[label] in values, line


def test_the_truth_of_a_window_is_the_overlap_of_spells_with_it() -> None:
    spells = [
        Spell("main", "busy", 4, 30.0, 90.0),
        Spell("main", "busy", 2, 0.0, 600.0),
        Spell("main", "offline", 10, 60.0, 120.0),
    ]
    truth = truth_of(spells, {"main": 10.0}, begins_at=1200, seconds=600)

    assert truth.ends_at == 1800
    assert truth.utilization(1260, 60) == (4 * 30 + 2 * 60) / 600
    assert truth.utilization(1800, 600) == (4 * 60 + 2 * 600) / 6000
    assert truth.offline["main"][:4] == [0, 0, 600, 600]


def test_a_series_without_a_value_is_left_out() -> None:
    names = (series("a", {}), series("b", {"pool": "main"}))
    told = text([Family(names, lambda: (None, 2.5))], 60)

    assert told == 'b{job="farm",instance="farm:9750",pool="main"} 2.500 60\n'

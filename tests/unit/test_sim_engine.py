"""The played farm: nothing is lost or counted twice, and the same seed is the same week."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.model.resources import GIB
from farm.sim.checking import check
from farm.sim.running import DISPATCHERS, engine_for, play
from farm.sim.scenario import (
    FrameClass,
    Happening,
    JobsAt,
    NodeKind,
    ProductionSpec,
    Scenario,
    Wave,
)
from farm.sim.workload import arrivals


def a_node(count: int = 4, **fields: object) -> NodeKind:
    return replace(
        NodeKind(kind="plain", count=count, cores=8, memory_bytes=32 * GIB),
        **fields,  # type: ignore[arg-type]
    )


def jobs(production: str = "heron", **fields: object) -> JobsAt:
    return replace(
        JobsAt(
            production=production,
            at_seconds=0.0,
            frames=20,
            cores=2,
            memory_bytes=2 * GIB,
            seconds=60.0,
        ),
        **fields,  # type: ignore[arg-type]
    )


def a_scenario(**fields: object) -> Scenario:
    return replace(
        Scenario(name="small", seconds=3600.0, nodes=(a_node(),), jobs=(jobs(),)),
        **fields,  # type: ignore[arg-type]
    )


def a_wave(hours: float = 2.0) -> Scenario:
    return a_scenario(
        jobs=(),
        seconds=hours * 3600,
        core_hours_per_day=32 * 24,
        mix=(
            FrameClass(name="c1", share=3, cores=1, memory_bytes=GIB, minutes=2),
            FrameClass(name="c4", share=1, cores=4, memory_bytes=8 * GIB, minutes=5),
        ),
        waves={"day": Wave(hours=(1.0,) * 12 + (3.0,) * 12)},
        productions=tuple(
            ProductionSpec(name=name, demand=1.0, frames=(5, 20), wave=wave)
            for name, wave in (("heron", ""), ("tarn", "day"))
        ),
    )


@pytest.mark.parametrize("dispatcher", DISPATCHERS)
def test_every_task_is_done_once_and_the_farm_is_free_again(dispatcher: str) -> None:
    engine = engine_for(a_scenario(jobs=(jobs(), jobs("tarn", times=3))), dispatcher)

    outcome = play(engine)

    assert outcome.measures.succeeded == 80
    assert outcome.measures.waiting == 0
    assert not engine.world.leases
    assert all(node.free == node.total for node in engine.world.nodes.values())
    assert all(not one.booked[""].cores for one in engine.world.productions.values())


@pytest.mark.parametrize("dispatcher", DISPATCHERS)
def test_the_same_seed_is_the_same_week(dispatcher: str) -> None:
    def numbers() -> dict[str, object]:
        found = play(engine_for(a_wave(), dispatcher)).as_json()
        return {key: found[key] for key in ("measures", "productions", "forecasts", "refused")}

    assert numbers() == numbers()


def test_another_seed_is_another_week() -> None:
    one, other = a_wave(), replace(a_wave(), seed=2)

    assert [job.at for job in arrivals(one)] != [job.at for job in arrivals(other)]


def test_a_production_more_leaves_the_work_of_the_others_as_it_was() -> None:
    before = a_wave()
    more = replace(
        before,
        core_hours_per_day=before.core_hours_per_day * 1.5,
        productions=(*before.productions, ProductionSpec(name="li", demand=1.0)),
    )

    assert list(arrivals(before)) == [job for job in arrivals(more) if job.production != "li"]


def test_waves_bring_the_work_that_was_asked_for() -> None:
    day = replace(a_wave(24 * 14), productions=a_wave().productions)
    brought = sum(job.cores * job.frames * job.mean_seconds for job in arrivals(day)) / 3600

    assert brought == pytest.approx(14 * 32 * 24, rel=0.15)


def test_a_wave_has_a_mean_of_one_over_a_week() -> None:
    wave = Wave(hours=tuple(range(24)), weekdays=(3, 1, 1, 1, 1, 0, 0))

    assert sum(wave.at(hour * 3600) for hour in range(168)) / 168 == pytest.approx(1)


def test_what_a_dead_node_had_in_hand_is_done_elsewhere() -> None:
    death = Happening(what="death", at_seconds=30.0, for_seconds=600.0, count=2)
    engine = engine_for(a_scenario(events=(death,)))

    outcome = play(engine)

    assert outcome.measures.succeeded == 20
    assert outcome.measures.lost > 0
    assert outcome.measures.lost_core_seconds > 0
    assert all(node.epoch == 1 + (node.epoch > 1) for node in engine.world.nodes.values())


def test_a_drained_node_ends_what_it_has_and_takes_nothing_until_the_drain_is_over() -> None:
    drain = Happening(what="drain", at_seconds=30.0, for_seconds=600.0, count=3)
    engine = engine_for(a_scenario(events=(drain,), jobs=(jobs(frames=40),)))

    outcome = play(engine)

    # 16 frames in hand at the drain; then one node's 4 a minute.
    assert outcome.measures.succeeded == 40
    assert outcome.measures.lost == 0
    assert 5 * 60 <= outcome.measures.last_end <= 8 * 60
    assert not any(node.drained for node in engine.world.nodes.values())


def test_nothing_is_decided_while_the_scheduler_is_away() -> None:
    away = Happening(what="away", at_seconds=0.0, for_seconds=45.0)
    outcome = play(engine_for(a_scenario(events=(away,))))

    assert outcome.value("task_wait_p95") >= 45.0


def test_a_bad_shot_ends_after_its_retries_and_fills_nothing_for_ever() -> None:
    outcome = play(engine_for(a_scenario(jobs=(jobs(fails=1.0, frames=10),))))

    assert outcome.measures.succeeded == 0
    assert outcome.measures.failed == 10
    assert outcome.measures.failed_attempts == 30


def test_what_still_waits_at_the_end_has_waited_until_then() -> None:
    outcome = play(engine_for(a_scenario(seconds=100.0, jobs=(jobs(frames=1000),))))

    assert outcome.waits().most == 100.0
    assert outcome.waits().count == 1000


def test_a_scene_is_opened_once_where_a_renderer_keeps_it() -> None:
    alone = a_scenario(
        nodes=(a_node(1, cores=2),),
        jobs=(jobs(scene_seconds=30.0, frames=3, times=2, every_seconds=600.0),),
    )

    assert play(engine_for(alone)).measures.cold == 1


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(
            jobs,
            st.sampled_from(("heron", "tarn")),
            at_seconds=st.floats(0, 1800),
            frames=st.integers(1, 40),
            cores=st.sampled_from((1, 2, 4, 8)),
            memory_bytes=st.integers(1, 32).map(lambda gib: gib * GIB),
            seconds=st.floats(0.01, 600),
            spread=st.sampled_from((0.0, 0.5)),
            priority=st.integers(0, 100),
            fails=st.sampled_from((0.0, 0.3)),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(list(DISPATCHERS)),
    st.integers(0, 3),
)
def test_nothing_is_lost_whatever_happens(work: list[JobsAt], dispatcher: str, deaths: int) -> None:
    death = Happening(what="death", at_seconds=200.0, for_seconds=300.0, count=deaths)
    engine = engine_for(a_scenario(jobs=tuple(work), events=(death,)), dispatcher)

    m = play(engine).measures
    in_hand = sum(len(lease.hand) for lease in engine.world.leases.values())
    came = sum(one.frames for one in work)

    assert m.succeeded + m.failed + m.waiting + in_hand == came
    assert m.busy_core_seconds <= m.online_core_seconds + 1e-6
    assert m.waiting == sum(layer.ready for layer in engine.world.layers.values())


def test_ends_are_foretold_as_often_as_promised() -> None:
    told = check("forecast")

    assert [one for one in told if not one.holds] == []

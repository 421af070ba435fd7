"""Figures of where time went: splits, stretches between notes, sums of spending, pictures."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.cli.report.csv_file import as_csv
from farm.cli.report.figures import Report
from farm.cli.report.page import as_page
from farm.cli.top.screen import bar
from farm.cli.top.seen import Window
from farm.model.metrics import SERVER_STATES, SPENT
from farm.model.usage import DayUsage
from farm.model.utilization import availability, goodput, under_demand, utilization, waste, whole
from farm.policy.spending import By, spending
from farm.store.history import Stand, stretches

amounts = st.integers(0, 10**6).map(lambda number: number / 4)
splits = st.fixed_dictionaries(dict.fromkeys(SERVER_STATES, amounts))
rows = st.lists(
    st.builds(
        DayUsage,
        day=st.dates(date(2026, 1, 1), date(2026, 1, 5)),
        production=st.sampled_from(["heron", "lynx"]),
        user=st.sampled_from(["anna", "li b"]),
        pool=st.sampled_from(["", "cpu"]),
        how=st.sampled_from(SPENT),
        core_seconds=amounts,
    )
)


def sums(**spent: float) -> dict[str, float]:
    return {**dict.fromkeys(SERVER_STATES, 0.0), "stranded": 0.0, **spent}


def test_the_figures_of_a_split() -> None:
    split = {"busy": 60.0, "starved": 10.0, "idle": 10.0, "draining": 5.0, "offline": 15.0}

    assert utilization(split) == 0.6
    assert under_demand(split) == 60 / 70
    assert availability(split) == 0.8
    assert goodput({"succeeded": 48.0, "failed": 12.0}, split) == 0.48
    assert waste({"succeeded": 48.0, "failed": 12.0}) == 0.2
    assert utilization({}) is under_demand({}) is availability({}) is waste({}) is None


@given(splits)
def test_utilization_leaves_nothing_out_of_the_whole(split: dict[str, float]) -> None:
    busy, every = utilization(split), whole(split)

    assert (busy is None) == (every == 0)
    if busy is not None:
        assert 0 <= busy <= 1
        assert busy <= (under_demand(split) or busy)
        assert busy <= (availability(split) or 0)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys((*SERVER_STATES, "stranded"), amounts))))
def test_stretches_add_up_to_what_passed(steps: list[dict[str, float]]) -> None:
    total, stands = sums(), [Stand(at=0.0, core_seconds={"cpu": sums()})]
    for number, step in enumerate(steps, 1):
        total = {state: total[state] + step[state] for state in total}
        stands.append(Stand(at=3600.0 * number, core_seconds={"cpu": total}))

    found = list(stretches(stands))

    assert len(found) == len(steps)
    for state in SERVER_STATES:
        assert sum(one.core_seconds[state] for one in found) == total[state]
    assert sum(one.stranded_core_seconds for one in found) == total["stranded"]
    assert all(one.begins_at < one.ends_at for one in found)


def test_a_store_that_began_anew_counts_from_zero_and_a_new_pool_from_its_first_note() -> None:
    stands = [
        Stand(at=0.0, core_seconds={"cpu": sums(busy=50.0)}),
        Stand(at=3600.0, core_seconds={"cpu": sums(busy=7.0), "gpu": sums(idle=3.0)}),
    ]

    cpu, gpu = stretches(stands)

    assert (cpu.core_seconds["busy"], gpu.core_seconds["idle"]) == (7.0, 3.0)


@given(rows, st.sets(st.sampled_from(By)))
def test_spending_adds_up_whatever_it_is_told_by(found: list[DayUsage], by: set[By]) -> None:
    told = spending(found, by)

    for how in SPENT:
        wanted = sum(row.core_seconds for row in found if row.how == how)
        assert sum(one.core_seconds[how] for one in told) == wanted
    keys = [(one.day, one.production, one.user, one.pool) for one in told]
    assert len(set(keys)) == len(keys)
    assert all(
        (key is None) == (name not in by) for one in keys for key, name in zip(one, By, strict=True)
    )


@given(splits, st.integers(1, 200))
def test_a_bar_is_as_wide_as_it_should_be_and_fair_to_a_character(
    split: dict[str, float], width: int
) -> None:
    drawn = bar(split, width)

    assert drawn.cell_len == width
    if whole(split):
        busy = sum(span.end - span.start for span in drawn.spans if span.style == "green")
        assert abs(busy - split["busy"] / whole(split) * width) < 1


def looked(at: float, **spent: float) -> dict[str, object]:
    return {"at": at, "farm": {"core_seconds": sums(**spent)}, "pools": []}


def test_of_late_is_the_last_minute_and_a_farm_that_began_anew_has_none() -> None:
    window = Window()
    for at in (0.0, 30.0, 60.0, 90.0):
        window.add(looked(at, busy=at, idle=2 * at))

    assert (window.of_late()["busy"], window.of_late()["idle"]) == (60.0, 120.0)
    window.add(looked(92.0, busy=1.0))
    assert window.of_late() == {}


def a_report() -> Report:
    spent = {"succeeded": 7200.0, "failed": 3600.0}
    return Report(
        first=date(2026, 11, 1),
        last=date(2026, 11, 2),
        by=("production", "user"),
        history=[
            {
                "day": f"2026-11-0{day}",
                "pool": pool,
                "core_seconds": sums(busy=18000.0, idle=18000.0),
                "stranded_core_seconds": 3600.0,
            }
            for day in (1, 2)
            for pool in ("", "cpu")
        ],
        spent=[
            {
                "production": "heron <b>",
                "user": 'li, "b"',
                "core_seconds": {**dict.fromkeys(SPENT, 0.0), **spent},
            }
        ],
    )


def test_a_report_adds_its_rows_up() -> None:
    report = a_report()

    assert report.figures()["utilization"] == 0.5
    assert report.figures()["waste"] == pytest.approx(1 / 3)
    assert report.split("cpu")["busy"] == 36000.0
    assert report.stranded_core_seconds() == 14400.0
    assert [day for day, _ in report.days()] == ["2026-11-01", "2026-11-02"]


def test_csv_quotes_what_it_must_and_tells_core_hours() -> None:
    head, line = as_csv(a_report()).splitlines()

    assert head.startswith("production,user,core_hours,succeeded_core_hours,failed_core_hours,")
    assert line.startswith('heron <b>,"li, ""b""",3.0000,2.0000,1.0000,')


def test_the_page_escapes_names_and_draws_a_bar_for_each_day_and_state() -> None:
    page = as_page(a_report())

    assert "heron &lt;b&gt;" in page
    assert "<b>," not in page
    assert page.count("<title>2026-11-0") == 2 * len(SERVER_STATES)

"""Scenario files: what they may say, and the one line for what they may not."""

from typing import Any

import pytest

from farm.model.errors import BadRequest
from farm.sim.checking import check, checks
from farm.sim.reading import read, scenario, shipped

NODES = [{"kind": "plain", "count": 2, "cores": 8, "memory": "32G"}]


def tables(**fields: Any) -> dict[str, Any]:
    return {"name": "mine", "nodes": NODES, **fields}


@pytest.mark.parametrize("name", shipped())
def test_every_scenario_that_comes_along_can_be_read_and_says_what_it_is(name: str) -> None:
    found = read(name)

    assert found.name == name
    assert found.about
    assert name.startswith("centre-") or found.bounds


def test_the_centres_are_as_large_as_they_say() -> None:
    assert sum(one.count for one in read("centre-700").nodes) == 700
    assert read("centre-1553").cores == 57_248
    assert len(read("centre-700").productions) == 120


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"dyas": 3}, "mine.toml: no field 'dyas'; perhaps days"),
        ({"days": 1, "lasts": "2h"}, "give days or lasts, not both"),
        ({"lasts": "soon"}, "mine.toml: lasts: time 'soon' cannot be read: write 90d, 12h or 30m"),
        ({"start": "monday"}, "start is 'monday': write a day and a time, mon 09:00"),
        ({"nodes": []}, "there are no nodes: write [[nodes]], or give --farm FILE"),
        ({"nodes": [{"kind": "a", "memory": "1G"}]}, "nodes.a: cores is missing"),
        ({"nodes": [{"kind": "a", "cores": 0, "memory": "1G"}]}, "cores is 0: give 1 to 16384"),
        (
            {"nodes": [{"kind": "a", "cores": 1, "memory": "much"}]},
            "nodes.a: memory: memory 'much'",
        ),
        ({"productions": [{"name": "heron", "weight": "x"}]}, "weight is 'x': give a number"),
        ({"productions": [{"name": "heron", "wave": "tide"}]}, "wave 'tide' is not known here"),
        ({"productions": [{"name": "heron", "demand": 1}]}, "but there is no [[mix]] of frames"),
        ({"productions": [{"name": "heron", "frames": [9, 3]}]}, "write [fewest, most]"),
        ({"productions": [{"name": "heron", "priorities": {"x": 1}}]}, "write {50 = 8, 80 = 1}"),
        ({"waves": {"day": {"hours": [1, 2]}}}, "waves.day: hours is [1, 2]: write a list of 24"),
        ({"jobs": [{"production": "heron", "minutes": 1, "limits": ["nuke"]}]}, "limit 'nuke'"),
        ({"events": [{"what": "flood", "at": "1h"}]}, "'flood': death, drain, away or limit"),
        ({"events": [{"what": "death", "at": "1h", "kind": "gpu"}]}, "kind 'gpu' is not known"),
        ({"bounds": [{"measure": "joy", "least": 1}]}, "no measure 'joy'"),
        ({"bounds": [{"measure": "tasks"}]}, "tasks has no bound: give least or most"),
    ],
)
def test_a_fault_is_told_in_one_line_that_says_where(fields: dict[str, Any], line: str) -> None:
    with pytest.raises(BadRequest) as told:
        scenario(tables(**fields), "mine.toml")

    assert line in str(told.value)
    assert str(told.value).startswith("mine.toml")
    assert "\n" not in str(told.value)


def test_a_scenario_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(
        BadRequest, match=r"no scenario 'centre': give a file, NAME\.toml, or one of"
    ):
        read("centre")
    with pytest.raises(BadRequest, match=r"scenario nowhere\.toml cannot be read"):
        read("nowhere.toml")


def test_what_if_changes_what_it_names() -> None:
    found = read(
        "centre-700",
        changes=("productions.series-007.weight=3", "nodes.large.memory=1T", "seed=9"),
        add_nodes=("large=5", "10"),
    )
    weights = {one.name: one.weight for one in found.productions}

    assert weights["series-007"] == 3
    assert weights["series-008"] == 1
    assert [one.count for one in found.nodes] == [670, 45]
    assert found.nodes[1].memory_bytes == 1024**4
    assert found.seed == 9


@pytest.mark.parametrize(
    ("changes", "add", "line"),
    [
        (("productions.heron",), (), "--set productions.heron: write it as"),
        (("weight",), (), "--set weight: write it as productions.heron.weight=2"),
        (("productions.hero.weight=2",), (), "no productions 'hero'; there are heron, tarn"),
        (("days.x=1",), (), "--set days.x=1: days has no fields"),
        ((), ("many",), "--add-nodes many: write 50, or KIND=50"),
        ((), ("gpu=3",), "no nodes 'gpu'; there are plain, large"),
    ],
)
def test_a_change_that_cannot_be_made_is_told(
    changes: tuple[str, ...], add: tuple[str, ...], line: str
) -> None:
    with pytest.raises(BadRequest) as told:
        read("centre-700", changes=changes, add_nodes=add)

    assert line in str(told.value)


QUICK = ("failover", "licences", "patience", "starving", "storm", "wide")


@pytest.mark.parametrize("name", QUICK)
def test_what_the_farm_promises_holds(name: str) -> None:
    assert [one for one in check(name) if not one.holds] == []


def test_other_ways_to_decide_do_not_keep_these_promises() -> None:
    assert not all(one.holds for one in check("starving", "fifo"))
    assert set(QUICK) <= set(checks())

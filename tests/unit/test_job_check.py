"""What a job must be before anything of it is stored."""

from dataclasses import replace
from typing import Any

import pytest

from farm.model.dependencies import After, Match
from farm.model.errors import BadRequest
from farm.model.job import JobSpec, LayerKind, LayerSpec
from tests.makers import a_chain, a_job, a_job_with_a_sheet, a_layer


def sheet(**fields: Any) -> tuple[LayerSpec, LayerSpec]:
    """A layer that renders, and a sheet of it with other `fields`."""
    render, one = a_job_with_a_sheet().layers
    return render, replace(one, **fields)


def reel_of(layer: str) -> tuple[LayerSpec, LayerSpec]:
    reel = a_job_with_a_sheet().layers[1].reel
    assert reel is not None
    return sheet(reel=replace(reel, layer=layer))


@pytest.mark.parametrize("job", [a_job(), a_chain("1-9", "1", "2"), a_job_with_a_sheet()])
def test_a_good_job_has_no_fault(job: JobSpec) -> None:
    job.check()


def framed(layer: str, offset: int = 0, **fields: Any) -> tuple[After, ...]:
    return (After(layer=layer, match=Match.FRAME, offset=offset, **fields),)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ((After(),), "comes after nothing: name a layer or a job"),
        ((After(layer="nobody"),), "comes after layer nobody: the job has no such layer; it has:"),
        ((After(job="x"),), "comes after job x: give a job's number, not 'x'"),
        ((After(layer="first", offset=2),), "an offset goes with match 'frame' only"),
        ((After(job="7", match=Match.FRAME),), "comes after job 7: match frame needs a layer"),
        ((After(layer="render"),), "its own frames need match 'frame' and an offset, such as -1"),
        (framed("render"), "its own frames need match 'frame' and an offset, such as -1"),
        (framed("first", -100), "with offset -100 none of its frames 1-10 has one of 5-10"),
        (framed("render", -10), "with offset -10 none of its frames 1-10 has one of 1-10"),
        (framed("first", 2_000_000), "offset 2000000 is out of Blender's"),
    ],
)
def test_a_dependency_that_cannot_be_is_told_in_one_line(
    after: tuple[After, ...], said: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        a_job(layers=(a_layer("5-10", name="first"), a_layer(after=after))).check()

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_layers_that_wait_for_each_other_are_refused_with_the_ring_named() -> None:
    def layer(name: str, *after: str) -> LayerSpec:
        return a_layer(name=name, after=tuple(After(layer=one) for one in after))

    layers = (layer("a", "c"), layer("b", "a"), layer("c", "b"), layer("d", "a"))
    with pytest.raises(BadRequest) as caught:
        a_job(layers=layers).check()

    assert "layers wait for each other: a → b → c → a" in str(caught.value)


def test_all_that_is_wrong_with_what_is_waited_for_is_told_at_once() -> None:
    layers = (a_layer(after=(After(layer="x"), After(layer="y"))),)
    with pytest.raises(BadRequest) as caught:
        a_job(layers=layers, after=(After(layer="render"),)).check()

    for name in ("layer x", "layer y", "the job comes after layer render"):
        assert name in str(caught.value)


def test_a_layer_may_wait_for_one_that_stands_behind_it_and_for_its_own_frames() -> None:
    first = a_layer(name="comp", after=(*framed("render"), *framed("comp", -1)))

    a_job(layers=(first, a_layer())).check()


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ((a_layer(), a_layer()), "layer render: another layer of the job has this name"),
        (sheet(reel=None), "layer sheet: a layer of kind sheet needs a reel"),
        (sheet(kind=LayerKind.MOVIE, reel=None), "a layer of kind movie needs a reel"),
        (sheet(kind=LayerKind.RENDER), "layer sheet: a layer of kind render takes no reel"),
        (reel_of("sheet"), "layer sheet shows 'sheet': name a layer that stands before it"),
        (reel_of("x"), "layer sheet shows 'x': name a layer that stands before it"),
    ],
)
def test_a_layer_that_does_not_fit_in_is_told_in_one_line(
    layers: tuple[LayerSpec, ...], said: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        a_job(layers=layers).check()

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)

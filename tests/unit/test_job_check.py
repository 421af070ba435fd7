"""What a job must be before anything of it is stored."""

from dataclasses import replace
from typing import Any

import pytest

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


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ((a_layer(after="render"),), "comes after 'render': name a layer that stands before it"),
        ((a_layer(after="nobody"),), "comes after 'nobody': name a layer that stands before it"),
        ((a_layer(name="a", after="b"), a_layer(name="b")), "layer a comes after 'b'"),
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

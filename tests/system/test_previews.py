"""A sheet and a movie come when the frames are done, wherever those lie."""

from pathlib import Path

import pytest
from PIL import Image

from farm.model.job import JobSpec, LayerSpec
from farm.model.render import RenderSettings
from farm.model.states import JobState
from farm.policy.preview import preview_layers
from farm.store.connection import new_id
from tests.system.farm_under_test import Farm
from tests.system.projects import submit
from tests.system.reels import ALIKE, difference, still_of
from tests.system.sent_fixtures import SCENE, farm, manifest, project, shared, url_of
from workers.reels.mp4 import read_movie

__all__ = ["farm", "manifest", "project", "shared"]  # fixtures
pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@pytest.mark.parametrize(
    "sees_files",
    [
        pytest.param(False, id="by-http"),
        pytest.param(True, id="in-place", marks=pytest.mark.soak),
    ],
)
def test_a_preview_of_a_sent_job_comes_when_its_frames_are_done(
    farm: Farm, manifest: str, tmp_path: Path, sees_files: bool
) -> None:
    farm.add_worker("n1", url="" if sees_files else url_of(farm), sees_files=sees_files)

    shot = submit(farm, manifest, SCENE, 3, preview=True)
    shot.check()

    sheet, movie = (shot.result(layer, tmp_path) for layer in ("sheet", "movie"))
    facts = read_movie(movie)
    assert (facts.frames, facts.width, facts.height) == (3, 64, 36)
    still = still_of(movie, 2, tmp_path / "still.png", (64, 36))
    assert difference(still, shot.content.thumbnail_path(shot.job, "render", 2)) < ALIKE
    with Image.open(sheet) as opened:
        assert opened.format == "JPEG"
    assert shot.content.thumbnail_path(shot.job, "sheet", 1).exists()


def test_a_preview_of_a_job_in_place_lies_beside_its_images(
    farm: Farm, project: Path, tmp_path: Path
) -> None:
    farm.add_worker("n1")
    settings = RenderSettings(
        scene=str(project / SCENE), output=f"{tmp_path}/out/shot_####", extension=".png"
    )
    render = LayerSpec(name="render", frames="1-2", settings=settings)
    layers = (render, *preview_layers(render, frames_per_second=24))
    spec = JobSpec(production="heron", name="preview", layers=layers)

    job = farm.store.jobs.submit(spec, key=new_id())
    farm.wait(lambda: farm.store.jobs.get(job).ended_at is not None)

    out = tmp_path / "out"
    assert farm.store.jobs.get(job).state is JobState.SUCCEEDED
    assert read_movie(out / "shot_preview.mp4").frames == 2
    assert (out / "shot_sheet.jpg").stat().st_size > 0
    assert {path.name for path in (out / ".thumbnails").iterdir()} == {
        "shot_0001.jpg",
        "shot_0002.jpg",
        "shot_sheet.jpg",
    }
    assert farm.store.audit() == []

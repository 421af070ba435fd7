"""Where pulled images come to: no path that a farm names leads anywhere else."""

from pathlib import Path

import pytest

from farm.model.errors import BadRequest, FarmError
from farm.model.render import RenderSettings
from tests.centre import Centre, pull
from tests.makers import a_digest, a_job


@pytest.mark.parametrize(
    "output",
    ["/../../etc/shot_####", "/renders/../../shot_####", "//etc/shot_####", "/a\nb/x_####"],
)
def test_a_path_that_leads_out_of_the_folder_is_refused(
    centre: Centre, to: Path, output: str
) -> None:
    centre.submit("1", output=output)
    centre.finish(1)

    with pytest.raises(BadRequest) as told:
        pull(centre, to)
    assert "\n" not in str(told.value)
    assert list(to.rglob("*")) == []


def test_a_link_that_leads_out_of_the_folder_is_refused(
    centre: Centre, to: Path, tmp_path: Path
) -> None:
    centre.finish(1)
    to.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (to / "renders").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(BadRequest, match="renders is a link that leads out of"):
        pull(centre, to)
    assert not any((tmp_path / "elsewhere").iterdir())


def test_a_link_inside_the_folder_is_followed(centre: Centre, to: Path) -> None:
    centre.finish(1)
    (to / "disk2").mkdir(parents=True)
    (to / "renders").symlink_to("disk2")
    pull(centre, to)

    assert (to / "disk2" / "shot_0001.png").read_bytes() == centre.images[1]


def test_what_is_no_image_is_not_written(centre: Centre, to: Path) -> None:
    settings = RenderSettings(
        scene="/shot.blend", output="/.ssh/####", extension=".pub", manifest=a_digest(1)
    )
    spec = a_job("1", layer={"settings": settings}, production="main")
    centre.job = centre.store.jobs.submit(spec, key="k")
    centre.finish(1)

    with pytest.raises(BadRequest, match="which is no image"):
        pull(centre, to)


def test_a_file_where_a_folder_belongs_is_told_in_words(centre: Centre, to: Path) -> None:
    centre.finish(1)
    to.mkdir()
    (to / "renders").write_text("mine")

    with pytest.raises(FarmError) as told:
        pull(centre, to)
    assert "Errno" not in str(told.value)

    with pytest.raises(BadRequest, match=r"cannot be used: (File exists|Not a directory)\Z"):
        pull(centre, to / "renders")
    assert (to / "renders").read_text() == "mine"

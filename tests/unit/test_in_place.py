"""Sent or in place: a scene stays where it lies only where farm and studio surely share it."""

from pathlib import Path

import pytest

from farm.client.client import Client
from farm.client.patience import tell_nobody
from farm.client.submit import Submitter, _inside
from farm.client.transfer import show_nobody


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    (tmp_path / "film").mkdir()
    scene = tmp_path / "film" / "shot.blend"
    scene.touch()
    return scene


def lies_in_place(scene: Path, shared: list[str], url: str, asked: bool | None = None) -> bool:
    submitter = Submitter(Client(url), tell=tell_nobody, on_transfer=show_nobody)
    return submitter._lies_in_place(scene, asked, {"shared": shared})


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_a_service_on_this_machine_reads_what_it_shares_in_place(scene: Path, url: str) -> None:
    assert lies_in_place(scene, ["/"], url)
    assert lies_in_place(scene, ["/nowhere", str(scene.parent)], url)
    assert not lies_in_place(scene, [], url)
    assert not lies_in_place(scene, [f"{scene.parent}2"], url)


def test_a_service_elsewhere_is_sent_the_scene_unless_the_studio_says_otherwise(
    scene: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://farm.example:8420"
    by_itself = lies_in_place(scene, ["/"], url)
    monkeypatch.setenv("FARM_IN_PLACE", "yes")

    assert not by_itself
    assert lies_in_place(scene, ["/"], url)
    assert not lies_in_place(scene, ["/nowhere"], url)


def test_what_is_asked_for_wins(scene: Path) -> None:
    assert lies_in_place(scene, [], "https://farm.example", asked=True)
    assert not lies_in_place(scene, ["/"], "http://127.0.0.1:1", asked=False)


def test_a_scene_counts_where_its_links_lead(scene: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    link, loop = tmp_path / "shared" / "shot.blend", tmp_path / "loop.blend"
    link.symlink_to(scene)
    loop.symlink_to(loop)

    assert not lies_in_place(link, [str(tmp_path / "shared")], "http://127.0.0.1:1")
    assert not lies_in_place(loop, ["/nowhere"], "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("output", "inside"),
    [
        ("/film/renders/shot_####", "renders/shot_####"),
        ("/film/renders/", "renders/"),
        ("/film/a/../renders/x", "renders/x"),
        ("/film", None),
        ("/film/../etc/x", None),
        ("/filmed/x", None),
        ("//renders/x", None),
        ("renders/x", None),
        ("", None),
    ],
)
def test_an_absolute_output_counts_inside_the_project_only(output: str, inside: str | None) -> None:
    assert _inside(output, Path("/film")) == inside

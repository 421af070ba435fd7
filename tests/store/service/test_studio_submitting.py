"""`farm submit` from a studio's desk, against a real service: what is sent, and what is told."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Client, Farm
from farm.client.homes import Homes
from farm.model.errors import BadScene, MissingAssets, ServiceUnavailable
from farm.store import Store
from tests.scenes import make_scenes

SCENE = """
scene.frame_end = 4
for name in ("wood", "bark"):
    image = bpy.data.images.new(name, 8, 8)
    image.source = "FILE"
    image.filepath = f"//textures/{name}.png"
    nodes = bpy.data.materials["Material"].node_tree.nodes
    nodes.new("ShaderNodeTexImage").image = image
save("木 shot.blend")
"""

Capture = pytest.CaptureFixture[str]
Run = Callable[..., int]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_scenes(tmp_path_factory.mktemp("project"), SCENE) / "木 shot.blend"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    scratch = tmp_path / "cache" / "karst" / "scratch"
    assert not scratch.is_dir() or not any(scratch.iterdir())


@pytest.fixture
def scene(made: Path, tmp_path: Path) -> Path:
    """A scene with two textures, of which no job knows yet."""
    folder = tmp_path / "film"
    (folder / "textures").mkdir(parents=True)
    for name in ("wood", "bark"):
        (folder / "textures" / f"{name}.png").write_bytes(os.urandom(1000))
    (folder / made.name).write_bytes(made.read_bytes())
    return folder / made.name


@pytest.fixture
def run(url: str, scene: Path) -> Run:
    """Runs `farm submit SCENE --send …`."""

    def submit(*words: str, how: str = "--send", of: Path = scene) -> int:
        return run_command(cli, ["submit", str(of), how, "--tracer", "bat", "--url", url, *words])

    return submit


def test_a_scene_is_sent_with_its_files_and_becomes_a_job(
    run: Run, client: Client, scene: Path, capsys: Capture
) -> None:
    assert run("--production", "film") == status.OK
    told = capsys.readouterr()
    job = client.job("1")
    manifest = client.manifest("film", job["layers"][0]["manifest"])

    assert told.out == "1\n"
    assert "Sent 3 files (" in told.err
    assert "Submitted 木 shot (4 frames) for film as job 1" in told.err
    assert f"Images:    木 shot_frames/木 shot_####.png in {scene.parent}" in told.err
    assert [layer["name"] for layer in job["layers"]] == ["render", "sheet", "movie"]
    assert [entry.path for entry in manifest.entries] == [
        "textures/bark.png",
        "textures/wood.png",
        "木 shot.blend",
    ]


def test_a_second_submit_sends_only_what_changed_and_is_another_job(
    run: Run, scene: Path, capsys: Capture
) -> None:
    run()
    (scene.parent / "textures" / "wood.png").write_bytes(b"new wood")
    capsys.readouterr()
    run("--json")
    second = json.loads(capsys.readouterr().out)
    run()

    assert second["id"] == "2"
    assert (second["project"]["sent_files"], second["project"]["sent_bytes"]) == (1, 8)
    assert "Sent nothing: the farm had all 3 files" in capsys.readouterr().err


def test_a_submit_that_never_heard_its_answer_makes_one_job_when_it_is_repeated(
    run: Run, client: Client, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Client.submit

    def answer_is_lost(self: Client, request: dict[str, Any], *, key: str = "") -> Any:
        real(self, request, key=key)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Client, "submit", answer_is_lost)
        first = run()
    told = capsys.readouterr().err
    second = run()

    assert first == status.INTERRUPTED
    assert "farm: stopped; what was sent is kept. The same command again sends the rest" in told
    assert second == status.OK
    assert "makes one job only" in capsys.readouterr().err
    assert len(client.jobs()) == 1


def test_a_dry_run_tells_what_would_travel_and_sends_nothing(
    run: Run, client: Client, scene: Path, capsys: Capture
) -> None:
    assert run("--dry-run") == status.OK
    first = capsys.readouterr()
    run()
    capsys.readouterr()
    (scene.parent / "textures" / "wood.png").write_bytes(b"new wood")
    run("--dry-run", "--json")
    second = json.loads(capsys.readouterr().out)

    assert sorted(line.split("\t")[0] for line in first.out.splitlines()) == [
        "textures/bark.png",
        "textures/wood.png",
        "木 shot.blend",
    ]
    assert "Would send 3 files" in first.err
    assert {one["path"]: one["travels_bytes"] for one in second["files"]} == {
        "textures/bark.png": 0,
        "textures/wood.png": 8,
        "木 shot.blend": 0,
    }
    assert len(client.jobs()) == 1


def test_what_the_farm_shares_on_this_machine_is_read_in_place(
    url: str, scene: Path, capsys: Capture, client: Client
) -> None:
    words = ["submit", str(scene), "--url", url]
    assert run_command(cli, [*words, "--dry-run"]) == status.OK
    dry = capsys.readouterr().out
    assert run_command(cli, [*words, "--output", "out/"]) == status.OK

    assert dry == "Nothing would be sent: the farm reads the scene in place\n"
    layer = client.job("1")["layers"][0]
    assert (layer["scene"], layer["manifest"]) == (str(scene), "")
    assert layer["output"] == f"{Path.cwd()}/out/frame_####.png"
    (Path.cwd() / "out").rmdir()


def test_a_preview_and_an_output_can_be_chosen(
    run: Run, client: Client, scene: Path, capsys: Capture
) -> None:
    run("--no-preview", "--output", "renders/a_####")
    run("--frames", "2", "--output", str(scene.parent / "renders" / "b_####"))
    run("--frames", "2-3")
    layers = [[layer["output"] for layer in client.job(n)["layers"]] for n in "123"]

    assert layers[0] == ["/renders/a_####.png"]
    assert layers[1] == ["/renders/b_####.png"]
    assert len(layers[2]) == 3
    assert run("--output", "/elsewhere/x_####") == status.USAGE
    assert "is not in the project's folder" in capsys.readouterr().err
    assert run("--output", "../x_####") == status.USAGE


def test_missing_files_are_named_before_anything_is_sent(
    run: Run, store: Store, scene: Path, capsys: Capture
) -> None:
    (scene.parent / "textures" / "wood.png").unlink()

    assert run() == status.USAGE
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "textures/wood.png" in told
    assert run("--allow-missing") == status.OK
    assert run("--allow-missing", how="--in-place") == status.OK
    jobs = store.jobs.list()
    assert [store.jobs.get(job.id).layers[0].spec.settings.allow_missing for job in jobs] == [
        True
    ] * 2


def test_bad_input_is_told_in_one_line_and_makes_no_job(
    run: Run, client: Client, scene: Path, tmp_path: Path, capsys: Capture
) -> None:
    loop, folder, text = tmp_path / "loop.blend", tmp_path / "a.blend", tmp_path / "t.blend"
    loop.symlink_to(loop)
    folder.mkdir()
    text.write_text("no scene")
    bad: list[tuple[Path, list[str]]] = [
        (tmp_path / "none.blend", []),
        (loop, []),
        (folder, []),
        (text, []),
        (tmp_path / ("木" * 200 + ".blend"), []),
        (scene, ["--frames", "x"]),
        (scene, ["--production", "a/b"]),
        (scene, ["--project", str(tmp_path / "nowhere")]),
        (scene, ["--tracer", "guess"]),
        (scene, ["--cores", "0"]),
    ]
    for of, words in bad:
        assert run(*words, of=of) == status.USAGE, (of, words)
        told = capsys.readouterr()
        assert told.out == ""
        assert [line[:6] for line in told.err.splitlines() if "Sent" not in line] == ["farm: "], (
            told
        )

    assert client.jobs() == []


def test_the_job_tells_where_it_came_from_and_how_its_images_come_back(
    run: Run, url: str, scene: Path, capsys: Capture
) -> None:
    run()
    capsys.readouterr()
    assert run_command(cli, ["jobs", "show", "1", "--url", url]) == status.OK
    told = dict(line.split("\t", 1) for line in capsys.readouterr().out.splitlines())

    assert told["sent"].startswith("3 files, ")
    assert told["sent"].endswith(f", from {scene.parent}")
    assert told["pull"] == "farm pull 1 --follow"
    assert told["images"].endswith(" in the project")


def test_programs_submit_too(url: str, scene: Path) -> None:
    told: list[str] = []
    with Farm(url, tell=told.append) as farm:
        job = farm.submit(scene, in_place=False, tracer="bat", frames="1-2", production="film")
        again = farm.submit(scene, in_place=False, tracer="bat", frames="1-2", production="film")

        assert job.state == "active"
        assert [one.id for one in farm.jobs(production="film")] == [again.id, job.id]
        assert job.project() is not None
        job.cancel()
        assert job.wait() == "cancelled"
        with pytest.raises(BadScene, match="there is no such file: check the path"):
            farm.submit(scene.with_name("none.blend"), in_place=False)
        (scene.parent / "textures" / "wood.png").unlink()
        with pytest.raises(MissingAssets, match=r"wood\.png"):
            farm.submit(scene, in_place=False, tracer="bat")
    assert any("no node has registered yet" in line for line in told)


def test_a_farm_that_is_not_there_is_told_at_once(scene: Path) -> None:
    with Farm("http://127.0.0.1:1") as farm, pytest.raises(ServiceUnavailable):
        farm.submit(scene)


def test_a_cache_folder_that_cannot_be_made_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")

    assert run() == status.FAILED
    assert "farm: nothing can be written to /proc/nowhere/karst/scratch" in capsys.readouterr().err


def test_a_job_is_forgotten_that_is_another_farms(tmp_path: Path, scene: Path) -> None:
    homes = Homes(tmp_path / "jobs.sqlite")

    assert homes.project_of("http://a", "1", production="film", name="shot") is None


def test_ctrl_c_while_files_travel_says_how_to_go_on(url: str, scene: Path) -> None:
    big = scene.parent / "textures" / "wood.png"
    with big.open("wb") as file:
        file.truncate(4_000_000_000)
    words = ["submit", str(scene), "--send", "--tracer", "bat", "--url", url]
    with subprocess.Popen(
        [sys.executable, "-m", "farm.cli.main", *words], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(2)
        rest = process.stderr.read()

    assert "farm: " in first
    assert process.returncode == status.INTERRUPTED
    assert rest == "farm: stopped; what was sent is kept. The same command again sends the rest\n"

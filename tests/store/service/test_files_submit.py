"""Jobs made of sent files: taken in whole or not at all, and nothing live is ever collected."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Client
from farm.files.content import ContentStore
from farm.model.errors import BadManifest, BadRequest, BadScene, FilesNotSent
from farm.model.manifest import Manifest, ManifestEntry
from farm.store import Store
from tests.makers import a_digest
from tests.sending import DIGEST, age, send, whole_files
from tests.store.service.projects import SCENE, a_project, a_sent_job, render


@pytest.fixture
def manifest(content: ContentStore, scenes: Path) -> str:
    return a_project(content, scenes / "shot.blend")


def test_a_job_is_made_of_what_was_sent(client: Client, manifest: str) -> None:
    asked = {"scene": SCENE, "production": "heron", "manifest": manifest}
    submitted = client.submit(asked)
    layer = client.job(submitted["id"])["layers"][0]

    assert submitted["sent"]
    assert (submitted["name"], submitted["tasks"]) == ("木", 4)
    assert submitted["output"].startswith("/shots/010/")
    assert (layer["scene"], layer["manifest"]) == (SCENE, manifest)
    assert not Path("/shots").exists()


def test_a_job_that_would_write_over_a_file_of_its_project_is_refused_and_makes_none(
    client: Client, content: ContentStore, scenes: Path
) -> None:
    files = {"shot.blend": (scenes / "shot.blend").read_bytes(), "plates/0003.png": b"a plate"}
    entries = [
        ManifestEntry(path=path, digest=send(content, data), size_bytes=len(data))
        for path, data in files.items()
    ]
    asked = {"scene": "/shot.blend", "production": "heron", "output": "plates/####"}

    with pytest.raises(BadRequest, match=r"^output '/plates/####.png' would .* '/plates/0003.png'"):
        client.submit(asked | {"manifest": send(content, Manifest.of(entries).write())})
    assert client.jobs() == []


def test_a_job_in_place_is_as_it_was(client: Client, request_of: dict[str, Any]) -> None:
    assert not client.submit({**request_of, "manifest": None})["sent"]
    assert not client.submit({**request_of, "manifest": ""})["sent"]


def test_a_job_with_files_that_were_never_sent_is_refused_and_names_some(
    client: Client, content: ContentStore, scenes: Path
) -> None:
    scene = (scenes / "shot.blend").read_bytes()
    there = ManifestEntry(path="shot.blend", digest=send(content, scene), size_bytes=len(scene))
    absent = [
        ManifestEntry(path=f"tex/{number}.png", digest=a_digest(number), size_bytes=1)
        for number in range(5)
    ]
    cut_short = ManifestEntry(path="tex/0.png", digest=there.digest, size_bytes=7)
    for entries, said in (
        (absent, "5 of the project's 6 files are not on the farm: tex/0.png, tex/1.png, tex/2.png"),
        ([cut_short], "1 of the project's 2 files are not on the farm: tex/0.png;"),
    ):
        manifest = send(content, Manifest.of([there, *entries]).write())
        with pytest.raises(FilesNotSent, match=said):
            client.submit({"scene": "/shot.blend", "production": "heron", "manifest": manifest})

    assert client.jobs() == []


def test_what_another_production_has_sent_makes_no_job_of_ours(
    client: Client, manifest: str
) -> None:
    with pytest.raises(FilesNotSent, match=f"manifest {manifest} is not on the farm for"):
        client.submit({"scene": SCENE, "production": "kite", "manifest": manifest})


def test_a_manifest_that_is_none_is_refused(
    client: Client, content: ContentStore, manifest: str
) -> None:
    asked = {"scene": SCENE, "production": "heron"}
    climbing = json.dumps({"version": 1, "files": [["../../etc/passwd", DIGEST, 4000]]})
    for text in (b"no manifest", climbing.encode(), b"[" * 10_000):
        with pytest.raises(BadManifest):
            client.submit({**asked, "manifest": send(content, text)})
    for digest in ("../../etc/passwd", manifest.upper(), "\0"):
        with pytest.raises(BadManifest, match="64 digits"):
            client.submit({**asked, "manifest": digest})

    assert client.jobs() == []


@pytest.mark.parametrize("scene", ["shots/010/木.blend", "/none.blend", "/../etc/passwd", "/", ""])
def test_a_scene_that_is_not_in_the_project_is_refused(
    client: Client, manifest: str, scene: str
) -> None:
    with pytest.raises(BadRequest, match="is no file of the project that was sent"):
        client.submit({"scene": scene, "production": "heron", "manifest": manifest})


def test_faults_of_a_sent_scene_name_its_path_in_the_project(
    client: Client, content: ContentStore, scenes: Path
) -> None:
    blind = a_project(content, scenes / "blind.blend")
    with pytest.raises(BadRequest, match=f"scene {SCENE} has no camera.*; frames '10-1'") as caught:
        client.submit({"scene": SCENE, "production": "heron", "manifest": blind, "frames": "10-1"})
    assert "blobs" not in str(caught.value)
    with pytest.raises(BadScene, match=r"scene /textures/wood\.png is not a \.blend file"):
        client.submit({"scene": "/textures/wood.png", "production": "heron", "manifest": blind})


def test_the_same_key_makes_one_sent_job(client: Client, manifest: str) -> None:
    asked = {"scene": SCENE, "production": "heron", "manifest": manifest}

    assert client.submit(asked, key="once")["id"] == client.submit(asked, key="once")["id"]


def test_while_a_job_is_taken_in_nothing_is_collected(
    client: Client, content: ContentStore, manifest: str
) -> None:
    age(*whole_files(content))
    done: list[Any] = []
    with content.taking_in():
        collector = threading.Thread(target=lambda: done.append(client.collect(dry_run=False)))
        collector.start()
        a_sent_job(client, manifest)
        assert not done
    collector.join()

    assert done[0]["files"] == 0
    assert len(whole_files(content)) == 4


def test_nothing_a_live_job_needs_is_collected_and_the_rest_goes(
    client: Client, store: Store, content: ContentStore, manifest: str
) -> None:
    job = a_sent_job(client, manifest)
    image = render(store, content, job, b"an image")[0]
    loose = send(content, b"nobody's")
    age(*whole_files(content))
    told = client.collect(dry_run=True)
    done = client.collect(dry_run=False)

    assert told == done
    assert (done["files"], done["bytes"], done["kept_files"]) == (1, 8, 5)
    assert not content.has(loose)
    assert content.has(image)
    client.cancel(job)
    assert client.collect(dry_run=False)["files"] == 0
    assert client.retry(job)["tasks"] == 3


def test_a_job_that_ended_long_ago_loses_its_files_and_can_only_be_submitted_again(
    client: Client, store: Store, content: ContentStore, manifest: str, scenes: Path
) -> None:
    job = a_sent_job(client, manifest)
    render(store, content, job, b"an image")
    client.cancel(job)
    age(*whole_files(content))
    assert client.collect(dry_run=False, keep_days=0)["files"] == 5

    with pytest.raises(FilesNotSent, match=f"files of job {job} were collected after it ended"):
        client.retry(job)
    a_project(content, scenes / "shot.blend")
    assert client.retry(job)["tasks"] == 3


def test_a_job_that_is_tried_again_keeps_its_images_and_thumbnails_while_others_collect(
    client: Client, store: Store, content: ContentStore, manifest: str
) -> None:
    job = a_sent_job(client, manifest)
    image = render(store, content, job, b"an image")[0]
    thumbnail = content.thumbnail_path(job, "render", 1)
    content.put(thumbnail, b"jpeg")
    client.cancel(job)
    age(*whole_files(content), thumbnail)
    client.retry(job)
    client.cancel(job)
    client.collect(dry_run=False, keep_days=0)

    assert content.has(image)
    assert thumbnail.exists()


def test_the_command_that_collects_tells_what_went(
    url: str, content: ContentStore, capsys: pytest.CaptureFixture[str]
) -> None:
    send(content, b"x" * 2048)
    age(*whole_files(content))
    words = ["files", "collect", "--url", url]
    assert run_command(cli, [*words, "--dry-run"]) == status.OK
    assert run_command(cli, [*words, "--json", "--keep-days", "3"]) == status.OK
    dry, _, as_json = capsys.readouterr().out.partition("\n")

    assert dry == "1 file with 2 KiB would go; 0 files with 0 B stay"
    assert json.loads(as_json)["files"] == 1
    assert whole_files(content) == []

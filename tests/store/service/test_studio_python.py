"""The page on the farm from Python: its program runs as it stands there."""

import contextlib
import os
import re
import threading
from pathlib import Path

import pytest

from farm.files.content import ContentStore
from farm.model.errors import NotFound
from farm.store import Store
from tests.makers import a_node, begin, result
from tests.scenes import make_scenes
from tests.serving import serving
from tests.waiting import wait_until

PAGE = Path(__file__).parents[3] / "docs" / "python.md"


def render(store: Store, files: ContentStore, job: str, layer: int) -> None:
    """Finish each task of a job's layer, as a node would."""
    epoch = store.nodes.register(a_node())
    lease, tasks = begin(store, epoch=epoch, layer=f"{job}.{layer}")
    while tasks:
        (files.root / "made").write_bytes(os.urandom(1000))
        digest = files.add_file(files.root / "made")
        ended = [result(task, image_digest=digest, image_bytes=1000) for task in tasks]
        tasks = store.leases.settle(lease, ended, want=1).tasks


def render_job(store: Store, files: ContentStore, job: str) -> None:
    wait_until(lambda: is_there(store, job), timeout_seconds=20)
    for layer in (1, 2, 3):
        render(store, files, job, layer)


def is_there(store: Store, job: str) -> bool:
    with contextlib.suppress(NotFound):
        store.jobs.get(job)
        return True
    return False


def test_the_program_on_the_page_submits_follows_and_pulls(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    folder = tmp_path / "shots" / "010"
    folder.mkdir(parents=True)
    make_scenes(folder, 'save("shot.blend")')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = ContentStore(tmp_path / "vault")
    with serving(store, content=files) as url:
        monkeypatch.setenv("FARM_URL", url)
        node = threading.Thread(target=render_job, args=(store, files, "1"))
        node.start()
        exec(compile(found[1], str(PAGE), "exec"), {})
        node.join()
    told = capsys.readouterr().out.splitlines()

    assert told[0] == "job 1: 4 to do"
    assert sorted(line.partition(":")[0] for line in told[1:-1]) == [
        "movie 1",
        "render 1",
        "render 2",
        "sheet 1",
    ]
    assert told[-1] == "job 1 succeeded"
    assert sum(path.is_file() for path in (tmp_path / "dailies").rglob("*")) == 4

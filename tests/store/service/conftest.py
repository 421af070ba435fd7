"""A service in front of the test's store, its client, and a request that is good as it is."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.client import Client
from farm.files.content import ContentStore
from farm.store import Store
from tests.centre import Centre
from tests.made import made_once
from tests.makers import LEADER
from tests.scenes import make_scenes
from tests.serving import serving


@pytest.fixture
def content(tmp_path_factory: pytest.TempPathFactory) -> ContentStore:
    return ContentStore(tmp_path_factory.mktemp("content") / "files")


@pytest.fixture
def url(store: Store, content: ContentStore) -> Iterator[str]:
    with serving(store, content=content, plan_seconds=0) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    client = Client(url)
    yield client
    client.close()


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = 'scene.frame_end = 4\nsave("shot.blend")\nscene.camera = None\nsave("blind.blend")'
    return made_once(tmp_path_factory, "shot", lambda folder: make_scenes(folder, script))


@pytest.fixture
def request_of(scenes: Path, tmp_path: Path) -> dict[str, Any]:
    """A request that is good as it is."""
    return {"scene": str(scenes / "shot.blend"), "output": f"{tmp_path}/out/shot_####"}


@pytest.fixture
def to(tmp_path: Path) -> Path:
    """A folder that images are pulled to."""
    return tmp_path / "dailies"


@pytest.fixture
def centre(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Centre]:
    """A farm with a sent job of four frames, none of them finished, and a desk with a cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = ContentStore(tmp_path / "vault")
    with serving(store, content=files) as url:
        centre = Centre(store=store, files=files, url=url)
        centre.submit()
        yield centre


@pytest.fixture
def why(store: Store, client: Client) -> Callable[..., str]:
    """A function that asks why, of a farm with a scheduler; its answers leave short spans open."""

    def ask(job: str, *, leads: bool = True, **of: Any) -> str:
        store.leader.lead(LEADER) if leads else store.leader.resign(LEADER)
        told = client.why(job, **of)
        assert told["waiting"] == sum(one["count"] for one in told["reasons"])
        return re.sub(r"\d+\.\d s", "… s", told["sentence"])

    return ask

"""Fixtures of the tests with a real Blender."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.made import made_once
from tests.system.scenes import build_scenes
from tests.system.studio import Studio


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "scenes", build_scenes)


@pytest.fixture(scope="module")
def all_of_it(scenes: Path) -> Iterator[Studio]:
    """One pool for all tests: most of them can do with a warm Blender."""
    studio = Studio(scenes, scenes)
    yield studio
    studio.pool.close()
    assert not [one for one in psutil.Process().children() if "inside.py" in str(one.cmdline())]


@pytest.fixture
def studio(all_of_it: Studio, tmp_path: Path) -> Studio:
    studio = all_of_it
    studio.folder, studio.progress = tmp_path, []
    return studio

"""A farm whose nodes share no folder with anybody: fixtures, and what to look at in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.store.connection import new_id
from farm.up.port import HOST, free_port
from tests.made import made_once
from tests.system.farm_under_test import Farm, tails_on_failure
from tests.system.projects import SentShot, make_project, send

SCENE = "shots/010/shot.blend"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "project", make_project)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("farm")) as farm:
        farm.add_scheduler("scheduler")
        farm.add_service("service", free_port())
        yield farm


@pytest.fixture
def farm(shared: Farm) -> Iterator[Farm]:
    """A scheduler and a service; each test adds its nodes, which start with an empty cache."""
    with tails_on_failure(shared):
        yield shared
        for name in ("n1", "n2"):
            shared.remove(name)
        for folder in shared.folder.glob("n?"):
            folder.rename(folder.with_name(f"{folder.name}.{new_id()}"))
        if not shared.parts["service"].runs:
            shared.start("service")
        assert shared.orphans() == []


@pytest.fixture(scope="module")
def manifest(shared: Farm, project: Path) -> str:
    return send(shared.files, project)


def url_of(farm: Farm) -> str:
    words = farm.parts["service"].words
    return f"http://{HOST}:{words[words.index('--port') + 1]}/"


def warm(farm: Farm, name: str) -> tuple[str, ...]:
    node = farm.node(name)
    return node.health.warm_scenes if node else ()


def unfit(farm: Farm, name: str) -> str:
    node = farm.node(name)
    return node.health.unfit if node else ""


def back(farm: Farm, name: str) -> bool:
    """The node is there again, and has dropped what it had."""
    return farm.is_online(name) and not (node.leases if (node := farm.node(name)) else True)


def log_of(shot: SentShot, frame: int, attempt: int = 1) -> str:
    return shot.content.log_path(shot.job, "render", frame, attempt).read_text("utf-8")


def cache_of(farm: Farm, node: str) -> Path:
    return farm.folder / node / "cache"

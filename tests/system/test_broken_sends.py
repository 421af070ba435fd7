"""A project is sent, and client or service are killed again and again meanwhile.

Each time the send goes on where it was; in the end there is one job, and every file in the content
store is what its name says. KILLS says how many times, KILL_SEED when."""

import contextlib
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from farm.files.hashing import hash_file
from farm.up.port import HOST, free_port
from tests.lengths import how_many
from tests.scenes import make_scenes
from tests.serving import raw
from tests.system.desk import Desk
from tests.system.door import a_door
from tests.system.farm_under_test import Farm, tails_on_failure

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

KILLS = how_many("KILLS", short=6, long=20)
SEED = int(os.environ.get("KILL_SEED", "1"))
TEXTURES, TEXTURE_BYTES = 24, 4_000_000
_SCRIPT = f"""
for number in range({TEXTURES}):
    image = bpy.data.images.new(str(number), 8, 8)
    image.source = "FILE"
    image.filepath = f"//textures/{{number}}.bin.png"
    image.use_fake_user = True
save("shot.blend")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A scene with 24 textures of 4 MB, which nobody renders."""
    folder = tmp_path / "project"
    (folder / "textures").mkdir(parents=True)
    for number in range(TEXTURES):
        (folder / "textures" / f"{number}.bin.png").write_bytes(os.urandom(TEXTURE_BYTES))
    return make_scenes(folder, _SCRIPT) / "shot.blend"


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    with Farm(tmp_path / "centre") as farm, tails_on_failure(farm):
        yield farm


class Vault:
    """The content store's folder, as one sees it from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def arrived_bytes(self) -> int:
        """Of whole files and of parts, together."""
        found: dict[str, int] = {}
        # Parts first: one that becomes a whole file meanwhile is then counted as that.
        for pattern in ("uploads/*/*.part", "blobs/*/*"):
            for file in self.folder.glob(pattern):
                with contextlib.suppress(FileNotFoundError):
                    found[file.stem] = file.stat().st_size
        return sum(found.values())

    def wrong(self) -> list[str]:
        """Whole files that are not what they are called."""
        return [
            file.name for file in self.folder.glob("blobs/*/*") if hash_file(file)[0] != file.name
        ]


def test_sends_that_are_killed_at_random_go_on_and_make_one_job(
    farm: Farm, project: Path, tmp_path: Path
) -> None:
    vault, port = Vault(tmp_path / "vault"), free_port()
    farm.add_service("service", port, files=vault.folder)
    desk = Desk(tmp_path / "desk", f"http://{HOST}:{port}")
    farm.wait(lambda: answers(desk.url))
    chance = random.Random(SEED)
    total = TEXTURES * TEXTURE_BYTES
    moments = sorted(chance.uniform(0.01, 0.95) * total for _ in range(KILLS))
    words = ("submit", str(project), "--send", "--tracer", "bat", "--frames", "1", "--json")

    send = desk.begin(*words)
    for moment in moments:
        await_bytes(farm, vault, moment, send)
        before = vault.arrived_bytes()
        if chance.random() < 0.5:
            send.kill()
            send.communicate()
            send = desk.begin(*words)
        else:
            farm.kill9("service")
            farm.start("service")
        assert vault.arrived_bytes() >= before
    out, said = send.communicate(timeout=120)

    assert send.returncode == 0, said
    assert out
    assert len(farm.store.jobs.list()) == 1
    assert vault.wrong() == []
    parts = {part.stem for part in vault.folder.glob("uploads/*/*.part")}
    assert parts <= {file.name for file in vault.folder.glob("blobs/*/*")}  # swept by and by


def answers(url: str) -> bool:
    """Whether a service listens there, and reaches its store."""
    try:
        return raw(url.rstrip("/"), "GET", "/healthz")[0] == 200
    except urllib3.exceptions.HTTPError:
        return False


def await_bytes(farm: Farm, vault: Vault, moment: float, send: "subprocess.Popen[str]") -> None:
    """Wait until so much has arrived; the send must still be at work then."""
    farm.wait(lambda: vault.arrived_bytes() >= moment or send.poll() is not None)
    assert send.poll() is None, send.communicate()


def test_a_submit_that_is_killed_before_it_heard_the_answer_and_repeated_makes_one_job(
    farm: Farm, project: Path, tmp_path: Path
) -> None:
    port = free_port()
    farm.add_service("service", port, files=tmp_path / "vault")
    words = ("submit", str(project), "--send", "--tracer", "bat", "--frames", "1")
    with a_door(farm, "nobody", to=f"http://{HOST}:{port}/") as door:
        desk = Desk(tmp_path / "desk", door.url)
        farm.wait(lambda: answers(door.url))

        door.last = b"POST /jobs "
        send = desk.begin(*words)
        farm.wait(lambda: farm.store.jobs.list() or send.poll() is not None)
        send.kill()
        heard, _ = send.communicate()
        door.last = b""
        door.silent.clear()
        again = desk.run(*words).stdout.split()

        assert heard == ""
        assert [job.id for job in farm.store.jobs.list()] == again

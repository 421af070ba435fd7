"""A project that was sent: its files in the farm's content store, and jobs that are made of it."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes
from farm.model.job import JobSpec, LayerSpec, Task
from farm.model.manifest import Manifest, ManifestEntry
from farm.model.render import RenderSettings
from farm.model.states import JobState
from farm.policy.preview import preview_layers
from farm.store.connection import new_id
from tests.system.farm_under_test import Farm
from tests.system.shots import pixels

PRODUCTION = "heron"

#: A shot with a linked library that has a texture of its own, a sequence and a tiled texture.
_SCRIPT = """
import bpy, os, sys
root = sys.argv[1]
for folder in ("lib/tex", "shots/010", "seq"):
    os.makedirs(os.path.join(root, folder))

def draw(path, colour):
    image = bpy.data.images.new("made", 8, 8)
    image.pixels = [*colour, 1] * 64
    image.filepath_raw, image.file_format = os.path.join(root, path), "PNG"
    image.save()
    bpy.data.images.remove(image)

draw("lib/tex/red.png", (1, 0, 0))
draw("lib/tex/tiles.1001.png", (0, 1, 0))
draw("lib/tex/tiles.1002.png", (0, 1, 1))
for number in range(1, 5):
    draw(f"seq/sky_{number:04d}.png", (number / 4, 0, 1))

def save(path):
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(root, path), compress=False)

bpy.ops.wm.read_factory_settings()
save("lib/prop.blend")
material = bpy.data.objects["Cube"].active_material
material.use_nodes = True
tree = material.node_tree
for path, source, socket in (
    ("//tex/red.png", "FILE", "Base Color"),
    ("//tex/tiles.<UDIM>.png", "TILED", "Emission Color"),
):
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(path)
    node.image.source = source
    tree.links.new(node.outputs[0], tree.nodes["Principled BSDF"].inputs[socket])
save("lib/prop.blend")

bpy.ops.wm.read_factory_settings()
bpy.data.objects.remove(bpy.data.objects["Cube"])
save("shots/010/shot.blend")
with bpy.data.libraries.load("//../../lib/prop.blend", link=True, relative=True) as (_, here):
    here.objects = ["Cube"]
scene = bpy.context.scene
scene.collection.objects.link(here.objects[0])
scene.world.use_nodes = True
sky = scene.world.node_tree.nodes.new("ShaderNodeTexEnvironment")
sky.image = bpy.data.images.load("//../../seq/sky_0001.png")
sky.image.source = "SEQUENCE"
sky.image_user.frame_duration, sky.image_user.use_auto_refresh = 4, True
background = scene.world.node_tree.nodes["Background"]
scene.world.node_tree.links.new(sky.outputs[0], background.inputs[0])
# Else Cycles draws a map of what the sky lights before each frame: seconds, for 64 x 36 pixels.
scene.world.cycles.sampling_method = "NONE"
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.use_denoising = 4, False
scene.render.resolution_x, scene.render.resolution_y = 64, 36
save("shots/010/shot.blend")
"""


def make_project(folder: Path) -> Path:
    """Write the project to `folder`, with names that nobody's keyboard has all of."""
    command = [sys.executable, "-P", "-c", _SCRIPT, str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    notes = folder / "备注" / "köln ☂.txt"
    notes.parent.mkdir()
    notes.write_text("nobody needs this file, and it comes along all the same")
    return folder


def with_file(project: Path, folder: Path, name: str, data: bytes) -> Path:
    """A copy of the project with one file more."""
    shutil.copytree(project, folder)
    (folder / name).write_bytes(data)
    return folder


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def send(files: Path, project: Path) -> str:
    """Put all files of `project` into the content store; the digest of its manifest."""
    store, entries = ContentStore(files), []
    for path in sorted(project.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            inside = path.relative_to(project).as_posix()
            entries.append(
                ManifestEntry(path=inside, digest=put(store, data), size_bytes=len(data))
            )
    return put(store, Manifest.of(entries).write())


def put(store: ContentStore, data: bytes) -> str:
    digest = hash_bytes(data)
    with store.receive(PRODUCTION, digest, len(data)) as upload:
        if not upload.is_there:
            upload.write(data)
        upload.finish()
    return digest


@dataclass(frozen=True, slots=True, kw_only=True)
class SentShot:
    """A job of one layer that renders frames 1 to `length` of a sent project."""

    farm: Farm
    job: str
    length: int
    settings: RenderSettings

    @property
    def content(self) -> ContentStore:
        return ContentStore(self.farm.files)

    def task(self, frame: int) -> Task:
        return self.farm.store.tasks.get(self.job, frame, layer="render")

    def running(self, node: str) -> list[Task]:
        found = self.farm.store.tasks.list(self.job)
        return [task for task in found if task.node == node and task.state == "running"]

    def is_over(self) -> bool:
        return self.farm.store.jobs.get(self.job).ended_at is not None

    def result(self, layer: str, folder: Path) -> Path:
        """What the one task of a layer has made, copied to `folder`."""
        task = self.farm.store.tasks.get(self.job, 1, layer=layer)
        (of,) = [one for one in self.farm.store.jobs.get(self.job).layers if one.id == task.layer]
        named = folder / f"{layer}{of.spec.settings.extension}"
        named.write_bytes(self.content.path_of(task.image_digest or "").read_bytes())
        return named

    def image(self, frame: int) -> Path:
        """The frame's image in the content store, with an extension that tells what it is."""
        blob = self.content.path_of(self.task(frame).image_digest or "")
        named = self.farm.folder / f"{self.job}.{frame}{self.settings.extension}"
        named.write_bytes(blob.read_bytes())
        return named

    def check(self) -> None:
        """Wait for the end; then every frame has succeeded, and is what the store says it is."""
        self.farm.wait(self.is_over)
        job = self.farm.store.jobs.get(self.job)
        assert (job.state, job.counts.succeeded) == (JobState.SUCCEEDED, job.counts.total)
        for frame in range(1, self.length + 1):
            image = self.image(frame)
            assert hash_bytes(image.read_bytes()) == self.task(frame).image_digest
            pixels(image)
            assert self.content.thumbnail_path(self.job, "render", frame).exists()
        self.farm.wait(lambda: not self.farm.orphans())
        assert self.farm.store.audit() == []


def submit(
    farm: Farm, manifest: str, scene: str, length: int = 1, *, preview: bool = False, **fields: Any
) -> SentShot:
    """A job that renders frames 1 to `length` of the project's `scene`, and shows them."""
    settings = RenderSettings(
        scene=f"/{scene}", output="/renders/out_####", extension=".png", manifest=manifest
    )
    layer = LayerSpec(
        name="render", frames=f"1-{length}", settings=settings, **fields.pop("layer", {})
    )
    more = preview_layers(layer, frames_per_second=24) if preview else ()
    name = new_id()
    layers = (layer, *more)
    spec = JobSpec(**{"production": PRODUCTION, "name": name, "layers": layers, **fields})
    job = farm.store.jobs.submit(spec, key=name)
    return SentShot(farm=farm, job=job, length=length, settings=settings)

"""Sent projects, the jobs that are made of them, and the results that come back."""

from pathlib import Path
from typing import Any

from farm.client import Client
from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes
from farm.model.manifest import Manifest, ManifestEntry
from farm.store import Store
from tests.makers import a_node, begin, result
from tests.sending import send

SCENE = "/shots/010/木.blend"


def a_project(content: ContentStore, scene: Path, *, production: str = "heron") -> str:
    """A scene and two textures that the farm has; the digest of their manifest."""
    files = {
        SCENE.removeprefix("/"): scene.read_bytes(),
        "textures/wood.png": b"wood",
        "textures/木材.png": b"more wood",
    }
    entries = [
        ManifestEntry(path=path, digest=send(content, data, production), size_bytes=len(data))
        for path, data in files.items()
    ]
    return send(content, Manifest.of(entries).write(), production)


def a_sent_job(client: Client, manifest: str, **asked: Any) -> str:
    """Its number."""
    request = {"scene": SCENE, "production": "heron", "manifest": manifest, **asked}
    return str(client.submit(request)["id"])


def render(store: Store, content: ContentStore, job: str, *images: bytes) -> list[str]:
    """Let a node render the next frames of `job`, one for each of `images`; their digests."""
    epoch = store.nodes.register(a_node())
    lease, tasks = begin(store, epoch=epoch, layer=f"{job}.1", want=len(images))
    digests = []
    for data in images:
        digests.append(hash_bytes(data))
        with content.receive("@nodes", digests[-1], len(data)) as upload:
            upload.write(data)
            upload.finish()
    told = [result(task, image_digest=digest) for task, digest in zip(tasks, digests, strict=True)]
    store.leases.settle(lease, told, want=0)
    return digests

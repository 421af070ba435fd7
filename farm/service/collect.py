"""The route that removes files which no job needs any more."""

import time
from collections.abc import Iterator

from fastapi import APIRouter

from farm.files.content import ContentStore
from farm.files.disk import told
from farm.files.sweep import sweep
from farm.model.job import Job
from farm.model.manifest import Manifest
from farm.model.states import OPEN_JOB_STATES
from farm.policy.access import Right
from farm.service import answers
from farm.service.access import Caller
from farm.service.content import TheFiles
from farm.service.file_schemas import USUAL_KEEP_DAYS, CollectIn, CollectOut
from farm.service.link import TheStore
from farm.service.requests import Key

router = APIRouter(tags=["files"], responses=answers.DESCRIBED)

_DAY_SECONDS = 86_400.0


@router.post("/files/collect", summary="Remove files that no job needs")
def collect(
    store: TheStore, files: TheFiles, caller: Caller, asked: CollectIn, _key: Key
) -> CollectOut:
    """What open jobs need stays, and what jobs need that ended less than `keep_days` ago.

    What was sent, asked for or used within a day stays too; unfinished uploads for a week.
    """
    caller.must(Right.COLLECT)
    live, live_jobs, manifests = set[str](), set[str](), set[str]()
    for job in store.jobs.all():
        if may_be_collected(job, keep_days=asked.keep_days):
            continue
        live_jobs.add(job.id)
        manifests |= {one.spec.settings.manifest for one in job.layers if one.spec.settings.is_sent}
        for _, digests in store.jobs.image_digests(job.id):
            live.update(digests)
    for manifest in manifests:
        live.add(manifest)
        live.update(_entries(files, manifest))
    return CollectOut.model_validate(sweep(files, live, live_jobs, dry_run=asked.dry_run))


def is_sent(job: Job) -> bool:
    """Are its files and images in the farm's content store?"""
    return any(layer.spec.settings.is_sent for layer in job.layers)


def may_be_collected(job: Job, *, keep_days: float = USUAL_KEEP_DAYS) -> bool:
    """Has it ended, and so long ago?"""
    if job.state in OPEN_JOB_STATES or job.ended_at is None:
        return False
    return job.ended_at <= time.time() - keep_days * _DAY_SECONDS


def _entries(files: ContentStore, manifest: str) -> Iterator[str]:
    """The digests that the manifest names. Raises BadManifest, FarmError when it is damaged."""
    if files.has(manifest):
        with told(files.root):
            text = files.path_of(manifest).read_bytes()
        for entry in Manifest.read(text).entries:
            yield entry.digest

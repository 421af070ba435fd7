"""Routes of the farm as a whole: is it well, what is it made of, is its book-keeping true."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from farm.assets.images import WantedImage, absent
from farm.files.content import ContentStore
from farm.model.errors import FarmError
from farm.model.job import Job, Task
from farm.model.render import RenderSettings
from farm.model.states import NodeState, TaskState
from farm.policy.access import Right
from farm.service import answers
from farm.service.access import Access, Caller
from farm.service.collect import is_sent, may_be_collected
from farm.service.content import TheFiles
from farm.service.link import StoreLink, TheStore
from farm.service.schemas import AuditOut, BreachOut, FarmOut, HealthOut
from farm.store import Store

router = APIRouter(tags=["farm"], responses=answers.DESCRIBED)

_JOBS_AUDITED = 1000  #: the newest ones
_PAGE = 1000
_AWAY = "the store cannot be reached"


@router.get(
    "/healthz",
    summary="Is the service well?",
    responses={503: {"model": HealthOut, "description": "The store cannot be reached."}},
)
def healthz(request: Request, response: Response) -> HealthOut:
    """200 while the service can work, 503 while it waits for its store.

    Open to everybody: names and addresses are told only where the farm asks nobody.
    """
    link: StoreLink = request.app.state.link
    access: Access = request.app.state.access
    try:
        store = link.get()
        online = sum(node.state is not NodeState.OFFLINE for node in store.nodes.list())
        leader = store.leader.leader()
    except FarmError as error:
        response.status_code = 503
        return HealthOut(status="waiting", store=_AWAY if access.asks else str(error))
    if leader and access.asks:
        leader = "one leads"
    return HealthOut(status="ok", store="ok", scheduler=leader, nodes=online)


@router.get("/farm", summary="What is the farm made of?")
def farm(store: TheStore, caller: Caller) -> FarmOut:
    """The leading scheduler, the nodes by state, the Blenders on them, the store."""
    caller.must(Right.READ_FARM)
    nodes = store.nodes.list()
    online = [node for node in nodes if node.state is not NodeState.OFFLINE]
    count = Counter(node.state for node in nodes)
    return FarmOut(
        status="ok",
        store="ok",
        scheduler=store.leader.leader(),
        nodes=len(online),
        nodes_by_state={state: count[state] for state in NodeState},
        blenders=sorted({version for node in online for version in node.spec.blenders}),
        store_facts=store.connection.server(),
    )


@router.get("/audit", summary="Is the book-keeping true?")
def audit(
    store: TheStore,
    files: TheFiles,
    caller: Caller,
    images: Annotated[int, Query(ge=0, le=100_000, description="Images to look for.")] = 10_000,
) -> AuditOut:
    """Every derived figure computed again, and the images of succeeded frames looked for.

    Not those of sent jobs that ended so long ago that their files may have been collected.
    """
    caller.must(Right.READ_FARM)
    breaches = [BreachOut.model_validate(breach) for breach in store.audit()]
    newest = (store.jobs.get(job.id) for job in store.jobs.list(limit=_JOBS_AUDITED))
    jobs = [job for job in newest if not may_be_collected(job) or not is_sent(job)]
    wanted = list(islice(_images(store, files, jobs), images))
    breaches += [
        BreachOut(
            rule="a succeeded frame has its image",
            where=image.where,
            expected=str(image.path),
            found="no such file, or an empty one",
        )
        for image in absent(wanted)
    ]
    return AuditOut(
        breaches=breaches,
        images_checked=len(wanted),
        images_due=sum(job.counts.succeeded for job in jobs),
    )


def _images(store: Store, files: ContentStore, jobs: list[Job]) -> Iterator[WantedImage]:
    """The image of every succeeded frame of `jobs`, a page of tasks at a time."""
    for job in jobs:
        layers = {name: one for one in job.layers for name in (one.id, one.spec.name)}
        for first in range(0, job.counts.succeeded, _PAGE):
            page = store.tasks.list(job.id, states={TaskState.SUCCEEDED}, first=first, limit=_PAGE)
            for task in page:
                yield WantedImage(
                    where=f"job {job.id}, frame {task.frame}",
                    path=_place(files, layers[task.layer].spec.settings, task),
                )


def _place(files: ContentStore, settings: RenderSettings, task: Task) -> PurePosixPath:
    """Where the image of a succeeded task must lie."""
    if not settings.is_sent:
        return settings.image_path(task.frame)
    if not task.image_digest:
        return PurePosixPath(files.blobs, "no digest is recorded")
    return PurePosixPath(files.path_of(task.image_digest))

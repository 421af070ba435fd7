"""From a scene on a studio's disk to a job: in place where farm and studio share the folder, else
sent. A submit that is broken off anywhere and given again makes one job, and sends only the rest.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlsplit

from farm.assets.scene import read_scene
from farm.client.client import Client
from farm.client.homes import Homes, SentProject
from farm.client.journal import Submission, submission
from farm.client.patience import Patience, Tell
from farm.client.reading import check_scene
from farm.client.studio import Cargo, Gathering, Studio
from farm.client.transfer import OnTransfer
from farm.model.errors import BadRequest
from farm.model.frames import Frames
from farm.model.scene import SceneFacts
from farm.settings import setting
from farm.wire import Answer

USUAL_PRODUCTION = "main"
_YES = frozenset({"1", "yes", "true", "on"})


class Wishes(TypedDict, total=False):
    """What a job shall be like. What is left out, the scene itself says."""

    frames: str  #: 1-100, 1-100x5, 1,5,9 or one frame
    production: str  #: whose work it is; the token's own, else "main"
    name: str
    owner: str
    priority: int  #: 0 to 100, higher first
    cores: float  #: for each frame, like memory and GPUs; whole ones or quarters
    memory_bytes: int
    gpus: int
    gpu_memory_bytes: int  #: that each GPU must have
    whole_node: bool  #: all cores of a node
    pool: str
    tags: Sequence[str]  #: a node must have all of them
    nodes: Sequence[str]  #: only these
    not_nodes: Sequence[str]
    blender: str  #: a node must have this version: "4.5" is any 4.5.x
    limits: Sequence[str]  #: each frame in work holds one of each
    interruptible: bool  #: may be stopped to serve a guarantee
    learn_memory: bool  #: book what frames were seen to need; else always what is asked
    group: str  #: sequence or shot: "sq010/sh020"
    most_tasks: int  #: slots at once
    most_cores: float
    least_tasks: int  #: slots before others of its production get more
    output: str  #: of a sent job inside the project, else absolute; "//" is beside the scene
    resolution_percentage: int
    engine: str
    camera: str
    autoexec: bool
    chunk: int
    retries: int
    task_seconds: float
    preview: bool  #: a contact sheet and a small film after the last frame
    start_at: float  #: seconds since 1970: nothing of it begins earlier
    deadline_at: float  #: seconds since 1970: wanted by then
    after: list[dict[str, str]]  #: other jobs first: {"job": "17"}, {"job": "17", "release": "end"}
    #: Several layers: {"name": …, "after": [{"layer": …, "match": "frame", "offset": -1}], …}, and
    #: what else of these wishes is a layer's own.
    layers: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What the farm made of a submit."""

    answer: Answer  #: as the service's OpenAPI page describes it
    project: SentProject | None  #: what was sent; None where all lies in place


class Submitter:
    """Submits scenes to one farm."""

    def __init__(self, client: Client, *, tell: Tell, on_transfer: OnTransfer) -> None:
        self._client = client
        self._tell = tell
        self._on_transfer = on_transfer
        self._patience = Patience(tell, url=client.url)

    def submit(
        self, scene: Path, wishes: Wishes, *, in_place: bool | None, how: Gathering
    ) -> Submitted:
        """Submit `scene`. Raises BadRequest and its children, NotAllowed, StorageFull,
        ServiceUnavailable when the farm stays away.
        """
        who = self._patience.ask(self._client.whoami)
        production = wishes.get("production") or _production(who)
        request: Answer = {**wishes, "production": production}
        if how.allow_missing:
            request["allow_missing"] = True
        if self._lies_in_place(scene, in_place, who):
            request |= {"scene": str(scene), **_output_in_place(wishes)}
            return Submitted(answer=self._post(request), project=None)
        facts = _facts(scene)
        preview = wishes.get(
            "preview",
            not wishes.get("layers") and len(Frames(wishes.get("frames", facts.frames))) > 1,
        )
        dispatch = self._studio(production).send(scene, how)
        request |= {"scene": dispatch.scene, "manifest": dispatch.manifest, "preview": preview}
        request |= _output(wishes, facts, dispatch.project.root)
        answer = self._post(request)
        self._remember(answer, dispatch.project)
        return Submitted(answer=answer, project=dispatch.project)

    def look(
        self, scene: Path, wishes: Wishes, *, in_place: bool | None, how: Gathering
    ) -> Cargo | None:
        """What `submit` would send; None where nothing has to travel. Sends nothing."""
        who = self._patience.ask(self._client.whoami)
        if self._lies_in_place(scene, in_place, who):
            return None
        _facts(scene)
        return self._studio(wishes.get("production") or _production(who)).look(scene, how)

    def _studio(self, production: str) -> Studio:
        return Studio(self._client.wire, production, tell=self._tell, on_transfer=self._on_transfer)

    def _lies_in_place(self, scene: Path, asked: bool | None, who: Answer) -> bool:
        """Do farm and studio see the same file? Only where somebody says so, or on one machine."""
        if asked is not None:
            return asked
        if not (_is_loopback(self._client.url) or setting("in_place").lower() in _YES):
            return False
        try:
            real = scene.resolve()
        except (OSError, RuntimeError):  # a link that leads to itself; reading it will say so
            return False
        return any(real.is_relative_to(folder) for folder in who["shared"])

    def _post(self, request: Mapping[str, Any]) -> Answer:
        """Ask for the job, however long the farm is away, and once only."""
        with submission(self._client.url, request) as ours:
            _tell_repeat(ours, self._tell)
            return self._patience.ask(lambda: self._client.submit(request, key=ours.key))

    def _remember(self, answer: Answer, project: SentProject) -> None:
        homes = Homes()
        homes.add_job(
            self._client.url,
            answer["id"],
            production=answer["production"],
            name=answer["name"],
            project=project,
        )
        homes.close()


def _facts(scene: Path) -> SceneFacts:
    check_scene(scene)
    return read_scene(str(scene))


def _tell_repeat(ours: Submission, tell: Tell) -> None:
    if ours.is_repeat:
        tell("the same submit was broken off before it heard of its job: it makes one job only")


def _production(who: Answer) -> str:
    """The caller's own, where it has one only."""
    own: str = who.get("production", "")
    return USUAL_PRODUCTION if own in {"", "*"} else own


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _output_in_place(wishes: Wishes) -> Answer:
    """The output from the working folder, unless it is absolute or beside the scene."""
    output = wishes.get("output")
    if output is None or output.startswith("//"):
        return {}
    return {"output": os.path.abspath(output) + ("/" if output.endswith("/") else "")}  # noqa: PTH100


def _output(wishes: Wishes, scene: SceneFacts, root: Path) -> Answer:
    """The output that is asked for, as a path inside the project at `root`.

    What the scene itself says counts too where it is an absolute path into the project.
    """
    asked = wishes.get("output")
    if asked is None:
        inside = _inside(scene.output, root)
        if inside is None:
            return {}
        return {"output": inside if "#" in inside or inside.endswith("/") else f"{inside}####"}
    if asked.startswith("/") and not asked.startswith("//"):
        inside = _inside(asked, root)
        if inside is None:
            raise BadRequest(
                f"output {asked!r} is not in the project's folder {root}: write it as a path "
                "inside the project, such as renders/shot_####"
            )
        return {"output": inside}
    return {}


def _inside(output: str, root: Path) -> str | None:
    """The absolute path `output` seen from `root`, if it leads there."""
    if not output.startswith("/") or output.startswith("//"):
        return None
    for folder in (root, Path(os.path.realpath(root))):
        path = os.path.normpath(output)
        if Path(path).is_relative_to(folder) and path != str(folder):
            end = "/" if output.endswith("/") else ""
            return Path(path).relative_to(folder).as_posix() + end
    return None

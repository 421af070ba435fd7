"""A whole farm on one machine: store, scheduler, service and one worker, up and down as one."""

import http.client
import importlib.util
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from farm.model.errors import BadRequest, StoreUnavailable
from farm.model.names import check_name
from farm.settings import DEFAULT_PORT
from farm.up.lock import FolderLock
from farm.up.part import PartSpec
from farm.up.ping import answers
from farm.up.port import HOST, check_port
from farm.up.store import StoreProcess
from farm.up.supervisor import Say, Supervisor

READY_SECONDS = 60.0  #: first start on a cold disk
DRAIN_SECONDS = 15.0  #: frames in hand may finish for this long when the farm is taken down


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOptions:
    """What one machine's farm is like."""

    state: Path  #: everything the farm keeps, one farm per folder
    node: str  #: the name of this machine's node
    slots: int  #: cores it gives to rendering; a frame asks for one unless its job says more
    port: int = DEFAULT_PORT  #: of the service
    metrics_port: int | None = None  #: of what the farm tells Prometheus; None: nothing

    def check(self) -> None:
        """Raise BadName, BadRequest or Conflict (a port is taken) on the first fault."""
        check_name("node", self.node)
        if self.slots < 1:
            raise BadRequest(f"{self.slots} slots: a farm needs at least 1")
        if importlib.util.find_spec("uvicorn") is None:
            raise BadRequest("the service is not installed here: install karst-farm[service]")
        check_port(self.port, option="--port")
        if self.metrics_port is not None:
            if self.metrics_port == self.port:
                raise BadRequest(f"port {self.port} is the service's: give --metrics-port another")
            check_port(self.metrics_port, option="--metrics-port")


class LocalFarm:
    """A farm that is up."""

    def __init__(self, options: LocalOptions, supervisor: Supervisor, redis_url: str) -> None:
        """Use `local_farm` instead."""
        self.options = options
        self.url = f"http://{HOST}:{options.port}"
        self.redis_url = redis_url
        metrics_port = options.metrics_port
        self.metrics_url = "" if metrics_port is None else f"http://{HOST}:{metrics_port}"
        self.logs = options.state / "logs"
        self._supervisor = supervisor

    def tend(self, timeout_seconds: float) -> None:
        """Wait for trouble, at most for `timeout_seconds`, and mend what can be mended."""
        self._supervisor.tend(timeout_seconds)


@contextmanager
def local_farm(options: LocalOptions, *, say: Say) -> Iterator[LocalFarm]:
    """Bring a farm up; take it down on the way out, however that is taken.

    Raises Conflict when the folder or port is taken, BadRequest when a folder cannot be used,
    StoreUnfit or StoreUnavailable without a store, ServiceUnavailable when a part does not start.
    """
    options.check()
    lock = FolderLock(options.state, what="farm")
    try:
        logs = _logs_folder(options.state)
        redis_url, store = _store(options.state, logs)
        supervisor = Supervisor(logs=logs, store=store, say=say)
        try:
            supervisor.start(_parts(options, redis_url))
            supervisor.wait_until(lambda: _missing(options), timeout_seconds=READY_SECONDS)
            yield LocalFarm(options, supervisor, redis_url)
        except KeyboardInterrupt:
            say("stopping; frames in hand may finish, and Ctrl-C again does not wait for them")
            raise
        finally:
            supervisor.stop()
    finally:
        lock.release()


def _logs_folder(state: Path) -> Path:
    logs = state / "logs"
    try:
        logs.mkdir(exist_ok=True)
    except OSError as error:
        raise BadRequest(f"folder {logs} cannot be made: {error.strerror or error}") from error
    return logs


def _store(state: Path, logs: Path) -> tuple[str, StoreProcess | None]:
    """The store that FARM_REDIS_URL names, or one of our own."""
    url = os.environ.get("FARM_REDIS_URL")
    if not url:
        store = StoreProcess.start(state / "store", log=logs / "store.log")
        return store.url, store
    if not answers(url, timeout_seconds=5.0):
        raise StoreUnavailable(
            "the store named in FARM_REDIS_URL does not answer: start it, mend the address, "
            "or unset FARM_REDIS_URL to use one of the farm's own"
        )
    return url, None


def _parts(options: LocalOptions, redis_url: str) -> list[PartSpec]:
    environment = {"FARM_REDIS_URL": redis_url}
    files = str(options.state / "files")
    exporter = [
        PartSpec(
            name="exporter",
            module="farm.exporter",
            arguments=("--host", HOST, "--port", str(options.metrics_port)),
            environment=environment,
        )
    ]
    tells = options.metrics_port is not None
    return [
        PartSpec(name="scheduler", module="farm.scheduler", environment=environment),
        *(exporter if tells else ()),
        PartSpec(
            name="service",
            module="farm.service",
            arguments=("--host", HOST, "--port", str(options.port), "--files", files),
            environment=environment,
        ),
        PartSpec(
            name="worker",
            module="workers",
            arguments=(
                *("--name", options.node),
                *("--cores", str(options.slots)),
                *("--state", str(options.state / "worker")),
                # Any port that is free: Prometheus asks the exporter which it is.
                *(("--metrics-port", f"{HOST}:0") if tells else ()),
            ),
            environment={**environment, "FARM_FILES": files},  # read in place
            grace_seconds=DRAIN_SECONDS,
        ),
    ]


def _missing(options: LocalOptions) -> str:
    """What the farm still waits for; "" when all is up."""
    status, health = _ask(options.port, "/healthz")
    if status != http.HTTPStatus.OK:
        return "service that reaches the store" if status else "service"
    try:
        told = json.loads(health)
    except ValueError:  # somebody else's
        return "service"
    port = options.metrics_port
    there = {
        "leading scheduler": told.get("scheduler"),
        "node": told.get("nodes"),
        "exporter": port is None or _ask(port, "/sd")[0] == http.HTTPStatus.OK,
    }
    return next((what for what, found in there.items() if not found), "")


def _ask(port: int, path: str) -> tuple[int, bytes]:
    """The status and body of an answer; status 0 when there is none."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5.0)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()

"""The farm's service as Python methods, one per route: what `farm` on the command line is made of.

Answers are plain dictionaries, as the service's OpenAPI page describes them.
"""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from farm.client.filters import Filters
from farm.client.limits import Limits
from farm.client.productions import Productions
from farm.client.tokens import Tokens
from farm.client.upkeep import Upkeep
from farm.client.usage import Usage
from farm.client.webhooks import Webhooks
from farm.model import errors
from farm.model.manifest import Manifest, check_digest
from farm.model.names import check_name
from farm.model.resources import Cores
from farm.wire import Answer, Wire, error_of

_AUDIT_SECONDS = 600.0
_COLLECT_SECONDS = 3600.0


class Client:
    """A connection to the service at `url`."""

    def __init__(self, url: str, *, token: str = "", ca: str = "") -> None:
        """Prepare; nothing is sent yet. Raises BadRequest for what is no HTTP address."""
        self.wire = Wire(url, token=token, ca=ca)
        self.url = self.wire.url
        self.filters = Filters(self.wire)
        self.limits = Limits(self.wire)
        self.productions = Productions(self.wire)
        self.tokens = Tokens(self.wire)
        self.webhooks = Webhooks(self.wire)
        self.upkeep = Upkeep(self.wire)
        self.usage = Usage(self.wire)

    def close(self) -> None:
        """Close the connections."""
        self.wire.close()

    def submit(self, request: Mapping[str, Any], *, key: str = "") -> Answer:
        """Submit a job; under the same `key` it is made once only."""
        return self.wire.change("POST", "/jobs", request, key=key)

    def jobs(
        self, *, production: str | None = None, states: Collection[str] = (), limit: int = 100
    ) -> list[Answer]:
        """Jobs, newest first."""
        asked = {"production": production, "state": list(states), "limit": limit}
        return self.wire.rows("/jobs", asked)

    def job(self, job: str) -> Answer:
        """A job with its layers and failures."""
        return self.wire.ask(_job(job))

    def why(self, job: str, *, frame: int | None = None, layer: str | None = None) -> Answer:
        """Why the job, or one frame of it, waits, or what has become of it."""
        return self.wire.ask(_job(job, "why"), {"frame": frame, "layer": layer})

    def what_waits(self, *, production: str | None = None) -> Answer:
        """The reasons of all that waits, with counts."""
        return self.wire.ask("/why", {"production": production})

    def progress(self, job: str) -> Answer:
        """How far a job is."""
        return self.wire.ask(_job(job, "progress"), tries=1)

    def pause(self, job: str, *, by: str = "") -> Answer:
        """Begin no more frames of the job."""
        return self.wire.change("POST", _job(job, "pause"), {"by": by})

    def resume(self, job: str, *, by: str = "") -> Answer:
        """Take back a pause."""
        return self.wire.change("POST", _job(job, "resume"), {"by": by})

    def cancel(self, job: str, *, by: str = "") -> Answer:
        """Stop all frames of the job."""
        return self.wire.change("POST", _job(job, "cancel"), {"by": by})

    def retry(
        self,
        job: str,
        *,
        states: Collection[str] = (),
        frames: str | None = None,
        layer: str | None = None,
    ) -> Answer:
        """Render failed and cancelled frames again, or those in other `states`."""
        asked: Answer = {"frames": frames}
        if layer is not None:
            asked["layer"] = layer
        if states:
            asked["states"] = list(states)
        return self.wire.change("POST", _job(job, "retry"), asked)

    def skip(self, job: str, *, frames: str, layer: str | None = None, by: str = "") -> Answer:
        """Take frames of the job as done without an image."""
        asked = {"frames": frames, "layer": layer, "by": by}
        return self.wire.change("POST", _job(job, "skip"), asked)

    def move(self, job: str, *, pool: str | None = None, group: str | None = None) -> Answer:
        """Move the job to another pool ("" is any) or group; None leaves it as it is."""
        return self.wire.change("PUT", _job(job, "place"), {"pool": pool, "group": group})

    def set_start(self, job: str, at: float) -> Answer:
        """Let nothing of the job begin before `at`, seconds since 1970; 0 is at once."""
        return self.wire.change("PUT", _job(job, "start"), {"at": at})

    def set_deadline(self, job: str, at: float) -> Answer:
        """Want the job by `at`, seconds since 1970; 0 is no deadline."""
        return self.wire.change("PUT", _job(job, "deadline"), {"at": at})

    def set_priority(self, job: str, priority: int) -> Answer:
        """Set the priority, 0 to 100."""
        return self.wire.change("PUT", _job(job, "priority"), {"priority": priority})

    def set_bounds(
        self,
        job: str,
        *,
        most_tasks: int | None = None,
        most_cores: Cores | None = None,
        least_tasks: int | None = None,
    ) -> Answer:
        """Bound what the job has at once; 0 is no bound, None leaves it as it is."""
        asked = {"most_tasks": most_tasks, "most_cores": most_cores, "least_tasks": least_tasks}
        return self.wire.change("PUT", _job(job, "bounds"), asked)

    def frames(
        self, job: str, *, states: Collection[str] = (), first: int = 0, limit: int = 1000
    ) -> list[Answer]:
        """Frames of a job in task order."""
        asked = {"state": list(states), "first": first, "limit": limit}
        return self.wire.rows(_job(job, "frames"), asked)

    def frame(self, job: str, frame: int, *, layer: str | None = None) -> Answer:
        """A frame with its failures."""
        return self.wire.ask(_job(job, "frames", str(frame)), {"layer": layer})

    def log(
        self,
        job: str,
        frame: int,
        *,
        layer: str | None = None,
        attempt: int | None = None,
        lines: int | None = None,
    ) -> Answer:
        """The log of a frame's attempt."""
        asked = {"layer": layer, "attempt": attempt, "lines": lines}
        return self.wire.ask(_job(job, "frames", str(frame), "log"), asked)

    def nodes(self) -> list[Answer]:
        """All nodes."""
        return self.wire.rows("/nodes", {})

    def node(self, name: str) -> Answer:
        """One node."""
        return self.wire.ask(_node(name))

    def drain(self, name: str, *, reason: str) -> Answer:
        """Let the node finish what it has and take no more."""
        return self.wire.change("POST", _node(name, "drain"), {"reason": reason})

    def undrain(self, name: str) -> Answer:
        """Let the node work again."""
        return self.wire.change("POST", _node(name, "undrain"), {})

    def manifest(self, production: str, digest: str) -> Manifest:
        """What a sent job is made of. Raises NotFound once it was collected."""
        name = quote(check_name("production", production))
        status, body = self.wire.send("GET", f"/productions/{name}/files/{check_digest(digest)}")
        if status >= 400:
            raise error_of(status, body)
        return Manifest.read(body)

    def collect(self, *, dry_run: bool, keep_days: float | None = None) -> Answer:
        """Remove files that no job needs, or tell which would go."""
        asked: Answer = {"dry_run": dry_run}
        if keep_days is not None:
            asked["keep_days"] = keep_days
        return self.wire.change(
            "POST", "/files/collect", asked, tries=1, read_seconds=_COLLECT_SECONDS
        )

    def whoami(self) -> Answer:
        """What the caller may do, and which folders the farm shares with it."""
        return self.wire.ask("/whoami")

    def health(self) -> Answer:
        """Is the service well? Never raises for a service that answers."""
        return self.wire.any_answer("/healthz")

    def farm(self) -> Answer:
        """What the farm is made of."""
        return self.wire.ask("/farm")

    def audit(self) -> Answer:
        """Is the book-keeping true?"""
        return self.wire.ask("/audit", tries=1, read_seconds=_AUDIT_SECONDS)


def _job(job: str, *parts: str) -> str:
    """The path of a job's resource. Raises BadRequest for what cannot be a job's number."""
    if not (job.isascii() and job.isdigit()):
        raise errors.BadRequest(
            f"job {job!r:.80}: give the job's number, as `farm jobs ls` shows it"
        )
    return "/".join(["/jobs", job, *parts])


def _node(name: str, *parts: str) -> str:
    """The path of a node's resource. Raises BadName."""
    return "/".join(["/nodes", quote(check_name("node", name)), *parts])

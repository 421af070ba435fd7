"""The farm's service as Python methods: what `farm` on the command line is made of.

Answers are plain dictionaries, as the service's OpenAPI page describes them. Questions are repeated
when the network or the store fails; so are changes, under the same Idempotency-Key, which makes a
repeat harmless. Errors of the service are raised as the errors of `farm.model.errors`.
"""

import json
import secrets
import time
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError

from farm.model import errors
from farm.model.names import check_name

Answer = dict[str, Any]

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 60.0  # a submit reads the scene, makes a folder and waits for the store's disk
_TRIES = 3
_PAUSE_SECONDS = 0.3
_PATIENCE_SECONDS = 10.0  # after so long no other try is made
_AUDIT_SECONDS = 600.0


class Client:
    """A connection to the service at `url`."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is sent yet. Raises BadRequest for what is no HTTP address."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise errors.BadRequest(
                f"service address {url!r}: write it as http://HOST:PORT (--url or FARM_URL)"
            )
        self.url = url.rstrip("/")
        self._pool = urllib3.PoolManager(retries=False)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def submit(self, request: Mapping[str, Any], *, key: str = "") -> Answer:
        """Submit a job; under the same `key` it is made once only."""
        return self._change("POST", "/jobs", request, key=key)

    def jobs(
        self, *, production: str | None = None, states: Collection[str] = (), limit: int = 100
    ) -> list[Answer]:
        """Jobs, newest first."""
        asked = {"production": production, "state": list(states), "limit": limit}
        return self._list("/jobs", asked)

    def job(self, job: str) -> Answer:
        """A job with its layers and failures."""
        return self._ask(_job(job))

    def progress(self, job: str) -> Answer:
        """How far a job is."""
        return self._ask(_job(job, "progress"), tries=1)

    def pause(self, job: str, *, by: str = "") -> Answer:
        """Begin no more frames of the job."""
        return self._change("POST", _job(job, "pause"), {"by": by})

    def resume(self, job: str, *, by: str = "") -> Answer:
        """Take back a pause."""
        return self._change("POST", _job(job, "resume"), {"by": by})

    def cancel(self, job: str, *, by: str = "") -> Answer:
        """Stop all frames of the job."""
        return self._change("POST", _job(job, "cancel"), {"by": by})

    def retry(self, job: str, *, states: Collection[str] = (), frames: str | None = None) -> Answer:
        """Render failed and cancelled frames again, or those in other `states`."""
        asked: Answer = {"frames": frames}
        if states:
            asked["states"] = list(states)
        return self._change("POST", _job(job, "retry"), asked)

    def set_priority(self, job: str, priority: int) -> Answer:
        """Set the priority, 0 to 100."""
        return self._change("PUT", _job(job, "priority"), {"priority": priority})

    def frames(
        self, job: str, *, states: Collection[str] = (), first: int = 0, limit: int = 1000
    ) -> list[Answer]:
        """Frames of a job in task order."""
        asked = {"state": list(states), "first": first, "limit": limit}
        return self._list(_job(job, "frames"), asked)

    def frame(self, job: str, frame: int, *, layer: str | None = None) -> Answer:
        """A frame with its failures."""
        return self._ask(_job(job, "frames", str(frame)), {"layer": layer})

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
        return self._ask(_job(job, "frames", str(frame), "log"), asked)

    def nodes(self) -> list[Answer]:
        """All nodes."""
        return self._list("/nodes", {})

    def node(self, name: str) -> Answer:
        """One node."""
        return self._ask(_node(name))

    def drain(self, name: str, *, reason: str) -> Answer:
        """Let the node finish what it has and take no more."""
        return self._change("POST", _node(name, "drain"), {"reason": reason})

    def undrain(self, name: str) -> Answer:
        """Let the node work again."""
        return self._change("POST", _node(name, "undrain"), {})

    def health(self) -> Answer:
        """Is the service well? Never raises for a service that answers."""
        _, body = self._send("GET", "/healthz")
        return _object(body)

    def farm(self) -> Answer:
        """What the farm is made of."""
        return self._ask("/farm")

    def audit(self) -> Answer:
        """Is the book-keeping true?"""
        return self._ask("/audit", tries=1, read_seconds=_AUDIT_SECONDS)

    def _ask(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        tries: int = _TRIES,
        read_seconds: float = _READ_SECONDS,
    ) -> Answer:
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{path}?{urlencode(asked, doseq=True)}" if asked else path
        return _object(self._tried("GET", target, tries=tries, read_seconds=read_seconds))

    def _list(self, path: str, query: Mapping[str, Any]) -> list[Answer]:
        found: list[Answer] = self._ask(path, query)["list"]
        return found

    def _change(self, method: str, path: str, body: Mapping[str, Any], *, key: str = "") -> Answer:
        return _object(self._tried(method, path, body=body, key=key or secrets.token_hex(16)))

    def _tried(
        self,
        method: str,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        key: str = "",
        tries: int = _TRIES,
        read_seconds: float = _READ_SECONDS,
    ) -> bytes:
        """The body of a good answer. What may pass by itself is tried again."""
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        for left in reversed(range(tries)):
            try:
                status, answer = self._send(
                    method, target, body=body, key=key, read_seconds=read_seconds
                )
                if status >= 400:
                    raise _error(status, answer)
            except (errors.ServiceUnavailable, errors.StoreUnavailable):
                if not left or time.monotonic() > give_up_at:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return answer
        raise AssertionError("tries is at least 1")

    def _send(
        self,
        method: str,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        key: str = "",
        read_seconds: float = _READ_SECONDS,
    ) -> tuple[int, bytes]:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            answer = self._pool.request(
                method,
                self.url + target,
                body=None if body is None else json.dumps(body),
                headers=headers,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=read_seconds),
                redirect=False,
            )
        except (HTTPError, LocationValueError, UnicodeError) as error:
            raise errors.ServiceUnavailable(
                f"the farm's service at {self.url} cannot be reached ({_why(error)}): "
                "start one with: farm up; or set FARM_URL"
            ) from error
        return answer.status, answer.data


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


def _object(body: bytes) -> Answer:
    """The answer as a dictionary; a list comes as {"list": …}."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise errors.ServiceUnavailable(
            "what answers at the service's address is no Karst service: check FARM_URL"
        ) from error
    return found if isinstance(found, dict) else {"list": found}


def _error(status: int, body: bytes) -> errors.FarmError:
    """The error that the service tells, as the class it names."""
    told = _object(body).get("error")
    if not isinstance(told, dict):
        return errors.ServiceUnavailable(
            f"what answers at the service's address is no Karst service (HTTP {status}): "
            "check FARM_URL"
        )
    kind = getattr(errors, str(told.get("kind")), errors.FarmError)
    known = isinstance(kind, type) and issubclass(kind, errors.FarmError)
    return (kind if known else errors.FarmError)(str(told.get("message")))


def _why(error: Exception) -> str:
    """The root of a network error in a few words."""
    words = {
        urllib3.exceptions.NameResolutionError: "the host's name is not known",
        urllib3.exceptions.NewConnectionError: "nothing listens there",
        urllib3.exceptions.TimeoutError: "no answer in time",
        urllib3.exceptions.ProtocolError: "the connection broke",
        urllib3.exceptions.SSLError: "its certificate is not trusted",
    }
    for kind, text in words.items():
        if isinstance(error, kind):
            return text
    return str(error)[:120]

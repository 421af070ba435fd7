"""One request to the farm's service, and its answer: the only place that sends JSON over HTTP.

Questions are repeated when the network or the store fails; so are changes, under the same
Idempotency-Key, which makes a repeat harmless. Errors of the service are raised as the errors of
`farm.model.errors`.
"""

import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError

from farm.model import errors
from farm.wire.connection import pools

Answer = dict[str, Any]

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0  # a submit reads the scene, makes a folder and waits for the store's disk
TRIES = 3
_PAUSE_SECONDS = 0.3
_PATIENCE_SECONDS = 10.0  # after so long no other try is made
_CONNECTIONS = 16


class Wire:
    """A connection to the service at `url`; safe to use from many threads."""

    def __init__(self, url: str, *, token: str = "", ca: str = "") -> None:
        """Prepare; nothing is sent yet.

        `token` says who asks; `ca` is a file of certificates to trust instead of the system's.
        Raises BadRequest for what is no HTTP address, or a `ca` that cannot be read.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise errors.BadRequest(
                f"service address {url!r}: write it as http://HOST:PORT (--url or FARM_URL)"
            )
        if ca and not os.access(ca, os.R_OK):
            raise errors.BadRequest(
                f"certificates {ca!r} cannot be read: mend the setting ca, or FARM_CA"
            )
        self.url = url.rstrip("/")
        self._token = token
        self._pool = pools(connections=_CONNECTIONS, ca=ca)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def ask(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        tries: int = TRIES,
        read_seconds: float = READ_SECONDS,
    ) -> Answer:
        """Ask a question; `query` names what is not None."""
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{path}?{urlencode(asked, doseq=True)}" if asked else path
        return _object(self._tried("GET", target, tries=tries, read_seconds=read_seconds))

    def any_answer(self, path: str) -> Answer:
        """What `path` answers, be it an error. Raises ServiceUnavailable."""
        return _object(self.send("GET", path)[1])

    def rows(self, path: str, query: Mapping[str, Any]) -> list[Answer]:
        """Ask for a list."""
        found: list[Answer] = self.ask(path, query)["list"]
        return found

    def change(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        *,
        key: str = "",
        tries: int = TRIES,
        read_seconds: float = READ_SECONDS,
    ) -> Answer:
        """Change something; under the same `key` it is done once only."""
        key = key or secrets.token_hex(16)
        return _object(
            self._tried(method, path, body=body, key=key, tries=tries, read_seconds=read_seconds)
        )

    def _tried(
        self,
        method: str,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        key: str = "",
        tries: int = TRIES,
        read_seconds: float = READ_SECONDS,
    ) -> bytes:
        """The body of a good answer. What may pass by itself is tried again."""
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        for left in reversed(range(tries)):
            try:
                status, answer = self.send(
                    method, target, body=body, key=key, read_seconds=read_seconds
                )
                if status >= 400:
                    raise error_of(status, answer)
            except (errors.ServiceUnavailable, errors.StoreUnavailable):
                if not left or time.monotonic() > give_up_at:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return answer
        raise AssertionError("tries is at least 1")

    def send(
        self,
        method: str,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        key: str = "",
        read_seconds: float = READ_SECONDS,
    ) -> tuple[int, bytes]:
        """Send once; the status and the body of whatever answer. Raises ServiceUnavailable."""
        headers = {"Accept": "application/json"}
        if body is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
        told = None if body is None else json.dumps(body)
        with (
            self.stream(
                method, target, body=told, headers=headers, read_seconds=read_seconds
            ) as answer,
            self.guard(),
        ):
            return answer.status, answer.read()

    @contextmanager
    def stream(
        self,
        method: str,
        target: str,
        *,
        body: Any = None,  # noqa: ANN401 - text, bytes, or an iterator of bytes
        headers: Mapping[str, str] | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """Send once; an answer whose body is yet to be read. Raises ServiceUnavailable."""
        who = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        with self.guard():
            answer = self._pool.request(
                method,
                self.url + target,
                body=body,
                headers={**(headers or {}), **who},
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds),
                redirect=False,
                preload_content=False,
            )
        try:
            yield answer
        except BaseException:
            answer.close()  # what is left of the body must not be taken for the next answer
            raise
        finally:
            answer.release_conn()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Turn what the network does wrong into ServiceUnavailable."""
        try:
            yield
        except (HTTPError, LocationValueError, UnicodeError) as error:
            raise errors.ServiceUnavailable(
                f"the farm's service at {self.url} cannot be reached ({_why(error)}): "
                "start one with: farm up; or set FARM_URL"
            ) from error


def _object(body: bytes) -> Answer:
    """The answer as a dictionary; a list comes as {"list": …}."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise errors.ServiceUnavailable(
            "what answers at the service's address is no Karst service: check FARM_URL"
        ) from error
    return found if isinstance(found, dict) else {"list": found}


def error_of(status: int, body: bytes) -> errors.FarmError:
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

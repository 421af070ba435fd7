"""The one connection to Redis or Valkey: every failure leaves here as an error of the farm.

The client repeats a command whose answer was lost. That is safe because every step that changes
something carries a request id, or is alike when repeated.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from farm.model.errors import StoreUnavailable, StoreUnfit
from farm.store.functions import HASH_TAG, library_digest, library_source

#: Redis 7.2 and Valkey (which calls itself 7.2.4) know WAITAOF, on which a submit relies.
OLDEST_SERVER = (7, 2)
REPEATS = 3  #: of a call whose answer was lost
#: To wait for the disk. A store that syncs each second puts that off for two more where the sync
#: before is still under way, and then it takes as long as the disk does.
DISK_SECONDS = 10.0
#: Errors of the server's state, not of the call: the same call may do well in a moment.
_PASSING_TROUBLE = (
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "TRYAGAIN",
)


def new_id() -> str:
    """An id nobody else will make: for a lease, a request, a scheduler."""
    return secrets.token_hex(8)


class Connection:
    """Calls steps by name; shared by all parts of a `Store`, safe to use from many threads."""

    def __init__(self, url: str, *, timeout_seconds: float = 10.0, repeats: int = REPEATS) -> None:
        """Prepare a connection pool; nothing is sent yet. Raises StoreUnfit on a bad URL."""
        self.url = url
        self.client = self._open(timeout_seconds, repeats)
        #: For calls that wait for the disk.
        self.patient = self._open(DISK_SECONDS + timeout_seconds, min(1, repeats))

    # Any: the library types a reply as everything any server might send.
    def _open(self, timeout_seconds: float, repeats: int) -> Any:  # noqa: ANN401
        try:
            return redis.Redis.from_url(
                self.url,
                decode_responses=True,
                socket_timeout=timeout_seconds,
                socket_connect_timeout=min(timeout_seconds, 5.0),
                socket_keepalive=True,
                health_check_interval=30,
                retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), repeats),
            )
        except ValueError as error:
            raise StoreUnfit(f"store address {self.url!r}: {error}") from error

    def close(self) -> None:
        """Close all connections."""
        self.client.close()
        self.patient.close()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Turn what the client raises into StoreUnavailable."""
        try:
            yield
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise StoreUnavailable(
                f"the store at {self.where} cannot be reached: {str(error).rstrip('.')}; "
                "start it, or name another in FARM_REDIS_URL"
            ) from error
        except (redis.OutOfMemoryError, redis.ReadOnlyError) as error:
            raise StoreUnavailable(f"the store at {self.where} takes no writes: {error}") from error
        except redis.ResponseError as error:
            if str(error).startswith(_PASSING_TROUBLE):
                raise StoreUnavailable(f"the store at {self.where} says: {error}") from error
            raise

    @property
    def where(self) -> str:
        """The store's address without its password."""
        return self.url.rsplit("@", 1)[-1].removeprefix("redis://")

    def call(self, step: str, *arguments: str | int | float | bytes) -> Any:  # noqa: ANN401 - as above
        """Run the atomic step `step`. Raises StoreUnavailable."""
        with self.guard():
            try:
                return self.client.fcall(step, 1, HASH_TAG, *arguments)
            except redis.ResponseError as error:
                if "Function not found" not in str(error):
                    raise
                # A fresh server behind the old address: bring the steps, ask again.
                self.load_steps()
                return self.client.fcall(step, 1, HASH_TAG, *arguments)

    def call_many(self, step: str, calls: Sequence[tuple[str | int | float, ...]]) -> list[Any]:
        """Run `step` once per entry of `calls`, in one round trip, not as one atomic step.

        An entry that went wrong answers with its exception; the others are not touched by it.
        """
        with self.guard():
            pipeline = self.client.pipeline(transaction=False)
            for arguments in calls:
                pipeline.fcall(step, 1, HASH_TAG, *arguments)
            return list(pipeline.execute(raise_on_error=False))

    def check_server(self) -> None:
        """Raise StoreUnfit when the server is too old to keep the farm's promises."""
        with self.guard():
            info = self.client.info("server")
        version = str(info["redis_version"])
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_SERVER:
            raise StoreUnfit(
                f"the store at {self.where} is Redis {version}; Karst needs Redis 7.2 or Valkey"
            )

    def server(self) -> dict[str, str]:
        """What the server says of itself: name, version, persistence, what it does when full."""
        with self.guard():
            info = self.client.info()
        return {
            "server": "Valkey" if "valkey_version" in info else "Redis",
            "version": str(info.get("valkey_version", info["redis_version"])),
            "append_only_file": "on" if info["aof_enabled"] else "off",
            "when_memory_is_full": str(info["maxmemory_policy"]),
        }

    def load_steps(self) -> None:
        """Load the library of atomic steps unless the server has this very one."""
        source = library_source()
        with self.guard():
            try:
                if self.client.fcall("farm_library", 1, HASH_TAG) == library_digest(source):
                    return
            except redis.ResponseError as error:
                if "Function not found" not in str(error):
                    raise
            self.client.function_load(source, replace=True)

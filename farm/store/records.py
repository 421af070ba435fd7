"""The compact forms in the store: one state byte and, once taken, one record per task.

The layout is that of lua/_records.lua.
"""

import json
import struct
from dataclasses import asdict, dataclass
from typing import Any

from farm.model.dependencies import After, Match, Release
from farm.model.job import FailedAttempt, LayerKind, LayerSpec
from farm.model.render import ReelSettings, RenderSettings
from farm.model.resources import Cores, Resources, exact_cores
from farm.model.states import Outcome
from farm.store.functions import TASK_BYTES

RECORD_BYTES = 24
STATE_OF_BYTE = {byte: state for state, byte in TASK_BYTES.items()}
_HEAD = struct.Struct("<IB")
_TAIL = struct.Struct("<IIII")
_NODE_BYTES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is kept of a task's last attempt."""

    attempt: int = 0
    failures: int = 0
    node: int = 0  #: ordinal; 0 is none
    started_seconds: int = 0  #: since 1970, the node's clock
    elapsed_ms: int = 0
    peak_memory_kib: int = 0
    image_kib: int = 0


def read_record(records: bytes, at: int) -> Record:
    """The record in slot `at` of `records`; an all-zero one where none was written yet."""
    raw = records[at * RECORD_BYTES : (at + 1) * RECORD_BYTES].ljust(RECORD_BYTES, b"\0")
    attempt, failures = _HEAD.unpack_from(raw)
    node = int.from_bytes(raw[_HEAD.size : _HEAD.size + _NODE_BYTES], "little")
    started, elapsed, memory, image = _TAIL.unpack_from(raw, _HEAD.size + _NODE_BYTES)
    return Record(
        attempt=attempt,
        failures=failures,
        node=node,
        started_seconds=started,
        elapsed_ms=elapsed,
        peak_memory_kib=memory,
        image_kib=image,
    )


def read_cores(text: str) -> Cores:
    """Cores as a hash has them: "4" or "3.75"."""
    return int(text) if text.isdigit() else exact_cores(float(text))


def read_resources(cores: str, memory_bytes: str, gpus: str) -> Resources:
    """An amount from the words of a hash."""
    return Resources(cores=read_cores(cores), memory_bytes=int(memory_bytes), gpus=int(gpus))


def write_layer_spec(spec: LayerSpec) -> str:
    """`spec` as JSON."""
    return json.dumps(asdict(spec), separators=(",", ":"))


def read_layer_spec(text: str) -> LayerSpec:
    """The spec that `write_layer_spec` wrote."""
    fields: dict[str, Any] = json.loads(text)
    fields["settings"] = RenderSettings(**fields["settings"])
    fields["resources"] = Resources(**fields["resources"])
    fields["kind"] = LayerKind(fields.get("kind", LayerKind.RENDER))
    for name in ("tags", "nodes", "not_nodes", "limits"):
        fields[name] = tuple(fields.get(name, ()))
    fields["after"] = tuple(_after(one) for one in fields.get("after", ()))
    if fields.get("reel"):
        fields["reel"] = ReelSettings(**fields["reel"])
    return LayerSpec(**fields)


def _after(fields: dict[str, Any]) -> After:
    return After(
        **fields | {"match": Match(fields["match"]), "release": Release(fields["release"])}
    )


def write_story(attempt: FailedAttempt) -> str:
    """`attempt` as one line of JSON."""
    return json.dumps(asdict(attempt), separators=(",", ":"))


def read_stories(text: str | None) -> tuple[FailedAttempt, ...]:
    """The failed attempts of one task, oldest first."""
    stories = []
    for line in (text or "").splitlines():
        fields = json.loads(line)
        fields["outcome"] = Outcome(fields["outcome"])
        fields["log_tail"] = tuple(fields.get("log_tail", ()))
        stories.append(FailedAttempt(**fields))
    return tuple(stories)

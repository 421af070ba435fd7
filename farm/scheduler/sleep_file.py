"""`farm scheduler --sleep FILE`: which pools sleep, by which rules, and how (docs/energy.md)."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.model.errors import BadRequest
from farm.model.sizes import parse_span
from farm.policy.schedule import read_schedule
from farm.policy.sleep import Ready, SleepRules
from farm.scheduler.hooks import Hooks


@dataclass(frozen=True, slots=True, kw_only=True)
class SleepPlan:
    """All that the file says."""

    hooks: Hooks
    pools: Mapping[str, SleepRules]  #: of a pool that is not among them nobody sleeps


def read_sleep_file(path: Path) -> SleepPlan:
    """The plan in `path`. Raises BadRequest with the first fault."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRequest(f"sleep file {path} cannot be read: {error}") from error
    try:
        return _plan(tables)
    except BadRequest as error:
        raise BadRequest(f"sleep file {path}: {error}") from error


def _plan(tables: dict[str, Any]) -> SleepPlan:
    hooks = Hooks(
        sleep=_take(tables, "sleep", str),
        wake=_take(tables, "wake", str),
        macs=_take(tables, "macs", dict, {}),
        broadcast=_take(tables, "broadcast", str, "255.255.255.255"),
    )
    hooks.check()
    pools: dict[str, SleepRules] = {}
    for row in _take(tables, "pools", list, []):
        if not isinstance(row, dict):
            raise BadRequest("write pools as [[pools]]")
        name = _take(row, "name", str, "")
        pools[name] = _rules(row)
    _nothing_left(tables)
    if not pools:
        raise BadRequest("no pool sleeps: write [[pools]] with floor, idle and wake")
    return SleepPlan(hooks=hooks, pools=pools)


def _rules(row: dict[str, Any]) -> SleepRules:
    ready = []
    for one in _take(row, "ready", list, []):
        if not isinstance(one, dict):
            raise BadRequest('write ready as [{hours = "Mon-Fri 08:00-18:00 UTC", cores = 64}]')
        ready.append(
            Ready(hours=read_schedule(_take(one, "hours", str)), cores=_take(one, "cores", _number))
        )
        _nothing_left(one)
    found = SleepRules(
        floor_cores=_take(row, "floor", _number),
        idle_seconds=parse_span(_take(row, "idle", str, "15m")),
        wake_seconds=parse_span(_take(row, "wake", str, "3m")),
        ready=tuple(ready),
    )
    _nothing_left(row)
    return found


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError
    return value


def _take(
    table: dict[str, Any], key: str, kind: Callable[[Any], Any], default: object = None
) -> Any:  # noqa: ANN401 - whatever `kind` makes
    found = table.pop(key, default)
    if found is None:
        raise BadRequest(f"{key} is missing")
    try:
        fits = isinstance(found, kind) if isinstance(kind, type) else kind(found) is not None
    except ValueError:
        fits = False
    if not fits:
        raise BadRequest(f"{key} is {found!r}: that is of the wrong kind")
    return found


def _nothing_left(table: Mapping[str, Any]) -> None:
    if table:
        raise BadRequest(f"no field {next(iter(table))!r} is known here")

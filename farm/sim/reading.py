"""Scenario files: TOML to a `Scenario`, checked. docs/simulator.md tells each field."""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from farm.model.errors import BadRequest
from farm.sim.changes import change, expand
from farm.sim.fields import Fields
from farm.sim.parts import (
    bound,
    event,
    frame_class,
    jobs_at,
    limits,
    node_kind,
    production,
    sleep_rules,
    wave,
)
from farm.sim.scenario import DAY, HOUR, Scenario

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def shipped() -> list[str]:
    """The names of the scenarios that come with the farm."""
    folder = resources.files("farm.sim") / "scenarios"
    return sorted(one.name.removesuffix(".toml") for one in folder.iterdir())


def load(source: str) -> tuple[dict[str, Any], str]:
    """The tables of a scenario by name or path, and what to call it. Raises BadRequest."""
    if source.endswith(".toml") or "/" in source:
        try:
            text = Path(source).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadRequest(f"scenario {source} cannot be read: {error}") from error
    elif source in shipped():
        text = (resources.files("farm.sim") / "scenarios" / f"{source}.toml").read_text("utf-8")
    else:
        known = ", ".join(shipped())
        raise BadRequest(f"no scenario {source!r}: give a file, NAME.toml, or one of {known}")
    try:
        return tomllib.loads(text), Path(source).name
    except tomllib.TOMLDecodeError as error:
        raise BadRequest(f"scenario {source}: {error}") from error


def read(
    source: str,
    *,
    farm: str = "",
    changes: tuple[str, ...] = (),
    add_nodes: tuple[str, ...] = (),
    days: float | None = None,
    seed: int | None = None,
) -> Scenario:
    """The scenario `source`; with the nodes of the file `farm`, and with `changes` made to it.

    Raises BadRequest with the first fault.
    """
    tables, where = load(source)
    if farm:
        tables["nodes"] = load(farm)[0].get("nodes", [])
    tables = expand(tables, where)
    change(tables, changes, add_nodes)
    if days is not None:
        tables["days"] = days
    if seed is not None:
        tables["seed"] = seed
    return scenario(tables, where)


def scenario(tables: Mapping[str, Any], where: str) -> Scenario:
    """The checked scenario in `tables`. Raises BadRequest."""
    top = Fields(tables, where)
    found = Scenario(
        name=top.text("name", where.removesuffix(".toml")),
        about=top.text("about", ""),
        seed=top.whole("seed", 1),
        seconds=_seconds(top),
        start_seconds=_start(top.text("start", "mon 00:00"), where),
        pass_seconds=top.number("pass_seconds", 1.0, least=0.01, most=3600),
        recall_seconds=top.number("recall_seconds", 15.0, least=0.01, most=3600),
        sample_seconds=top.number("sample_seconds", 300.0, least=0.1, most=86_400),
        silent_seconds=top.number("silent_seconds", 8.0, least=0.1, most=3600),
        start_lag_seconds=top.number("start_lag_seconds", 0.2, most=3600),
        warm_scenes=top.whole("warm_scenes", 4, most=1000),
        core_hours_per_day=top.number("core_hours_per_day", 0.0),
        retries=top.whole("retries", 2, most=100),
        nodes=tuple(node_kind(one) for one in top.rows("nodes", "kind")),
        mix=tuple(frame_class(one) for one in top.rows("mix")),
        waves={name: wave(name, one, where) for name, one in top.table("waves").items()},
        productions=tuple(production(one) for one in top.rows("productions")),
        limits=limits(top.table("limits"), where),
        jobs=tuple(jobs_at(one) for one in top.rows("jobs", "at")),
        events=tuple(event(one) for one in top.rows("events", "at")),
        bounds=tuple(bound(one) for one in top.rows("bounds", "measure")),
        sleep=sleep_rules(top.table("sleep"), where),
    )
    top.done()
    _check(found, where)
    return found


def _seconds(top: Fields) -> float:
    days, span = top.number("days", 0.0, most=366), top.span("lasts", "0s")
    if days and span:
        raise BadRequest(f"{top.where}: give days or lasts, not both")
    return days * DAY if days else span or DAY


def _start(text: str, where: str) -> float:
    day, _, clock = text.partition(" ")
    hour, _, minute = clock.partition(":")
    if day not in _DAYS or not (hour.isdigit() and int(hour) < 24 and minute.isdigit()):
        raise BadRequest(f"{where}: start is {text!r}: write a day and a time, mon 09:00")
    return _DAYS.index(day) * DAY + int(hour) * HOUR + int(minute) * 60


def _check(found: Scenario, where: str) -> None:
    """Raise BadRequest where the parts do not fit together."""
    if not found.nodes or not found.cores:
        raise BadRequest(f"{where}: there are no nodes: write [[nodes]], or give --farm FILE")
    for what, name, known in _names(found):
        if name and name not in known:
            listed = ", ".join(sorted(known)[:8]) or "none is given"
            raise BadRequest(f"{where}: {what} {name!r} is not known here: {listed}")
    if any(one.demand for one in found.productions) and not found.mix:
        raise BadRequest(f"{where}: productions have a demand, but there is no [[mix]] of frames")


def _names(found: Scenario) -> Iterator[tuple[str, str, Collection[str]]]:
    """Every name that is told in one place and means another: what, name, those that are known."""
    classes = {one.name for one in found.mix}
    kinds = {one.kind for one in found.nodes}
    for jobs in found.jobs:
        yield from (("jobs: limit", limit, found.limits) for limit in jobs.limits)
    for drawn in found.mix:
        yield from (("mix: limit", limit, found.limits) for limit in drawn.limits)
    for one in found.productions:
        yield f"productions.{one.name}: wave", one.wave, found.waves
        yield from ((f"productions.{one.name}: mix", name, classes) for name in one.mix)
    for happening in found.events:
        yield "events: kind", happening.kind, kinds
        yield "events: limit", happening.limit, found.limits

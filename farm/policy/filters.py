"""Submit filters: rules by production, owner and name that place a job as it comes in. Pure.

Rules are taken by position, then by name. Of those that match, the last to set a value wins; what
they add is added once. They look only at what no rule changes, so that which of them match depends
on no order, and a job that was filtered is changed no more by the same rules.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from farm.model.errors import BadRequest
from farm.model.job import JobSpec, LayerKind
from farm.model.names import check_group, check_name

USUAL_POSITION = 50
MOST_POSITION = 1_000
MOST_PATTERN_CHARACTERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One rule. An empty pattern matches all; None leaves as it is."""

    name: str
    position: int = USUAL_POSITION  #: lower ones come first, so that higher ones win
    production: str = ""  #: * is any run of characters, ? any one
    owner: str = ""
    job: str = ""  #: of the job's name
    set_priority: int | None = None
    set_pool: str | None = None  #: "" is any
    set_group: str | None = None  #: "" is none
    add_limits: tuple[str, ...] = ()
    add_tags: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise BadRequest on the first fault."""
        check_name("filter", self.name)
        if not 0 <= self.position <= MOST_POSITION:
            raise BadRequest(f"position {self.position}: give 0 to {MOST_POSITION:,}, 50 is usual")
        for kind in ("production", "owner", "job"):
            _check_pattern(kind, getattr(self, kind))
        if self.set_priority is not None and not 0 <= self.set_priority <= 100:
            raise BadRequest(f"priority {self.set_priority}: give 0 to 100, 50 is usual")
        self._check_names()
        sets = (self.set_priority, self.set_pool, self.set_group)
        if not (self.add_limits or self.add_tags or any(one is not None for one in sets)):
            raise BadRequest(
                f"filter {self.name} changes nothing: set a priority, a pool or a group, or add a "
                "limit or a tag"
            )

    def _check_names(self) -> None:
        if self.set_pool:
            check_name("pool", self.set_pool)
        if self.set_group:
            check_group(self.set_group)
        for name in self.add_limits:
            check_name("limit", name)
        for name in self.add_tags:
            check_name("tag", name)

    def concerns(self, production: str) -> bool:
        """May it match jobs of `production`?"""
        return not self.production or fnmatchcase(production, self.production)

    def matches(self, place: "Place") -> bool:
        """Is this rule for a job like that?"""
        looked_at = ((self.owner, place.owner), (self.job, place.name))
        return self.concerns(place.production) and all(
            not pattern or fnmatchcase(value, pattern) for pattern, value in looked_at
        )


def _check_pattern(kind: str, pattern: str) -> None:
    if not (pattern.isprintable() and len(pattern) <= MOST_PATTERN_CHARACTERS):
        raise BadRequest(
            f"pattern {pattern!r:.80} for {kind}: use printable characters, at most "
            f"{MOST_PATTERN_CHARACTERS}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a rule sees of a job with one layer, and may change of it."""

    production: str
    owner: str
    name: str
    priority: int
    pool: str = ""
    group: str = ""
    limits: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def in_order(filters: Iterable[Filter]) -> list[Filter]:
    """By position, then by name."""
    return sorted(filters, key=lambda one: (one.position, one.name))


def filtered(
    place: Place, filters: Iterable[Filter], limits: Collection[str]
) -> tuple[Place, list[str]]:
    """`place` as `filters` make it, and what was changed by which, a line each.

    `limits` are those that are set: one that is not is left out and told, for a job that names it
    would be refused.
    """
    rules = [one for one in in_order(filters) if one.matches(place)]
    told: list[str] = []
    for what, chosen, none in (
        ("priority", _last(rules, lambda one: one.set_priority), ""),
        ("pool", _last(rules, lambda one: one.set_pool), "any"),
        ("group", _last(rules, lambda one: one.set_group), "none"),
    ):
        if chosen is None:
            continue
        name, value = chosen
        before, change = getattr(place, what), dict[str, Any]({what: value})
        if value != before:
            place = replace(place, **change)
            told.append(f"filter {name}: {what} {_shown(value, none)}, was {_shown(before, none)}")
    for rule in rules:
        place = _added(place, rule, limits, told)
    return place, told


def _last(
    rules: Sequence[Filter], value_of: Callable[[Filter], int | str | None]
) -> tuple[str, int | str] | None:
    """The last rule that sets a value, and the value."""
    for rule in reversed(rules):
        value = value_of(rule)
        if value is not None:
            return rule.name, value
    return None


def _shown(value: object, none: str) -> str:
    return none if value == "" else str(value)


def _added(place: Place, rule: Filter, limits: Collection[str], told: list[str]) -> Place:
    for name in rule.add_limits:
        if name not in limits:
            told.append(
                f"filter {rule.name}: limit {name} is not set, so it was left out; an operator "
                f"sets it: farm limits set {name}"
            )
        elif name not in place.limits:
            place = replace(place, limits=(*place.limits, name))
            told.append(f"filter {rule.name}: limit {name} added")
    for tag in rule.add_tags:
        if tag not in place.tags:
            place = replace(place, tags=(*place.tags, tag))
            told.append(f"filter {rule.name}: tag {tag} added")
    return place


def filtered_job(
    job: JobSpec, filters: Sequence[Filter], limits: Collection[str]
) -> tuple[JobSpec, list[str]]:
    """`job` as `filters` make it, and what was changed by which, a line each.

    Limits and tags are added to layers that render; sheets and films need neither.
    """
    layers, told = [], dict[str, None]()
    place = Place(
        production=job.production,
        owner=job.owner,
        name=job.name,
        priority=job.priority,
        group=job.group,
    )
    after = place
    for layer in job.layers:
        before = replace(place, pool=layer.pool, limits=layer.limits, tags=layer.tags)
        after, lines = filtered(before, filters, limits)
        told |= dict.fromkeys(lines)
        if layer.kind is LayerKind.RENDER:
            changed = replace(layer, pool=after.pool, limits=after.limits, tags=after.tags)
        else:
            changed = replace(layer, pool=after.pool)
        layers.append(changed)
    changed_job = replace(job, layers=tuple(layers), priority=after.priority, group=after.group)
    return changed_job, list(told)

"""Bounds on what is held at once, as people set and see them."""

from dataclasses import dataclass

from farm.model.resources import Cores
from farm.model.snapshot import CapUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A named count that layers take from, such as the licences of a program."""

    name: str
    most: int
    unit: CapUnit  #: SLOT or NODE
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A sequence or shot of a production: what its jobs may have at once, and have."""

    production: str
    name: str  #: "sq010/sh020"
    most_tasks: int  #: 0 is no bound
    most_cores: Cores  #: 0 is no bound
    held_tasks: int
    held_cores: Cores

"""What the node's own parts count, as plain values for whoever asks."""

from dataclasses import dataclass, field

from farm.model.resources import Resources
from farm.model.snapshot import NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class RendererFacts:
    """The renderers that are there, and what they have done since the worker began."""

    busy: int = 0  #: lent to a lease
    warm: int = 0  #: idle with a scene open
    cold: int = 0  #: idle without
    starts: int = 0
    warm_opens: int = 0
    cold_opens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFacts:
    """The node's cache of sent jobs' files; counts are since the worker began."""

    size_bytes: int = 0
    hits: int = 0  #: files that a lease wanted and that were there
    misses: int = 0  #: files that had to be fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """A node at one instant."""

    booked: Resources = NOTHING  #: by the leases that it serves
    renderers: RendererFacts = field(default_factory=RendererFacts)
    cache: CacheFacts = field(default_factory=CacheFacts)

"""Where productions stand in each pool: what each is set, books, and is due now. Pure.

Told from the same accounts that the plan decides by (`farm.policy.shares`).
"""

from collections.abc import Collection
from dataclasses import dataclass

from farm.model.snapshot import ShareView, Snapshot
from farm.policy.shares import Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """One production in one pool."""

    production: str
    pool: str  #: "" is of nodes that have no pool
    share: ShareView  #: weight, guarantee, ceiling, and what it books there
    pool_cores: float  #: all that is online
    dominant: float  #: of the pool's cores, memory or GPUs the largest part that it books, 0 to 1
    due_cores: float | None  #: cores' worth that it is due now; None: it neither books nor wants


def entitlements(snapshot: Snapshot, of: Collection[str] | None = None) -> list[Entitlement]:
    """Each production, or those called `of`, in each pool that is online or that it has a share of.

    What one is due is reckoned among those that book or want something, as the plan does.
    """
    shares = Shares(snapshot)
    wanting = {layer.production for layer in snapshot.layers}
    scales: dict[str, dict[str, tuple[float, float]]] = {}
    found = []
    for view in sorted(snapshot.productions, key=lambda one: one.name):
        if of is not None and view.name not in of:
            continue
        for pool in sorted({*snapshot.pools, *view.shares}) or [""]:
            if pool not in scales:
                scales[pool] = shares.scale(pool, wanting)
            account = shares.account(pool, view.name)
            due, _ = scales[pool].get(view.name, (None, 0.0))
            found.append(
                Entitlement(
                    production=view.name,
                    pool=pool,
                    share=view.share(pool),
                    pool_cores=account.size.cores,
                    dominant=account.share(),
                    due_cores=due,
                )
            )
    return found

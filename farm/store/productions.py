"""Productions in the store: what each is due, and what it books."""

import math
from itertools import chain

from farm.model.errors import BadRequest, NotFound
from farm.model.snapshot import ProductionView
from farm.store import keys
from farm.store.bounds import MOST_HELD
from farm.store.connection import Connection
from farm.store.views import read_production

MOST_WEIGHT = 1_000_000.0
TAKE_AWAY = "-"  #: as the step takes it


class ProductionStore:
    """One method per step on productions."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def set_share(
        self,
        production: str,
        pool: str,
        *,
        weight: float | None = None,
        guarantee_cores: float | None = None,
        ceiling_cores: float | None = None,
        no_ceiling: bool = False,
    ) -> None:
        """Set what `production` is due of `pool`; what is None stays as it is.

        `pool` "" is of nodes that have no pool. Raises NotFound, BadRequest.
        """
        if weight is not None and not 0 < weight < MOST_WEIGHT:
            raise BadRequest(f"weight {weight}: give a number above 0, 1 is usual")
        for name, cores in (("guarantee", guarantee_cores), ("ceiling", ceiling_cores)):
            if cores is not None and not (math.isfinite(cores) and 0 <= cores <= MOST_HELD):
                raise BadRequest(f"{name} of {cores} cores: give 0 to {MOST_HELD:,}")
        words = [weight, guarantee_cores, TAKE_AWAY if no_ceiling else ceiling_cores]
        told = ["" if word is None else word for word in words]
        if not self._connection.call("farm_share", production, pool, *told):
            raise NotFound(f"no production {production!r}; it appears with its first job")

    def list(self) -> list[ProductionView]:
        """All productions by name: weight, shares by pool, what each books."""
        client = self._connection.client
        with self._connection.guard():
            names = sorted(client.smembers(keys.PRODUCTIONS))
            pipeline = client.pipeline(transaction=False)
            for name in names:
                pipeline.hget(keys.production(name), "weight")
                pipeline.hgetall(keys.production(name, "pools"))
            found = pipeline.execute() if names else []
        return [
            read_production(name, weight, tuple(chain.from_iterable(pools.items())))
            for name, weight, pools in zip(names, found[::2], found[1::2], strict=True)
        ]

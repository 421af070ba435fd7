"""One watcher of the log of facts: what they may see of it, for as long as their token counts."""

import time
from collections.abc import Callable, Collection, Sequence

from farm.model.names import job_of_layer
from farm.policy.access import ALL, Right
from farm.service.access import Identity
from farm.service.answers import Stranger
from farm.service.link import StoreLink
from farm.store import Fact, Store

BLOCK_SECONDS = 1.0  #: how long one turn waits for news
ASK_AGAIN_SECONDS = 2.0  #: how soon, at the latest, a revoked token is noticed
_AT_ONCE = 500


class Watch:
    """Reads on, turn by turn. Not safe to use from two threads at once."""

    def __init__(
        self, link: StoreLink, caller: Identity, *, again: Callable[[], Identity], job: str = ""
    ) -> None:
        """Watch for `caller`, whom `again` recognises anew; facts of `job` only, if given."""
        self._link = link
        self._caller = caller
        self._again = again
        self._job = job
        self._asked_at = time.monotonic()
        self._productions: dict[str, str] = {}

    def turn(self, after: str) -> tuple[str, list[Fact]]:
        """How far the log is read now, and what of the new facts the watcher may see.

        Raises Stranger once the token counts no more, StoreUnavailable.
        """
        store = self._link.get()
        if time.monotonic() - self._asked_at > ASK_AGAIN_SECONDS:
            self._ask_again()
        facts = store.facts.read(after, limit=_AT_ONCE, block_seconds=BLOCK_SECONDS)
        return (facts[-1].id if facts else after), self._visible(store, facts)

    def _ask_again(self) -> None:
        if self._again() != self._caller:
            raise Stranger("the token is not what it was: connect again")
        self._asked_at = time.monotonic()
        self._productions.clear()  # a store that lost its last second may give a number out anew

    def _visible(self, store: Store, facts: Sequence[Fact]) -> list[Fact]:
        if self._job:
            return [fact for fact in facts if job_of(fact) == self._job]
        if self._caller.may(Right.READ_FARM):
            return list(facts)
        self._learn(store, {job_of(fact) for fact in facts} - {""})
        return [fact for fact in facts if self._may_see(fact)]

    def _learn(self, store: Store, jobs: Collection[str]) -> None:
        new = [job for job in jobs if job not in self._productions]
        self._productions |= store.jobs.productions(new) if new else {}

    def _may_see(self, fact: Fact) -> bool:
        production = self._productions.get(job_of(fact))
        return production is not None and self._caller.production in (ALL, production)


def job_of(fact: Fact) -> str:
    """The job that a fact tells of, "" when it is of none."""
    return fact.fields.get("job") or job_of_layer(fact.fields.get("layer", ""))

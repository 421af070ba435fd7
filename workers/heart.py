"""The heartbeat: tells the store that the node lives, and carries out what it answers.

On its own connection and in its own thread, so that neither a long render nor a slow settle can
make the node look dead. Between two beats it waits for a nudge, so an order arrives at once."""

import logging
import threading
from collections.abc import Mapping
from typing import Protocol

from farm.model.errors import NodeSuperseded, NotFound, StoreUnavailable
from farm.model.lease import LeaseState
from farm.model.node import NodeHealth, Pulse
from farm.settings import HEARTBEAT_SECONDS
from farm.store import Store
from workers.lease_run import LeaseRun

log = logging.getLogger("karst.worker")

RETRY_SECONDS = 0.5


class Body(Protocol):
    """What the heart asks of the node it beats for."""

    name: str
    epoch: int

    def runs(self) -> Mapping[str, LeaseRun]:
        """The leases served now, by id."""
        ...

    def health(self) -> NodeHealth:
        """How the machine does."""
        ...

    def register_again(self) -> None:
        """The store does not know this node any more."""
        ...

    def superseded(self, why: str) -> None:
        """Another worker has this node's name."""
        ...

    def restart(self) -> None:
        """Somebody wants its worker to start anew, and it has no lease."""
        ...

    def store_restarted(self) -> None:
        """Another server process answers: it may have lost its last second."""
        ...


class Heart:
    """Beats until `close`."""

    def __init__(self, store: Store, body: Body) -> None:
        """Beat for `body` over `store`, a connection of its own."""
        self._store = store
        self._body = body
        self._stop = threading.Event()
        self._beating = threading.Lock()
        self._run_id = ""
        #: Leases the store believes in and nobody serves, and for how many beats.
        self._unserved: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def close(self) -> None:
        """Stop beating; a beat under way is waited for, the pause between two is not."""
        self._stop.set()
        if self._beating.acquire(timeout=2 * HEARTBEAT_SECONDS):
            self._beating.release()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._beating:
                    self._beat_or_register()
                self._store.nodes.await_nudge(self._body.name, HEARTBEAT_SECONDS)
            except StoreUnavailable as error:
                log.warning("%s; rendering goes on", error)
                self._stop.wait(RETRY_SECONDS)
            except NodeSuperseded as error:
                self._body.superseded(str(error))
                return
            except Exception:
                # A node that renders must not fall silent over one bad beat.
                log.exception("a heartbeat went wrong")
                self._stop.wait(RETRY_SECONDS)

    def _beat_or_register(self) -> None:
        if self._stop.is_set():  # a node that has signed off must not come back
            return
        try:
            self._beat()
        except NotFound:
            log.warning("the store has given node %s up; registering again", self._body.name)
            self._body.register_again()

    def _beat(self) -> None:
        # Runs are read before the store is asked: one that starts meanwhile is not missed by it.
        runs = self._body.runs()
        progress = {lease: run.progress() for lease, run in runs.items() if run.progress()}
        pulse = self._store.nodes.heartbeat(
            self._body.name, self._body.epoch, self._body.health(), progress
        )
        if self._run_id not in ("", pulse.run_id):
            log.warning("the store was restarted; telling recent results again")
            self._body.store_restarted()
        self._run_id = pulse.run_id
        self._obey(pulse, runs)

    def _obey(self, pulse: Pulse, runs: Mapping[str, LeaseRun]) -> None:
        believed = {order.lease: order for order in pulse.orders}
        for lease, run in runs.items():
            order = believed.get(lease)
            if order is None or order.kill:
                run.kill()
            elif order.state is LeaseState.RECALLED:
                run.leave()
        still_served = self._body.runs()
        unserved = {
            order.lease: self._unserved.get(order.lease, 0) + 1
            for order in pulse.orders
            if order.state is not LeaseState.GRANTED and order.lease not in still_served
        }
        for lease in [lease for lease, beats in unserved.items() if beats > 2]:
            log.warning("giving back lease %s, which nobody here serves", lease)
            layer = believed[lease].layer
            self._store.leases.give_up(lease, layer=layer, epoch=self._body.epoch)
        self._unserved = unserved
        if pulse.restart and not believed and not still_served:
            self._body.restart()

"""The node's worker process: it registers, serves leases in slots, and leaves in good order."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from farm.model.errors import FarmError, LeaseLost, NodeUnfit, StoreUnavailable
from farm.model.job import LayerKind
from farm.model.lease import Lease
from farm.model.node import NodeHealth, NodeSpec
from farm.model.resources import threads_of
from farm.model.snapshot import NOTHING
from farm.store import Store
from workers import machine
from workers.cores import Cores
from workers.lease_run import LeaseRun
from workers.metrics.facts import NodeFacts
from workers.orders import Orders
from workers.outbox import Outbox
from workers.place import Place
from workers.places import Places
from workers.power.meter import Meter
from workers.reels.renderer import ReelRenderer
from workers.renderer import Renderer, RendererPool

log = logging.getLogger("karst.worker")

KILL_AGAIN_SECONDS = 0.2  #: an order to stop may meet a renderer just before it begins
CLEAR_UP_SECONDS = 1.0  #: that a heartbeat waits for room on the disk before the node says "full"
UNFIT_SECONDS = 30.0  #: after a fault of its own a node takes no work for so long, then tries again


class Station:
    """A registered node. Celery calls `serve`, once per lease message, in a slot's thread."""

    def __init__(
        self,
        spec: NodeSpec,
        *,
        store: Store,
        pool: RendererPool,
        places: Places,
        state: Path,
        meter: Meter,
        on_end: Callable[[], None],
    ) -> None:
        """Prepare to register as `spec`, with local files in `state`; `meter` counts its energy.

        `on_end` is called when this worker must end by itself: `fault` says that another one has
        taken this node's name, `starts_anew` that somebody wants a new one.
        """
        self.name = spec.name
        self.epoch = 0
        self._spec = spec
        self._store = store
        self._pool = pool
        self._places = places
        self._state = state
        self._meter = meter
        self._outbox = Outbox(state / "outbox")
        self._cores = Cores(threads_of(spec.resources.cores))
        self._runs: dict[str, LeaseRun] = {}
        self._lock = threading.Lock()
        self._leaving = threading.Event()
        self._unfit = ""
        self._aside = ""  #: why it keeps off its machine, as long as somebody uses that
        self._fit_again_at = 0.0
        self._make_room_at = 0.0
        self._was_full = False
        self._on_end = on_end
        self.fault = ""
        self.starts_anew = False  #: it ended because somebody wants a new worker

    def register(self) -> None:
        """Deliver what an earlier worker left, then register. Raises StoreUnavailable."""
        count = self._outbox.deliver_leftovers(self._store)
        if count:
            log.info("delivered %d results an earlier worker had kept", count)
        self.epoch = self._store.nodes.register(self._spec)
        log.info("node %s registered, epoch %d", self.name, self.epoch)

    def register_again(self) -> None:
        """The store gave this node up: what runs is lost to it, so stop it, and start anew."""
        for run in self.runs().values():
            run.kill()
        self.epoch = self._store.nodes.register(self._spec)
        log.info("node %s registered again, epoch %d", self.name, self.epoch)

    def superseded(self, why: str) -> None:
        """Another worker has this node's name: stop at once and let it have the node."""
        self.fault = why
        self._on_end()
        self.stop_now()

    def restart(self) -> None:
        """End, for whoever keeps this worker alive to start it anew."""
        if not self.starts_anew:
            log.info("an operator wants this worker to start anew")
            self.starts_anew = True
            self._leaving.set()
            self._on_end()

    def store_restarted(self) -> None:
        """Tell a restarted store what it may have forgotten."""
        count = self._outbox.tell_again(self._store)
        log.info("told the last %d settles again", count)

    def runs(self) -> Mapping[str, LeaseRun]:
        """The leases served now, by id."""
        with self._lock:
            return dict(self._runs)

    def facts(self) -> NodeFacts:
        """What it serves, with which renderers and files."""
        leases = [run.lease for run in self.runs().values()]
        return NodeFacts(
            booked=sum((lease.resources for lease in leases), start=NOTHING),
            renderers=self._pool.facts(),
            cache=self._places.cache_facts(),
        )

    def health(self) -> NodeHealth:
        """How the machine does, and whether it can take work."""
        if self._unfit and time.monotonic() > self._fit_again_at:
            self._unfit = ""
        try:
            if self._aside:
                self._pool.cool(0)
            else:
                self._pool.cool()
        except NodeUnfit as error:
            self._note_unfit(str(error))
        scenes = self._places.scene_ids(self._pool.warm_scenes())
        health = self._health(scenes)
        if self._make_room(health.disk_free_bytes):
            health = self._health(scenes)
        return health

    def _health(self, scenes: tuple[str, ...]) -> NodeHealth:
        files = self._places.warm_files()
        return machine.health(
            self._state,
            scenes,
            self._aside or self._unfit,
            warm_files=files,
            energy=self._meter.read(),
        )

    def _make_room(self, free_bytes: int) -> bool:
        """Beside the heart, which must go on beating; was it done soon enough to look again?"""
        is_full = free_bytes < machine.LEAST_DISK_FREE_BYTES
        turns_full, self._was_full = is_full and not self._was_full, is_full
        is_time = turns_full or time.monotonic() >= self._make_room_at
        if free_bytes >= machine.WANTED_DISK_FREE_BYTES or not is_time:
            return False
        self._make_room_at = time.monotonic() + UNFIT_SECONDS
        room = threading.Thread(target=self._clear_up, name="room", daemon=True)
        room.start()
        room.join(CLEAR_UP_SECONDS)
        return not room.is_alive()

    def _clear_up(self) -> None:
        with contextlib.suppress(OSError):  # the folder is gone, which the heart tells
            self._places.make_room(self.runs, lambda: machine.disk_free_bytes(self._state))

    def serve(self, lease_id: str) -> str:
        """Serve one lease to its end; returns why it ended."""
        if self._leaving.is_set():
            return "the worker is leaving"
        try:
            lease, tasks = self._store.leases.start(lease_id, node=self.name, epoch=self.epoch)
        except (LeaseLost, StoreUnavailable) as error:
            log.info("dropped a message: %s", error)
            return "dropped"
        try:
            with self._equipped(lease) as run:
                why = run.run(tasks)
        except NodeUnfit as error:
            self._be_unfit(str(error))
            with contextlib.suppress(StoreUnavailable):  # the heart gives back what nobody serves
                self._store.leases.give_up(lease.id, layer=lease.layer, epoch=lease.epoch)
            return "node unfit"
        log.info("lease %s of layer %s ended: %s", lease.id, lease.layer, why)
        return why

    @contextlib.contextmanager
    def _equipped(self, lease: Lease) -> Iterator[LeaseRun]:
        """A run with a place, cores and a renderer, and with the orders given to this node.

        Raises NodeUnfit.
        """
        orders = Orders()
        with contextlib.ExitStack() as ends:
            place = self._places.of(lease, orders)
            ends.callback(place.close)
            cores = self._cores.take(threads_of(lease.resources.cores))
            ends.callback(self._cores.give_back, cores)
            renderer = self._renderer(lease, place, cores)
            ends.callback(self._pool.give_back, renderer)
            run = LeaseRun(
                lease,
                renderer,
                place,
                orders=orders,
                store=self._store,
                outbox=self._outbox,
                on_unfit=self._be_unfit,
            )
            with self._lock:
                self._runs[lease.id] = run
            ends.callback(self._forget, lease.id)
            if self._leaving.is_set():
                run.leave()
            if self._aside:
                run.kill()
            yield run

    def _renderer(self, lease: Lease, place: Place, cores: tuple[int, ...]) -> Renderer:
        """By what the lease's layer is made. Raises NodeUnfit."""
        if lease.spec.kind is not LayerKind.RENDER:
            return ReelRenderer(lease.spec, place, cores=cores)
        return self._pool.borrow(
            place.settings, cores=cores, threads=threads_of(lease.resources.cores)
        )

    def _forget(self, lease: str) -> None:
        with self._lock:
            del self._runs[lease]

    def leave(self) -> None:
        """Take no more leases; the tasks in hand finish."""
        self._leaving.set()
        for run in self.runs().values():
            run.leave()
        self._store.nodes.leaving(self.name, self.epoch, "its worker is stopping")

    def stop_now(self) -> None:
        """Kill every renderer, and again until no lease is served; tasks in hand are given back."""
        self._leaving.set()
        while runs := self.runs():
            for run in runs.values():
                run.kill()
            time.sleep(KILL_AGAIN_SECONDS)

    def step_aside(self, why: str) -> None:
        """Somebody uses the machine: kill every renderer, give back all, take nothing."""
        is_news, self._aside = self._aside != why, why
        if is_news:  # beside the kills: a store that is away must not hold them up
            threading.Thread(target=self._tell, name="aside", daemon=True).start()
        for run in self.runs().values():
            run.kill()
        with contextlib.suppress(NodeUnfit):
            self._pool.cool(0)  # a warm Blender has its scene in memory

    def come_back(self) -> None:
        """Nobody uses the machine: work."""
        self._aside = ""
        self._tell()

    def close(self) -> None:
        """End every renderer; none survives this process."""
        self._pool.close()

    def sign_off(self) -> None:
        """Take leave of the store. Raises StoreUnavailable."""
        self._store.nodes.leave(self.name, self.epoch)

    def _note_unfit(self, why: str) -> None:
        self._fit_again_at = time.monotonic() + UNFIT_SECONDS
        self._unfit = why

    def _be_unfit(self, why: str) -> None:
        """Say so before the lease ends: else the node would be granted the next one at once."""
        self._note_unfit(why)
        self._tell()

    def _tell(self) -> None:
        if self.epoch:
            with contextlib.suppress(FarmError):  # the heart says it again, and sees to the rest
                self._store.nodes.heartbeat(self.name, self.epoch, self.health(), {})

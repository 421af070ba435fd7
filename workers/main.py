"""`farm-worker`: one node's worker as a process, from its registration to its sign-off."""

import argparse
import importlib
import logging
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from farm.blender import find_blender
from farm.model.errors import BadRequest, FarmError, NodeSuperseded, StoreUnavailable
from farm.model.names import check_name
from farm.model.node import IN_USE, NodeSpec
from farm.model.resources import CORE_PARTS
from farm.queue import LeaseQueue
from farm.settings import HEARTBEAT_SECONDS, service_address, setting, told_setting
from farm.signals import StopSignals
from farm.store.waiting import open_when_ready
from farm.wire import Wire
from workers import machine
from workers.cache.cache import NodeCache
from workers.consumer import Consumer
from workers.folder import StateFolder
from workers.heart import Heart
from workers.metrics.outlet import Outlet
from workers.options import parser
from workers.places import Places, Reach
from workers.power.gpus import Gpus
from workers.power.meter import Meter
from workers.power.rapl import Rapl
from workers.presence import Presence
from workers.renderer import RendererPool
from workers.sessions import BlenderPool
from workers.station import Station

log = logging.getLogger("karst.worker")

#: How a worker ends that is to be started again: systemd's RestartForceExitStatus=75.
RESTART_STATUS = 75
#: A connection that is dead without saying so must be noticed well within SILENT_SECONDS.
BEAT_TIMEOUT_SECONDS = HEARTBEAT_SECONDS + 1.0


def run() -> None:
    """Entry point of the command `farm-worker`."""
    sys.exit(main(sys.argv[1:]))


def main(words: list[str]) -> int:
    """Run until told to stop; the exit status."""
    arguments = parser().parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("karst").setLevel(logging.INFO)  # Celery will hush all others
    fault, starts_anew = "", False
    try:
        starts_anew = _work(arguments)
    except FarmError as error:
        fault = str(error)
    except OSError as error:
        fault = f"folder {arguments.state} cannot be used: {error.strerror or error}"
    if not fault:
        return RESTART_STATUS if starts_anew else 0
    sys.stderr.write(f"farm-worker: {fault}\n")
    return 1


def _work(arguments: argparse.Namespace) -> bool:
    """Register, serve until told to stop, sign off; whether a new worker is wanted.

    Raises FarmError, OSError.
    """
    machine.shield_from_oom_killer()
    redis_url = setting("redis_url", arguments.redis_url)
    folder = StateFolder(arguments.state)
    tempfile.tempdir = str(folder.temporary)
    spec, pool = _machine(arguments)
    metrics, meter = Outlet(arguments.metrics_port), _meter(arguments)
    stop = StopSignals()
    store = open_when_ready(redis_url, stop.asked)
    heart_store = open_when_ready(redis_url, stop.asked, timeout_seconds=BEAT_TIMEOUT_SECONDS)
    if store is None or heart_store is None:
        return False
    queue = LeaseQueue(redis_url)
    consumer = Consumer(queue.app, spec.name, slots=int(spec.resources.cores * CORE_PARTS))
    station = Station(
        replace(spec, metrics_port=metrics.port, metrics_host=metrics.host),
        store=store,
        pool=pool,
        places=_places(arguments, folder),
        state=folder.path,
        meter=meter,
        on_end=consumer.stop,
    )
    presence = _presence(arguments, station)
    metrics.start(station.facts, meter, folder.path)
    queue.purge(spec.name)
    station.register()
    heart = Heart(heart_store, station)
    heart.start()
    _serve(station, consumer, stop)
    presence.close()
    heart.close()
    station.close()
    _sign_off(station)
    return station.starts_anew


def _machine(arguments: argparse.Namespace) -> tuple[NodeSpec, RendererPool]:
    """What this node registers as, and its renderers. Raises BadRequest, NodeUnfit."""
    name = check_name("node", arguments.name or socket.gethostname())
    if min(arguments.cores, arguments.memory, arguments.cores_kept_per_gpu) < 0:
        raise BadRequest("amounts cannot be negative; leave --cores and --memory out to offer all")
    blenders, pool = _factory(arguments.renderers)()
    spec = machine.describe(
        name,
        cores=arguments.cores,
        memory_bytes=arguments.memory,
        pool=arguments.pool,
        blenders=blenders,
        tags=arguments.tags,
        cores_kept_per_gpu=arguments.cores_kept_per_gpu,
    )
    return spec, pool


def _meter(arguments: argparse.Namespace) -> Meter:
    """What counts this machine's energy."""
    meter = Meter(rapl=Rapl(), gpus=Gpus(), model=arguments.watts)
    log.info("%s", meter.tells)
    return meter


def _presence(arguments: argparse.Namespace, station: Station) -> Presence:
    """What keeps the node off a machine that somebody uses, if it is to."""
    presence = Presence(station, span_seconds=arguments.when_idle, sources=arguments.idle_by)
    if arguments.when_idle:
        station.step_aside(IN_USE)  # until somebody has looked
        presence.start()
    return presence


def _places(arguments: argparse.Namespace, folder: StateFolder) -> Places:
    """Where leases find their files. Raises BadRequest."""
    url, files = told_setting("url", arguments.url), told_setting("files", arguments.files)
    to = service_address(arguments.url) if url else None
    wire = Wire(to.url, token=to.token, ca=to.ca) if to else None
    cache = NodeCache(
        folder.path / "cache",
        limit_bytes=arguments.cache_limit,
        kept_days=arguments.cache_days,
    )
    reach = Reach(files=Path(files).expanduser().absolute() if files else None, wire=wire)
    return Places(folder.path, temporary=folder.temporary, cache=cache, reach=reach)


def _serve(station: Station, consumer: Consumer, stop: StopSignals) -> None:
    """Consume until a signal: the first drains, the second kills."""

    def drain() -> None:
        stop.asked.wait()
        log.info("stopping: tasks in hand finish; signal again to kill them")
        try:
            station.leave()
        except StoreUnavailable as error:
            log.warning("%s; leaving all the same", error)
        consumer.stop()

    def kill() -> None:
        stop.asked_again.wait()
        log.info("stopping now")
        station.stop_now()

    def ready() -> None:
        stop.listen()
        for action in (drain, kill):
            threading.Thread(target=action, daemon=True).start()

    consumer.run(station.serve, on_ready=ready)


def _sign_off(station: Station) -> None:
    """Raises NodeSuperseded when another worker has the node."""
    if station.fault:
        raise NodeSuperseded(station.fault)
    try:
        station.sign_off()
    except StoreUnavailable as error:
        log.warning("%s; the store will notice that this node is gone", error)


def blender_pool() -> tuple[tuple[str, ...], RendererPool]:
    """The node's Blender and a pool of sessions of it. Raises NodeUnfit when there is none."""
    command = find_blender()
    return (command.version,), BlenderPool(command)


def _factory(path: str) -> Callable[[], tuple[tuple[str, ...], RendererPool]]:
    module, _, name = path.partition(":")
    factory: Callable[[], tuple[tuple[str, ...], RendererPool]] = getattr(
        importlib.import_module(module), name
    )
    return factory

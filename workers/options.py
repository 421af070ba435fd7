"""What `farm-worker` can be told on its command line, and what its help says."""

import argparse
from pathlib import Path

from farm import __version__
from farm.model.errors import BadRequest
from farm.model.names import check_name
from farm.model.resources import Cores, exact_cores
from farm.model.sizes import parse_size, parse_span
from workers.cache.cache import KEPT_DAYS
from workers.idle import KINDS
from workers.metrics.address import Address, read_address
from workers.power.model import WattsModel, read_watts

#: Makes the Blender versions found and the RendererPool; benchmarks name another.
POOL_FACTORY = "workers.main:blender_pool"

_ABOUT = """run one node's worker

First SIGTERM or Ctrl-C: finish the tasks in hand, give back the rest, sign off.
Second: kill the renderers and go."""

_ENVIRONMENT = """environment:
  FARM_REDIS_URL   the store
  FARM_URL         the farm's service: jobs that were sent are fetched from it, and
                   their images sent to it
  FARM_TOKEN       a node's token, or FARM_TOKEN_FILE a file that holds one, where the
                   service asks for it
  FARM_CA          a file of certificates to trust when the service is asked by https
  FARM_FILES       the folder of the farm's files, where this node sees it: they are read
                   in place then, and FARM_URL is not needed
  FARM_BLENDER     the Blender to use; else the one on the PATH, else the bpy module

A node without FARM_URL and FARM_FILES renders jobs on shared storage only."""


def parser() -> argparse.ArgumentParser:
    """The options, most of them settings that the environment may tell too."""
    made = argparse.ArgumentParser(
        prog="farm-worker",
        description=_ABOUT,
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"karst-farm {__version__}")
    made.add_argument("--redis-url", help="the store; FARM_REDIS_URL by default")
    made.add_argument("--url", help="the farm's service; FARM_URL by default, else none")
    made.add_argument(
        "--files",
        metavar="FOLDER",
        help="the farm's files, where this node sees them; FARM_FILES by default, else none",
    )
    made.add_argument("--name", default="", help="of the node; its host name by default")
    made.add_argument("--pool", default="", help="of nodes it belongs to")
    made.add_argument("--memory", type=int, default=0, help="to offer, bytes; nearly all")
    made.add_argument(
        "--state",
        type=Path,
        default=Path.home() / ".local" / "state" / "farm-worker",
        help="folder for the cache, and for results on their way; one per worker",
    )
    _add_offer(made)
    _add_cache(made)
    _add_idle(made)
    _add_telling(made)
    made.add_argument("--renderers", default=POOL_FACTORY, help=argparse.SUPPRESS)
    return made


def _add_offer(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--tags",
        type=_tags,
        default=(),
        metavar="TAG,…",
        help="what the node can do or is for, between commas: avx512,bigdisk",
    )
    made.add_argument("--cores", type=_cores, default=0, help="to offer; all by default")
    made.add_argument(
        "--cores-kept-per-gpu",
        type=_cores,
        default=1,
        metavar="CORES",
        help="that work without a GPU leaves free for each free GPU; 1 by default",
    )


def _add_cache(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--cache-limit",
        type=_size,
        default=0,
        metavar="SIZE",
        help="of files fetched for sent jobs, such as 200G; half of the disk's free space",
    )
    made.add_argument(
        "--cache-days",
        type=_days,
        default=KEPT_DAYS,
        metavar="DAYS",
        help=f"that fetched files are kept unused; {KEPT_DAYS:g} by default",
    )


def _add_idle(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--when-idle",
        type=_span,
        default=0,
        metavar="TIME",
        help="work only when nobody has used this machine for so long, such as 10m; always by "
        "default",
    )
    made.add_argument(
        "--idle-by",
        type=_sources,
        default=KINDS,
        metavar="SOURCE,…",
        help="what tells that somebody uses it: terminals, devices (keyboards and mice), load "
        "(of processes that are not the farm's), and files, by absolute path, that something "
        "touches then; the first three by default",
    )


def _add_telling(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--metrics-port",
        type=_address,
        metavar="[ADDRESS:]PORT",
        help="tell Prometheus of this node here, to whoever can reach it; 0 is any port that is "
        "free; not told by default",
    )
    made.add_argument(
        "--watts",
        type=_watts,
        metavar="IDLE,FULL",
        help="what this machine draws without its GPUs, with nothing to do and with all cores in "
        "use, such as 95,420: counted by where it does not measure its energy itself",
    )


def _address(text: str) -> Address:
    try:
        return read_address(text)
    except BadRequest as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _watts(text: str) -> WattsModel:
    try:
        return read_watts(text)
    except BadRequest as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _span(text: str) -> int:
    try:
        seconds = parse_span(text)
    except BadRequest as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not seconds:
        raise argparse.ArgumentTypeError(f"{text!r}: give some time, or leave the option out")
    return seconds


def _sources(text: str) -> tuple[str, ...]:
    sources = tuple(source.strip() for source in text.split(","))
    for source in sources:
        if source not in KINDS and not source.startswith("/"):
            wanted = f"write {', '.join(KINDS)} or files by absolute path, between commas"
            raise argparse.ArgumentTypeError(f"{source!r} tells nothing: {wanted}")
    return sources


def _cores(text: str) -> Cores:
    try:
        return exact_cores(float(text))
    except (ValueError, BadRequest) as error:
        wanted = "give whole cores or quarters, such as 16 or 0.5"
        raise argparse.ArgumentTypeError(f"{text!r}: {wanted}") from error


def _tags(text: str) -> tuple[str, ...]:
    try:
        return tuple(sorted({check_name("tag", tag.strip()) for tag in text.split(",")}))
    except BadRequest as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except BadRequest as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 200G or 512M") from error


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= 36_500:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number of days, 0 or more")
    return days

"""`farm up`: a whole farm on this machine, until Ctrl-C."""

import os
import signal
import socket
from pathlib import Path

import click

from farm import __version__
from farm.settings import DEFAULT_PORT
from farm.up.local import LocalFarm, LocalOptions, local_farm

_TEND_SECONDS = 3600.0  # nothing is polled: a death or a signal wakes us


@click.command()
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=lambda: Path.home() / ".local" / "state" / "farm",
    show_default="~/.local/state/farm",
    help="Folder for all that the farm keeps; one farm per folder.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port of the service, on this machine only.",
)
@click.option(
    "--slots",
    type=click.IntRange(min=1),
    default=None,
    show_default="all cores",
    help="Cores given to rendering; a frame takes one unless its job asks for more.",
)
@click.option(
    "--name", default=None, show_default="the host name", help="What this machine's node is called."
)
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    default=None,
    show_default="not told",
    help="Tell Prometheus of the farm and its node, at this port of this machine, such as 9750.",
)
def up(
    state: Path, port: int, slots: int | None, name: str | None, metrics_port: int | None
) -> None:
    """Run a whole farm on this machine until Ctrl-C."""
    heed_signals()
    options = local_options(
        state=state, port=port, slots=slots, node=name, metrics_port=metrics_port
    )
    click.echo(f"Karst {__version__} is coming up …", err=True)
    try:
        with local_farm(options, say=tell) as farm:
            _greet(farm)
            while True:
                farm.tend(_TEND_SECONDS)
    except KeyboardInterrupt:
        click.echo("The farm is down; nothing of it runs any more.", err=True)


def local_options(
    *,
    state: Path,
    port: int,
    slots: int | None,
    node: str | None = None,
    metrics_port: int | None = None,
) -> LocalOptions:
    """What a farm on this machine is like unless told otherwise."""
    return LocalOptions(
        state=state.expanduser().absolute(),
        port=port,
        slots=slots or len(os.sched_getaffinity(0)),
        node=node or socket.gethostname(),
        metrics_port=metrics_port,
    )


def heed_signals() -> None:
    """Treat being told to end, or losing the terminal, as a Ctrl-C: all is taken down."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    # A parent shell that starts us in the background makes us deaf to Ctrl-C; hear it all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def tell(line: str) -> None:
    click.echo(f"farm: {line}", err=True)


def _greet(farm: LocalFarm) -> None:
    slots = farm.options.slots
    usual = farm.options.port == DEFAULT_PORT
    click.echo(
        f"The farm is up: node {farm.options.node} with {slots} slot{'s' if slots > 1 else ''}.\n"
        f"  service  {farm.url}\n"
        + (f"  metrics  {farm.metrics_url}/metrics\n" if farm.metrics_url else "")
        + f"  logs     {farm.logs}\n"
        "Next, in another shell:\n"
        + ("" if usual else f"  export FARM_URL={farm.url}\n")
        + "  farm submit SCENE.blend --wait\n"
        "Ctrl-C takes all down."
    )

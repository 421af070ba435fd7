"""`farm`: the command line. This module names the commands; each lives in a module of its own."""

import os
import sys

import click

from farm import __version__
from farm.cli.errors import DEBUG, run_command
from farm.cli.lazy import Lazy, LazyGroup

_EPILOG = """\b
A first job, on this machine alone:
  farm up                                        in one shell
  farm submit shot.blend --frames 1-24 --wait    in another
"""
_COMMANDS = {
    "submit": Lazy(
        module="farm.cli.submit", name="submit", help="Send a Blender scene to the farm to render."
    ),
    "assets": Lazy(
        module="farm.cli.assets", name="assets", help="List all files that a scene needs."
    ),
    "pull": Lazy(module="farm.cli.pull", name="pull", help="Bring the finished images of a job."),
    "jobs": Lazy(
        module="farm.cli.jobs", name="jobs", help="List, watch and steer jobs: ls, show, wait …"
    ),
    "why": Lazy(
        module="farm.cli.why", name="why", help="Tell why a job or a frame waits, in one sentence."
    ),
    "frames": Lazy(
        module="farm.cli.frames", name="frames", help="List the frames of a job, read their logs."
    ),
    "nodes": Lazy(
        module="farm.cli.nodes", name="nodes", help="List, look at, drain and undrain nodes."
    ),
    "productions": Lazy(
        module="farm.cli.productions",
        name="productions",
        help="What each production is due of the farm, and has: ls, show, share.",
    ),
    "top": Lazy(module="farm.cli.top.command", name="top", help="Watch the whole farm, live."),
    "report": Lazy(
        module="farm.cli.report.command",
        name="report",
        help="Where the farm's time went, by day, production and user.",
    ),
    "limits": Lazy(
        module="farm.cli.limits",
        name="limits",
        help="Bound how many frames or nodes use something at once, such as licences.",
    ),
    "filters": Lazy(
        module="farm.cli.filters",
        name="filters",
        help="Set pool, priority, limits and tags of jobs as they come in.",
    ),
    "groups": Lazy(
        module="farm.cli.groups",
        name="groups",
        help="Bound what sequences and shots of a production have at once.",
    ),
    "files": Lazy(
        module="farm.cli.files", name="files", help="Make room on the farm's disk for sent files."
    ),
    "tokens": Lazy(
        module="farm.cli.tokens", name="tokens", help="Make, list and revoke tokens: who may what."
    ),
    "webhooks": Lazy(
        module="farm.cli.webhooks", name="webhooks", help="Tell other programs when jobs end."
    ),
    "doctor": Lazy(
        module="farm.cli.doctor", name="doctor", help="Check that the farm is well, part by part."
    ),
    "up": Lazy(
        module="farm.cli.up",
        name="up",
        help="Start a whole farm on this machine: store, scheduler, service, one worker.",
    ),
    "demo": Lazy(
        module="farm.cli.demo",
        name="demo",
        help="Render a small film through a farm of its own on this machine.",
    ),
    "simulate": Lazy(
        module="farm.sim.command",
        name="simulate",
        help="Play a farm's days in minutes: what would other nodes, weights, work bring?",
    ),
    "scheduler": Lazy(
        module="farm.cli.parts", name="scheduler", help="Run a scheduler: one leads, others wait."
    ),
    "service": Lazy(
        module="farm.cli.parts", name="service", help="Run the HTTP service these commands talk to."
    ),
    "exporter": Lazy(module="farm.cli.parts", name="exporter", help="Tell Prometheus of the farm."),
}


@click.group(
    cls=LazyGroup,
    lazy=_COMMANDS,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--debug", is_flag=True, help="Show the traceback when something fails.")
@click.version_option(__version__, prog_name="farm")
def cli(*, debug: bool) -> None:
    """Karst, a render farm for Blender."""
    if debug:
        os.environ[DEBUG] = "1"


def run() -> None:
    """Run the command line that this process was started with."""
    sys.exit(run_command(cli, sys.argv[1:]))


if __name__ == "__main__":
    run()

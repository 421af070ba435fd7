"""`farm scheduler`, `farm service`, `farm exporter`: this process becomes that part of the farm."""

import os
import sys

import click

_PASSED_ON = {"ignore_unknown_options": True, "help_option_names": []}


@click.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def scheduler(arguments: tuple[str, ...]) -> None:
    """Run a scheduler: one leads, others wait to take over."""
    _become("farm.scheduler", arguments)


@click.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def service(arguments: tuple[str, ...]) -> None:
    """Run the HTTP service."""
    _become("farm.service", arguments)


@click.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def exporter(arguments: tuple[str, ...]) -> None:
    """Tell Prometheus of the farm."""
    _become("farm.exporter", arguments)


def _become(module: str, arguments: tuple[str, ...]) -> None:
    """Replace this process, so that signals and the exit status are the part's own."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606

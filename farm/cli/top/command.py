"""The command: looks at the farm again and again until `q` or Ctrl-C."""

from typing import TYPE_CHECKING

import click

from farm.cli.options import Session, talks
from farm.cli.output import message
from farm.cli.top.seen import Look, Window
from farm.model.errors import BadRequest, ServiceUnavailable

if TYPE_CHECKING:
    from rich.console import Console, Group

_EPILOG = """\b
A character of the map is a node: its height is what of it is busy. Green is busy, magenta waits for
work that it could do, grey has nothing to do, yellow is drained, red is away.

\b
Examples:
  farm top
  farm top --every 10
  farm top --once --json | jq .usage.farm.utilization
"""
_LONGEST = 40


@click.command(epilog=_EPILOG)
@click.option("--every", default=2.0, metavar="SECONDS", show_default=True, help="Look so often.")
@click.option("--once", is_flag=True, help="Look once, print, and end.")
@talks
def top(session: Session, *, every: float, once: bool) -> None:
    """Watch the farm: nodes, pools, productions, what waits, and what runs for longest.

    `q` ends it. Into a pipe, or as JSON, it looks once.
    """
    if not 0.2 <= every <= 3600:
        raise BadRequest(f"--every {every:g}: give 0.2 to 3600 seconds")
    if session.view.as_json:
        session.view.json(_look(session).as_json())
    elif once or not session.view.for_people:
        _print(_look(session), plain=session.view.plain)
    else:
        _watch(session, every)


def _look(session: Session) -> Look:
    usage = session.client.usage
    now = usage.now(nodes=True)
    return Look(nodes=now.pop("nodes"), usage=now, longest=usage.longest(_LONGEST))


def _print(look: Look, *, plain: bool) -> None:
    from rich.console import Console

    from farm.cli.top.screen import screen

    console = Console(highlight=False, no_color=plain or None)
    window = Window()
    window.add(look.usage)
    console.print(screen(look, window, width=console.width, height=10_000))


def _watch(session: Session, every_seconds: float) -> None:
    from rich.console import Console
    from rich.live import Live

    from farm.cli.top.keys import keyboard

    console, window = Console(highlight=False), Window()
    look = _look(session)  # what is wrong is told before the screen is taken
    with keyboard() as ended, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            window.add(look.usage)
            live.update(_drawn(look, window, console), refresh=True)
            if ended(every_seconds):
                return
            try:
                look = _look(session)
            except ServiceUnavailable as error:
                live.console.bell()
                live.update(str(error), refresh=True)
                if ended(every_seconds):
                    message(f"farm: {error}")
                    return


def _drawn(look: Look, window: Window, console: "Console") -> "Group":
    from farm.cli.top.screen import screen

    return screen(look, window, width=console.width, height=console.height)

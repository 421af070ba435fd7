"""Options that all commands share, and the session they make: a client, and a way to print."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from farm.cli.output import View, message
from farm.model.errors import BadRequest

if TYPE_CHECKING:
    from farm.client import Client, Farm

Function = Callable[..., Any]


class Session:
    """What a command works with."""

    def __init__(self, *, url: str | None, view: View) -> None:
        self._url = url
        self.view = view

    @functools.cached_property
    def client(self) -> "Client":
        """The farm's service. Nothing is sent before it is asked something."""
        from farm.client import Client
        from farm.settings import service_address

        to = service_address(self._url)
        if to.token and travels_openly(to.url):
            message(f"farm: warning: the token travels unencrypted to {to.url}: use https:// there")
        return Client(to.url, token=to.token, ca=to.ca)

    @functools.cached_property
    def farm(self) -> "Farm":
        """The same, as programs use it; what it has to say is told on stderr."""
        from farm.client import Farm

        return Farm(client=self.client, tell=lambda line: message(f"farm: {line}"))


def travels_openly(url: str) -> bool:
    """Does what is sent to `url` cross a network that others may listen to?"""
    import ipaddress
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname == "localhost":
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return True


def talks(command: Function) -> Function:
    """Give `command` the options --json, --plain and --url, and a Session as first argument."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.option("--plain", is_flag=True, help="Print tab-separated lines, as into a pipe.")
    @click.option(
        "--url", metavar="URL", help="The farm's service [FARM_URL, or this machine's own]."
    )
    @functools.wraps(command)
    def with_session(*, as_json: bool, plain: bool, url: str | None, **rest: Any) -> Any:  # noqa: ANN401
        return command(Session(url=url, view=View(as_json=as_json, plain=plain)), **rest)

    return with_session


class Size(click.ParamType[int]):
    """An amount of memory: 8G, 512M."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        from farm.model.sizes import parse_size

        try:
            return value if isinstance(value, int) else parse_size(str(value))
        except BadRequest as error:
            self.fail(str(error), param, ctx)


class Span(click.ParamType[int]):
    """A length of time in seconds: 90d, 12h, 30m."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        from farm.model.sizes import parse_span

        try:
            return value if isinstance(value, int) else parse_span(str(value))
        except BadRequest as error:
            self.fail(str(error), param, ctx)


SIZE = Size()

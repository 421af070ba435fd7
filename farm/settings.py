"""What can be set, where it is read from, and what it is by default.

Precedence: a command's flag, then a `FARM_*` environment variable, then `farm.toml` in the working
folder, then `~/.config/farm/config.toml`, then the default. Timings of the farm's own protocol are
constants here: they only make sense together.

The promise: no folder's `farm.toml` sends a token of the caller's where the caller does not say.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.model.errors import BadRequest

DEFAULT_PORT = 8420
EXPORTER_PORT = 9750  #: where Prometheus finds what the farm tells
HEARTBEAT_SECONDS = 2.0  #: a node reports at least this often
SILENT_SECONDS = 8.0  #: after this much silence a node is offline and its leases are lost
START_SECONDS = 10.0  #: a granted lease that has not started by then is taken back
LEADER_SECONDS = 3.0  #: the leader's lock; a standby leads at the latest this long after a death
TICK_SECONDS = 1.0  #: the scheduler looks this often even when no event wakes it

_DEFAULTS = {
    "redis_url": "redis://127.0.0.1:6379/0",
    "url": f"http://127.0.0.1:{DEFAULT_PORT}",
    "files": "~/.local/state/farm/files",
    "token": "",
    "ca": "",
    "in_place": "",  # "yes": farm and studio see the shared folders under the same paths
}
_FOLDERS_OWN = Path("farm.toml")
#: These may also be named by a file that holds them: FARM_TOKEN_FILE, `token_file = "…"`.
_SECRETS = frozenset({"token"})


def setting(name: str, flag: str | None = None) -> str:
    """The value of setting `name` ("redis_url", "url", "token", "ca"), by the precedence above.

    Raises BadRequest when a settings file cannot be read or there is no such setting.
    """
    told = told_setting(name, flag)
    if told is not None:
        return told
    if name not in _DEFAULTS:
        raise BadRequest(f"no setting {name!r}; there are: {', '.join(sorted(_DEFAULTS))}")
    return _DEFAULTS[name]


def told_setting(name: str, flag: str | None = None) -> str | None:
    """As `setting`, without its default: None when nobody has set it."""
    if flag is not None:
        return flag
    values = (_value(source, name) for source in _sources())
    return next((value for value in values if value is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """Where the farm's service is, and what is shown and trusted there."""

    url: str
    token: str
    ca: str


def service_address(
    url: str | None = None, *, token: str | None = None, ca: str | None = None
) -> ServiceAddress:
    """Where the service is, with the token for it; what is given wins.

    A `farm.toml` in the working folder that names another address or certificate than the
    caller's own settings gets no token but one that lies in that folder.

    Raises BadRequest.
    """
    environment, folder, own = _sources()
    given = {"url": url, "ca": ca}
    led = [
        name
        for name in given
        if given[name] is None
        and not environment.get(name)
        and (folder.get(name) or own.get(name)) != own.get(name)
    ]
    if led:
        brought = _brought_by(folder) if token is None else None
        if brought is None and setting("token", token):
            raise BadRequest(_led_away(led[0], str(folder[led[0]])))
        token = brought
    return ServiceAddress(
        url=setting("url", url), token=setting("token", token), ca=setting("ca", ca)
    )


def _sources() -> tuple[Mapping[str, Any], ...]:
    """Where settings may be: the environment, the working folder, the user's own file."""
    mark = "FARM_"
    environment = {
        name.removeprefix(mark).lower(): value
        for name, value in os.environ.items()
        if name.startswith(mark)
    }
    return environment, _read(_FOLDERS_OWN), _read(Path.home() / ".config" / "farm" / "config.toml")


def _value(source: Mapping[str, Any], name: str) -> str | None:
    if source.get(name):
        return _plain(name, str(source[name]))
    if name in _SECRETS and source.get(f"{name}_file"):
        return _plain(name, _held_by(name, Path(str(source[f"{name}_file"])).expanduser()))
    return None


def _brought_by(folder: Mapping[str, Any]) -> str | None:
    """The token that lies in the working folder: one in a file elsewhere is not the folder's."""
    file = Path(str(folder.get("token_file", ""))).expanduser()
    real = Path(os.path.realpath(file))  # unlike Path.resolve it takes links that lead in a circle
    if not folder.get("token") and not real.is_relative_to(Path.cwd().resolve()):
        return None
    return _value(folder, "token")


def _led_away(name: str, value: str) -> str:
    return (
        f"{_FOLDERS_OWN} in this folder names {name} {value!r:.200}, which your own settings do "
        f"not: your token is not sent there; if you trust it, name it in FARM_{name.upper()} or "
        "~/.config/farm/config.toml too"
    )


def _plain(name: str, value: str) -> str:
    """A secret goes into a header, where it must be one plain word. Raises BadRequest."""
    if name in _SECRETS and not (value.isascii() and value.isprintable() and " " not in value):
        raise BadRequest(f"setting {name!r} is not one plain word: copy it again, whole")
    return value


def _held_by(name: str, path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{name}_file {path} cannot be read: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRequest(f"settings file {path} cannot be read: {error}") from error

"""What can be set, where it is read from, and what it is by default.

Precedence: a command's flag, then a `FARM_*` environment variable, then `farm.toml` in the working
folder, then `~/.config/farm/config.toml`, then the default. Timings of the farm's own protocol are
constants here: they only make sense together.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from farm.model.errors import BadRequest

DEFAULT_PORT = 8420
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
    for source in _sources():
        if source.get(name):
            return _plain(name, str(source[name]))
        if name in _SECRETS and source.get(f"{name}_file"):
            return _plain(name, _held_by(name, Path(str(source[f"{name}_file"])).expanduser()))
    return None


def _sources() -> Iterator[Mapping[str, Any]]:
    """Where settings may be, the one that wins first."""
    mark = "FARM_"
    yield {
        name.removeprefix(mark).lower(): value
        for name, value in os.environ.items()
        if name.startswith(mark)
    }
    for path in (Path("farm.toml"), Path.home() / ".config" / "farm" / "config.toml"):
        yield _read(path)


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

"""What can be set, where it is read from, and what it is by default.

Precedence: a command's flag, then a `FARM_*` environment variable, then `farm.toml` in the working
folder, then `~/.config/farm/config.toml`, then the default. Timings of the farm's own protocol are
constants here: they only make sense together.
"""

import os
import tomllib
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
}


def setting(name: str, flag: str | None = None) -> str:
    """The value of setting `name` ("redis_url", "url"), by the precedence above.

    Raises BadRequest when a settings file cannot be read or there is no such setting.
    """
    if flag is not None:
        return flag
    from_environment = os.environ.get(f"FARM_{name.upper()}")
    if from_environment:
        return from_environment
    for path in (Path("farm.toml"), Path.home() / ".config" / "farm" / "config.toml"):
        value = _read(path).get(name)
        if value is not None:
            return str(value)
    if name not in _DEFAULTS:
        raise BadRequest(f"no setting {name!r}; there are: {', '.join(sorted(_DEFAULTS))}")
    return _DEFAULTS[name]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRequest(f"settings file {path} cannot be read: {error}") from error

"""The store's atomic steps: one Functions library, put together from farm/store/lua.

The transition tables of `farm.model.states` are written into the library as Lua tables, so the
server moves tasks, jobs and nodes by the very tables that Python knows.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable

from farm.model.states import (
    JOB_TRANSITIONS,
    NODE_TRANSITIONS,
    OPEN_JOB_STATES,
    OPEN_TASK_STATES,
    TASK_TRANSITIONS,
    EventT,
    StateT,
    TaskState,
)
from farm.store.counters import counter_tables

LIBRARY = "karst"
HASH_TAG = "{farm}"  #: the one key every step names; all other keys share this tag

#: One byte per task in a layer's state string. Ready is zero, so that a new layer costs one write.
TASK_BYTES: Mapping[TaskState, int] = {
    TaskState.READY: 0,
    TaskState.RUNNING: 1,
    TaskState.SUCCEEDED: 2,
    TaskState.FAILED: 3,
    TaskState.CANCELLED: 4,
    TaskState.BLOCKED: 5,
    TaskState.SKIPPED: 6,
}

#: Helpers come before the steps that use them.
_HELPERS = (
    "_keys",
    "_nudges",
    "_usage",
    "_exemplars",
    "_counters",
    "_lines",
    "_productions",
    "_partition",
    "_accounts",
    "_counting",
    "_modes",
    "_eras",
    "_demand",
    "_wanting",
    "_opening",
    "_waiting",
    "_layers",
    "_moves",
    "_records",
    "_edges",
    "_waits",
    "_totals",
    "_close",
    "_replies",
    "_sums",
    "_caps",
    "_bounds",
    "_credits",
    "_accounting",
    "_waited",
    "_booking",
    "_leases",
    "_stories",
    "_endings",
    "_nodes",
    "_reserving",
    "_granting",
    "_submitting",
    "_holding",
    "_obey",
    "_chains",
    "_spread",
    "_linking",
    "_auditing",
    "_take",
    "_chunk",
    "_images",
    "_faults",
    "_blame",
    "_settling",
    "_applying",
    "_next",
    "_views",
    "_bound_views",
    "_looking",
    "_energy",
    "_wishes",
    "_forgetting",
)

_WORD = re.compile(r"(?<![\w:])(?<![^.]\.)[A-Za-z_]\w*")
_SAID = re.compile(r"--[^\n]*|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_TOP_LEVEL = re.compile(
    r"^local (?P<function>function )?(?P<names>\w+(?:, *\w+)*)(?P<rest>(?:[ ][^\n]*)?)"
    r"(?(function)(?=\())",
    re.MULTILINE,
)


def library_source() -> str:
    """The whole library as the server loads it; its first comment carries its own digest."""
    folder = resources.files("farm.store") / "lua"
    steps = sorted(
        entry.name.removesuffix(".lua")
        for entry in folder.iterdir()
        if entry.name.endswith(".lua") and not entry.name.startswith("_")
    )
    texts = [_text(folder, name) for name in (*_HELPERS, *steps)]
    files_with = Counter(word for text in texts for word in set(_names(text)))
    parts = [_tables(), *(_block(text, files_with) for text in texts)]
    body = "\n".join(parts)
    digest = hashlib.sha256(body.encode()).hexdigest()[:16]
    version = f"redis.register_function('farm_library', function() return '{digest}' end)"
    return f"#!lua name={LIBRARY}\n{body}\n{version}\n"


def _names(text: str) -> list[str]:
    """The words of a file that may be names: not those that it says, and no fields."""
    return _WORD.findall(_SAID.sub(" ", text))


def _block(text: str, files_with: Mapping[str, int]) -> str:
    """A file as a block of its own, which shares only the names that another file has too.

    Lua takes no more than 200 names on one level.
    """
    shared: list[str] = []

    def share(found: re.Match[str]) -> str:
        names = [word.strip() for word in found["names"].split(",")]
        if all(files_with[name] == 1 for name in names):
            return found[0]
        shared.extend(names)
        if found["function"]:
            return f"function {found['names']}"
        return found["names"] + found["rest"] if found["rest"].startswith(" =") else ""

    block = _TOP_LEVEL.sub(share, text)
    local = f"local {', '.join(shared)}\n" if shared else ""
    return f"{local}do\n{block}\nend"


def _text(folder: Traversable, name: str) -> str:
    return (folder / f"{name}.lua").read_text("utf-8")


def library_digest(source: str) -> str:
    """The digest that `farm_library` of this source answers."""
    return source.rsplit("return '", 1)[1].split("'", 1)[0]


def _tables() -> str:
    quoted = {state: f"'\\{byte}'" for state, byte in TASK_BYTES.items()}
    names = ", ".join(f"[{byte}] = '{state}'" for state, byte in quoted.items())
    bytes_of = ", ".join(f"{state} = {byte}" for state, byte in quoted.items())
    # Lua 5.1 patterns cannot hold a zero byte; they write it %z.
    patterns = ", ".join(
        f"{state} = {byte if TASK_BYTES[state] else repr('%z')}" for state, byte in quoted.items()
    )
    return "\n".join(
        (
            f"local TASK_NAMES = {{{names}}}",
            f"local TASK_BYTES = {{{bytes_of}}}",
            f"local BYTE_PATTERN = {{{patterns}}}",
            _set("OPEN_TASK", OPEN_TASK_STATES),
            _set("OPEN_JOB", OPEN_JOB_STATES),
            _moves("TASK_MOVES", TASK_TRANSITIONS),
            _moves("JOB_MOVES", JOB_TRANSITIONS),
            _moves("NODE_MOVES", NODE_TRANSITIONS),
            counter_tables(),
        )
    )


def _set(name: str, states: Iterable[StrEnum]) -> str:
    return f"local {name} = {{{', '.join(f'{s} = true' for s in sorted(states))}}}"


def _moves(name: str, table: Mapping[tuple[StateT, EventT], StateT]) -> str:
    lines = [f"local {name} = {{"]
    for before in sorted({state for state, _ in table}):
        moves = ", ".join(f"{e} = '{after}'" for (s, e), after in table.items() if s == before)
        lines.append(f"  {before} = {{{moves}}},")
    return "\n".join((*lines, "}"))

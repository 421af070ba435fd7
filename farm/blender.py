"""Which Blender this machine has, and the command that runs a script in it.

First what FARM_BLENDER names, then `blender` on the PATH, then the bpy module beside this Python.
The module is looked up, never imported: it would take over our own process."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from farm.model.errors import NodeUnfit

_ASK_VERSION_SECONDS = 60.0  #: a first start from cold, shared storage is slow


@dataclass(frozen=True, slots=True, kw_only=True)
class BlenderCommand:
    """A Blender that can be started, as a program or as a Python module."""

    program: str  #: the executable: Blender's, or the Python that has the bpy module
    version: str  #: "4.5.15"
    is_module: bool

    def argv(self, script: Path, *words: str) -> list[str]:
        """The command that runs `script` with `words` after `--` in its arguments.

        Scenes that it opens run no Python of their own, unless the script allows it."""
        if self.is_module:  # -P: the script's folder is not a place to import from
            return [self.program, "-P", str(script), "--", *words]
        quiet = ["--background", "--factory-startup", "--disable-autoexec"]
        # The exit code must come before the script: it holds for scripts named after it.
        run = ["--python-exit-code", "3", "--python", str(script)]
        return [self.program, *quiet, *run, "--", *words]

    def __str__(self) -> str:
        return f"{'bpy' if self.is_module else 'Blender'} {self.version} ({self.program})"


def find_blender() -> BlenderCommand:
    """The Blender to use. Raises NodeUnfit when there is none."""
    named = os.environ.get("FARM_BLENDER")
    if named:
        program = shutil.which(Path(named).expanduser())
        if program is None:
            raise NodeUnfit(f"FARM_BLENDER is {named}, which is not a program: mend or unset it")
        return executable(program)
    on_path = shutil.which("blender")
    if on_path is not None:
        return executable(on_path)
    found = module()
    if found is None:
        raise NodeUnfit(
            "no Blender on this machine: put blender on the PATH, set FARM_BLENDER to its path, or "
            "install karst-farm[blender]"
        )
    return found


def module() -> BlenderCommand | None:
    """The bpy module of the running Python, if it is installed."""
    if util.find_spec("bpy") is None:
        return None
    try:
        version = metadata.version("bpy")
    except metadata.PackageNotFoundError:
        version = "of unknown version"
    return BlenderCommand(program=sys.executable, version=version, is_module=True)


def executable(program: str) -> BlenderCommand:
    """The Blender at this path, asked for its version. Raises NodeUnfit when it does not start."""
    try:
        told = subprocess.run(
            [program, "--background", "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ASK_VERSION_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise NodeUnfit(f"{program} does not start: {error}") from error
    version = re.search(r"^Blender (\d\S*)", told, re.MULTILINE)
    if version is None:
        raise NodeUnfit(
            f"{program} does not call itself Blender: set FARM_BLENDER to the right one"
        )
    return BlenderCommand(program=program, version=version[1], is_module=False)

"""Which tracer finds which kind of file: `python -m tests.corpus.table` prints the table.

For each kind a Blender makes a scene that needs such files, and each tracer says what it needs. A
second Blender takes part where FARM_TEST_BLENDER_5 names a Python that has bpy 5.0."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from blender_asset_tracer.blendfile import BlendFile, close_all_cached
from blender_asset_tracer.trace import deps

from farm.assets.tracing.bat import trace_blends
from farm.assets.tracing.blender_map import ask_blender_about
from farm.assets.tracing.expand import find_files
from farm.assets.tracing.model import Mention
from farm.assets.tracing.trace import united
from farm.blender import BlenderCommand
from farm.model.errors import BadScene

ALL, REFUSES = "all", "refuses"
_MAKE = Path(__file__).with_name("make.py")
_ASK_VERSION = "import importlib.metadata as m; print(m.version('bpy'))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """The scenes of all kinds, as one Blender made them."""

    folder: Path
    blender: BlenderCommand
    needs: dict[str, list[str]]  #: what each scene needs, from its folder

    def scene(self, kind: str) -> Path:
        return self.folder / kind / "shot.blend"


def module_of(python: str) -> BlenderCommand:
    """The bpy that this Python has."""
    told = subprocess.run(
        [python, "-c", _ASK_VERSION], check=True, capture_output=True, text=True, timeout=60
    )
    return BlenderCommand(program=python, version=told.stdout.strip(), is_module=True)


def make_corpus(folder: Path, python: str, *kinds: str) -> Corpus:
    """Let the bpy of `python` make the scenes of `kinds`, or of all, in `folder`."""
    command = [python, "-P", str(_MAKE), str(folder), *kinds]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    corpus = read_corpus(folder, python)
    if "ocean" in corpus.needs:
        _say_baked(corpus.scene("ocean"))
    return corpus


def read_corpus(folder: Path, python: str) -> Corpus:
    """What the bpy of `python` has made in `folder`."""
    needs = json.loads((folder / "needs.json").read_text("utf-8"))
    return Corpus(folder=folder, blender=module_of(python), needs=needs)


def _say_baked(scene: Path) -> None:
    """Without windows Blender bakes an ocean, but never notes that it has."""
    with BlendFile(scene, mode="rb+") as blend:
        for block in blend.blocks:
            if block.dna_type_id == b"OceanModifierData":
                block.set(b"cached", 1)


def answers(corpus: Corpus) -> dict[str, list[str]]:
    """For each kind what each tracer finds: BAT alone, `bat`, `blender`, `auto`."""
    scenes = [str(corpus.scene(kind)) for kind in corpus.needs]
    by_blender = ask_blender_about(scenes, corpus.blender)
    return {
        kind: list(_answers(corpus, kind, asked))
        for kind, asked in zip(corpus.needs, by_blender, strict=True)
    }


def _answers(corpus: Corpus, kind: str, asked: list[Mention]) -> Iterator[str]:
    scene = str(corpus.scene(kind))
    try:
        yield _in_a_word(corpus, kind, set(_bat_alone(scene)))
    except Exception:  # noqa: BLE001 - it raises whatever it meets
        yield "breaks off"
    try:
        read = list(trace_blends(scene, lambda _: None).mentions)
        yield _in_a_word(corpus, kind, _paths(scene, read))
    except BadScene:
        yield REFUSES
        read = list(trace_blends(scene, lambda _: None, unproven=True).mentions)
    yield _in_a_word(corpus, kind, _paths(scene, asked))
    yield _in_a_word(corpus, kind, _paths(scene, united([*read, *asked])))


def _paths(scene: str, mentions: list[Mention]) -> set[str]:
    found = find_files(scene, mentions)
    return {one.path for one in found.files} | {one.path for one in found.missing}


def _bat_alone(scene: str) -> Iterator[str]:
    """What blender-asset-tracer's own list says."""
    try:
        for usage in deps(Path(scene)):
            there = [str(path) for path in usage.files()]
            yield from there or [str(usage.abspath)]
    finally:
        close_all_cached()


def _in_a_word(corpus: Corpus, kind: str, paths: set[str]) -> str:
    """`all`, `2 of 3`, `none`; `+ 1 wrong` for files that it takes for missing."""
    folder, needed = corpus.folder / kind, set(corpus.needs[kind])
    found = {os.path.relpath(path, folder) for path in paths} - {"shot.blend"}
    wrong = len([path for path in found - needed if not (folder / path).exists()])
    right = len(found & needed)
    if not needed:
        return "left alone" if not found else "taken along"
    told = ALL if right == len(needed) else f"{right} of {len(needed)}" if right else "none"
    return f"{told} + {wrong} wrong" if wrong else told


def table(corpora: Sequence[Corpus]) -> list[str]:
    """The lines of the table, in Markdown: three columns and the bare tracer for each Blender."""
    versions = [".".join(one.blender.version.split(".")[:2]) for one in corpora]
    head = [
        f"{tracer} {version}"
        for version in versions
        for tracer in ("BAT's own list", "`bat`", "`blender`", "`auto`")
    ]
    rows = [answers(one) for one in corpora]
    lines = [_row("kind", head), _row("---", ["---"] * len(head))]
    lines += [
        _row(kind.replace("_", " "), [cell for row in rows for cell in row[kind]])
        for kind in corpora[0].needs
    ]
    return lines


def _row(first: str, cells: list[str]) -> str:
    return f"| {' | '.join([first, *cells])} |"


def main() -> None:
    """Print the table."""
    pythons = [sys.executable, *filter(None, [os.environ.get("FARM_TEST_BLENDER_5")])]
    with tempfile.TemporaryDirectory() as folder:
        corpora = [
            make_corpus(Path(folder) / str(number), python) for number, python in enumerate(pythons)
        ]
        print("\n".join(table(corpora)))  # noqa: T201


if __name__ == "__main__":
    main()

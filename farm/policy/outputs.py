"""Where a job's images go: as asked, else as the scene says, else to a folder beside it. Pure.

Only the text of paths is looked at. A job in place may write wherever it says; a sent one knows
nothing but its project, whose folder is "/" here, and never leaves it.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePosixPath

from farm.model.errors import BadManifest, BadRequest, BadScene
from farm.model.frames import MAX_FRAME, Frames
from farm.model.job import LayerSpec
from farm.model.manifest import MOST_NAME_BYTES, check_path
from farm.model.render import RenderSettings, check_output
from farm.model.scene import IMAGE_EXTENSIONS, SceneFacts

_BLENDERS_OWN_OUTPUT = frozenset({"", "/tmp", "/tmp/", "//", "C:\\tmp\\", "C:/tmp/"})  # noqa: S108
_IMAGE_SUFFIXES = frozenset(IMAGE_EXTENSIONS.values()) | {".jpeg", ".tiff"}
_NUMBER = re.compile(r"-?[0-9]{1,9}\Z")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def output_in_place(asked: str | None, path: str, scene: SceneFacts | None, extension: str) -> str:
    """The output pattern of a job whose scene at `path` lies on shared storage.

    Raises BadRequest, BadScene.
    """
    if asked is not None:
        return check_output(_resolved(_beside(_plain(asked, extension), path)))
    if scene is None or scene.output in _BLENDERS_OWN_OUTPUT:
        return check_output(_usual(path))
    if _DRIVE.match(scene.output):
        raise BadScene(
            f"scene {scene.path} writes to {scene.output!r}, a path of another system: "
            "give --output"
        )
    return _as_blender_reads(_resolved(_beside(scene.output.replace("\\", "/"), path)), scene)


def output_of_sent(asked: str | None, path: str, scene: SceneFacts | None, extension: str) -> str:
    """The output pattern of a job whose project was sent; `path` is the scene's inside it.

    What the scene says counts when it is meant inside the project. Raises BadRequest, BadScene.
    """
    if asked is not None:
        pattern = check_output(_asked_inside(_plain(asked, extension), path))
    elif scene is None or not _is_inside(scene.output, path):
        pattern = check_output(_usual(path))
    else:
        output = _resolved(_beside(scene.output.replace("\\", "/"), path))
        pattern = _as_blender_reads(output, scene)
    return _fitting(pattern, extension)


def note_on_output(path: str, scene: SceneFacts) -> str:
    """What to tell of a sent scene's own output when it does not count; "" when it does."""
    if scene.output in _BLENDERS_OWN_OUTPUT or _is_inside(scene.output, path):
        return ""
    folder = PurePosixPath(_usual(path)).parent
    return (
        f"the scene writes to {scene.output!r}, which is not inside the project: its images go to "
        f"{str(folder)[1:]}; --output takes another folder of the project"
    )


def check_harmless(layers: Iterable[LayerSpec], files: Collection[str]) -> None:
    """Raise BadRequest when an image of `layers` would be written over, or below, one of `files`.

    These are the scene, and what else the project is known to have, as absolute paths.
    """
    for layer in layers:
        for path in _written_over(layer, files):
            raise BadRequest(
                f"output {layer.settings.output + layer.settings.extension!r:.300} would write "
                f"over the project's own file {path!r:.300}: give another --output"
            )


def _written_over(layer: LayerSpec, files: Collection[str]) -> Iterator[str]:
    settings, frames = layer.settings, Frames(layer.frames)
    yield from (str(one) for one in PurePosixPath(settings.output).parents if str(one) in files)
    before, _, after = settings.output.partition("#")
    after = after.lstrip("#") + settings.extension
    for path in files:
        if path.startswith(before) and path.endswith(after):
            number = path[len(before) : len(path) - len(after)]
            frame = int(number) if _NUMBER.match(number) else frames[0]  # a sheet has no number
            if path == str(settings.image_path(frame)) and frame in frames:
                yield path


def _usual(path: str) -> str:
    file = PurePosixPath(path)
    stem = file.stem.replace("#", "_")
    return str(file.parent / f"{stem}_frames" / f"{stem}_####")


def _plain(asked: str, extension: str) -> str:
    """What is asked, without the extension that the images get anyway."""
    suffix = PurePosixPath(asked).suffix.lower()
    if suffix not in _IMAGE_SUFFIXES:
        return asked
    if suffix != extension:
        raise BadRequest(
            f"output {asked!r}: the scene writes {extension} images; "
            "leave the extension out, or change the format in Blender"
        )
    return asked[: -len(suffix)]


def _asked_inside(asked: str, path: str) -> str:
    """What is asked for a sent job: from the project's folder, or with `//` from the scene's."""
    output = _beside(asked, path)
    output = output if output.startswith("/") else f"/{output}"
    if not asked or _DRIVE.match(asked) or _climbs_out(output):
        raise BadRequest(f"output {asked!r} is not inside the project: write renders/shot_####")
    return _resolved(output)


def _is_inside(output: str, path: str) -> bool:
    """Does a scene's own output mean a place inside its project?"""
    if output in _BLENDERS_OWN_OUTPUT or _DRIVE.match(output):
        return False
    output = output.replace("\\", "/")
    return output.startswith("//") and not _climbs_out(_beside(output, path))


def _as_blender_reads(output: str, scene: SceneFacts) -> str:
    """A scene's own output as a pattern: Blender appends `#` without `_`, fills in its name."""
    if PurePosixPath(output).suffix.lower() in _IMAGE_SUFFIXES and not output.endswith("/"):
        output = output[: output.rindex(".")]
    output = output.replace("{blend_name}", PurePosixPath(scene.path).stem)
    if "{" in output:
        raise BadScene(f"scene {scene.path} writes to {output!r}, a template: give --output")
    if "#" not in output and not output.endswith("/"):
        output += "####"
    return check_output(output)


def _beside(output: str, path: str) -> str:
    """`output` with Blender's `//` replaced by the folder of the scene at `path`."""
    if not output.startswith("//"):
        return output
    return f"{PurePosixPath(path).parent}/{output[2:]}"


def _resolved(output: str) -> str:
    """`output` without `.` and `..`."""
    parts: list[str] = []
    for part in output.split("/"):
        if part == "..":
            parts = parts[:-1] or parts  # above the root is the root
        elif part not in {"", "."} or not parts:
            parts.append(part)
    return "/".join(parts) + ("/" if output.endswith("/") else "")


def _climbs_out(output: str) -> bool:
    """Does `output` name, on its way, what is above the root?"""
    depth = 0
    for part in output.split("/"):
        if part == "..":
            depth -= 1
        elif part not in {"", "."}:
            depth += 1
        if depth < 0:
            return True
    return False


def _fitting(pattern: str, extension: str) -> str:
    """`pattern` if its files can lie in a project, whatever their frame."""
    images = RenderSettings(scene="/", output=pattern, extension=extension)
    try:
        check_path(str(images.image_path(-MAX_FRAME))[1:])
    except BadManifest as error:
        raise BadRequest(f"the output's {error}, or give another --output") from error
    attempt = images.attempt_path(-MAX_FRAME, job="9" * 9, attempt=99_999, lease="f" * 16)
    over = len(attempt.name.encode()) - MOST_NAME_BYTES
    if over > 0:
        name = PurePosixPath(pattern).name
        raise BadRequest(
            f"the output's name {name!r:.120} is {over} bytes too long for what the farm adds to "
            "it: shorten it, or give another --output"
        )
    return pattern

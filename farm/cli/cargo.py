"""What was sent, or would be, in words and as JSON."""

from typing import TYPE_CHECKING, Any

from farm.cli.errors import OK
from farm.cli.output import View, counted, message
from farm.model.sizes import format_size

if TYPE_CHECKING:
    from farm.client.homes import SentProject
    from farm.client.studio import Cargo


def sent_in_words(project: "SentProject") -> str:
    """`Sent 3 files (31 MiB) of 340 (4.5 GiB): the farm had the others`."""
    whole = f"{counted(project.files, 'file')} ({format_size(project.size_bytes)})"
    if not project.sent_files:
        return f"Sent nothing: the farm had all {whole}"
    if project.sent_files == project.files:
        return f"Sent {whole}"
    sent = f"{counted(project.sent_files, 'file')} ({format_size(project.sent_bytes)})"
    return f"Sent {sent} of {whole}; the farm had the others"


def sent_as_json(project: "SentProject | None") -> dict[str, Any] | None:
    """The same for scripts; None for a job in place."""
    if project is None:
        return None
    return {
        "folder": str(project.root),
        "files": project.files,
        "bytes": project.size_bytes,
        "sent_files": project.sent_files,
        "sent_bytes": project.sent_bytes,
    }


def tell_cargo(view: View, cargo: "Cargo | None") -> int:
    """Tell what a submit would send."""
    if cargo is None:
        view.done({"in_place": True}, "Nothing would be sent: the farm reads the scene in place")
        return OK
    sizes = {path: one.size_bytes for path, one in cargo.files.items()}
    if view.as_json:
        files = [
            {"path": path, "bytes": size, "travels_bytes": cargo.missing.get(path, 0)}
            for path, size in sizes.items()
        ]
        view.json({"in_place": False, "folder": str(cargo.root), "files": files})
        return OK
    rows = [(path, format_size(left)) for path, left in cargo.missing.items()]
    view.table(None, ("FILE", "TRAVELS"), rows)
    message(
        f"Would send {counted(len(rows), 'file')} ({format_size(sum(cargo.missing.values()))}) of "
        f"{counted(len(sizes), 'file')} ({format_size(sum(sizes.values()))}) in {cargo.root}"
    )
    return OK

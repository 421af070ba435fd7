"""From a path as Blender writes it to one that this machine can open, read as Blender reads it."""

import os
import re

_DRIVE = re.compile(r"([A-Za-z]):[\\/]")


def is_pathlike(written: bytes) -> bool:
    """Does it begin as a path does that says where it begins?"""
    return written[:1] == b"/" or written[:2] == b"\\\\" or is_drive(written)


def is_drive(written: bytes) -> bool:
    """Does it begin with a letter of a Windows drive?"""
    return written[1:2] == b":" and written[:1].isalpha() and written[2:3] in {b"/", b"\\"}


def resolve(written: str, folder: str) -> str:
    r"""`written` in a .blend that lies in `folder`, absolute and without "..".

    Blender takes `\` for `/` everywhere, and `C:\x` for `/c/x` where there are no drives.
    """
    relative = written.startswith("//")
    drive = _DRIVE.match(written)
    if drive:
        written = f"/{drive[1].lower()}/{written[3:]}"
    plain = written.replace("\\", "/")
    if relative:
        return tidy(os.path.join(folder, plain.lstrip("/")))
    return tidy(os.path.join(folder, re.sub(r"\A//+", "/", plain)))


def tidy(path: str) -> str:
    """`path` without ".."; as the file system reads it where a link makes a difference."""
    short = os.path.normpath(path)
    if ".." in path.split("/") and not os.path.lexists(short) and os.path.exists(path):
        return os.path.realpath(path)
    return short

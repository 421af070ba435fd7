"""How nodes are put to sleep and woken: a command with the node's name, or a packet to its card.

Commands are run without a shell, beside the scheduler's own work, and given up after a time.
"""

import logging
import shlex
import socket
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from farm.model.errors import BadRequest

log = logging.getLogger("karst.scheduler")

HOOK_SECONDS = 60.0
WAKE_ON_LAN = "wake-on-lan"
_PORT = 9  #: "discard": no program listens there, the card does


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What to do; `{node}` in a command is the node's name."""

    sleep: str
    wake: str  #: a command, or "wake-on-lan"
    macs: Mapping[str, str] = field(default_factory=dict)  #: by node, for wake-on-lan
    broadcast: str = "255.255.255.255"

    def check(self) -> None:
        """Raise BadRequest on the first fault."""
        for what, command in (("sleep", self.sleep), ("wake", self.wake)):
            try:
                words = shlex.split(command)
            except ValueError as error:
                raise BadRequest(f"{what} {command!r}: {error}") from error
            if command != WAKE_ON_LAN and not any("{node}" in word for word in words):
                raise BadRequest(f"{what} {command!r} does not name the node: write {{node}} in it")
        for node, mac in self.macs.items():
            try:
                magic_packet(mac)
            except BadRequest as error:
                raise BadRequest(f"macs.{node}: {error}") from error

    def can_wake(self, node: str) -> bool:
        """Is it told how? One that nobody can wake must not sleep."""
        return self.wake != WAKE_ON_LAN or node in self.macs

    def to_sleep(self, node: str) -> None:
        """Put it to sleep, soon."""
        self._start(self.sleep, node)

    def rouse(self, node: str) -> None:
        """Wake it, soon."""
        if self.wake == WAKE_ON_LAN:
            try:
                send_packet(self.macs[node], self.broadcast)
            except OSError as error:
                log.warning("node %s cannot be sent a packet: %s", node, error)
        else:
            self._start(self.wake, node)

    @staticmethod
    def _start(command: str, node: str) -> None:
        words = [word.replace("{node}", node) for word in shlex.split(command)]
        threading.Thread(target=_run, args=(words,), name="hook", daemon=True).start()


def _run(words: list[str]) -> None:
    try:
        done = subprocess.run(
            words,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=HOOK_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("%s: %s", shlex.join(words), error)
        return
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-400:]
        log.warning("%s ended with status %d: %s", shlex.join(words), done.returncode, said)


def magic_packet(mac: str) -> bytes:
    """What a sleeping network card listens for: six bytes of 255, then its address sixteen times.

    After AMD's white paper "Magic Packet Technology" of 1995. Raises BadRequest.
    """
    plain = mac.replace(":", "").replace("-", "")
    try:
        address = bytes.fromhex(plain)
    except ValueError:
        address = b""
    if len(address) != 6:
        raise BadRequest(f"{mac!r} is no address of a network card: write 00:1b:21:3c:4d:5e")
    return b"\xff" * 6 + address * 16


def send_packet(mac: str, broadcast: str) -> None:
    """Send it to all of a network. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        line.sendto(magic_packet(mac), (broadcast, _PORT))

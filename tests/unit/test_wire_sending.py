"""A body that is sent stops as soon as the other side has its answer, or is gone."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from farm.files.hashing import hash_bytes
from farm.model.errors import ServiceUnavailable, StorageFull
from farm.wire import FileWire, Wire
from tests.waiting import wait_until

MUCH = b"karst" * 2_000_000  #: more than fits on the line
REFUSAL = b'{"error": {"kind": "StorageFull", "message": "the disk is full"}}'
ANSWER = b"HTTP/1.1 507 Insufficient Storage\r\nContent-Length: %d\r\n\r\n" % len(REFUSAL) + REFUSAL
ZERO_WINDOW_PROBE = "04:"  #: the timer of such a connection, in /proc/net/tcp

pytestmark = pytest.mark.timeout(20)  # a third of what a sender waits for a line that is stuck


def is_full(connection: socket.socket) -> bool:
    """Does the kernel ask for the sender, now and then, whether there is room again?"""
    sender = connection.getpeername()[1]
    lines = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    timers = {int(fields[1].rpartition(":")[2], 16): fields[5] for fields in lines}
    return timers[sender].startswith(ZERO_WINDOW_PROBE)


@contextmanager
def somebody_who(does: Callable[[socket.socket], None]) -> Iterator[FileWire]:
    """Files sent to one who reads nothing until the line is full, and then `does` something."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection:
                wait_until(lambda: is_full(connection), timeout_seconds=10)
                does(connection)
                over.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}")
        try:
            yield FileWire(wire, "/productions/heron/files")
        finally:
            over.set()
            thread.join()
            wire.close()


def send(files: FileWire) -> None:
    files.send_pack([(hash_bytes(MUCH), MUCH)])


def test_a_refusal_is_heard_while_nothing_more_is_taken() -> None:
    with (
        somebody_who(lambda connection: connection.sendall(ANSWER)) as files,
        pytest.raises(StorageFull, match="the disk is full"),
    ):
        send(files)


def test_one_who_hung_up_and_took_in_what_was_on_the_line_is_not_waited_for() -> None:
    def hang_up(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
            while connection.recv(65_536):
                pass
        connection.close()

    with somebody_who(hang_up) as files, pytest.raises(ServiceUnavailable, match="broke"):
        send(files)

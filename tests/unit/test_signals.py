"""A part that is asked to stop hears it, however often and however fast it is asked."""

import select
import signal
import subprocess
import sys

import pytest

_PART = """
import sys
from farm.signals import StopSignals
stop = StopSignals()
print("listening", flush=True)
while not stop.asked_again.is_set():
    stop.asked_again.wait(0.001)
print("heard", flush=True)
sys.stdin.read()
"""


@pytest.mark.timeout(30)
def test_signals_that_interrupt_the_handler_of_others_are_heard() -> None:
    part = subprocess.Popen(
        [sys.executable, "-c", _PART], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert part.stdout is not None
        assert part.stdout.readline() == b"listening\n"
        while not select.select([part.stdout], [], [], 0)[0]:
            for _ in range(100):  # many meet a handler, or the loop that waits, in the middle
                part.send_signal(signal.SIGTERM)
        assert part.stdout.readline() == b"heard\n"
    finally:
        part.kill()
        part.communicate()

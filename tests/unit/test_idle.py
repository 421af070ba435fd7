"""A node that is a guest on somebody's machine never works while somebody may be there."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.waiting import wait_until
from workers import idle
from workers.idle import KINDS, Machine, Seen, Use, after, tree_seconds
from workers.options import parser

SPAN = 10.0
BURN = "import time\nwhile time.process_time() < {seconds}: pass"

looks = st.lists(
    st.tuples(
        st.floats(0.1, 20.0),  # seconds since the look before
        st.integers(0, 2),  # of what the marks tell
        st.sampled_from([0.0, 0.4, 3.0]),  # cores that others use
    ),
    max_size=30,
)


@given(looks)
def test_it_never_works_within_the_span_after_somebody_was_seen(
    steps: list[tuple[float, int, float]],
) -> None:
    use: Use | None = None
    at, seen_at, mark_before = 0.0, 0.0, -1
    for seconds, mark, cores in steps:
        at += seconds
        if mark != mark_before or cores > 0.5:
            seen_at = at  # the first look is one of them
        mark_before = mark

        use = after(use, Seen(at=at, marks={"tty1": mark}, others_cores=cores), 0.5)

        assert use.is_idle(at, SPAN) == (at - seen_at >= SPAN)


def test_somebody_who_comes_or_goes_is_seen() -> None:
    before = after(None, Seen(at=0.0, marks={"pts/1": 5}), 0.5)

    assert after(before, Seen(at=99.0, marks={"pts/1": 5, "pts/2": 5}), 0.5).used_at == 99.0
    assert after(before, Seen(at=99.0), 0.5).used_at == 99.0
    assert after(before, Seen(at=99.0, marks={"pts/1": 5}), 0.5).used_at == 0.0


def test_what_is_typed_into_a_terminal_is_input_and_what_it_prints_is_not() -> None:
    master, slave = os.openpty()
    try:
        name = os.ttyname(slave)
        os.utime(name, (1_000_000, 1_000_000))  # long ago
        machine = Machine(("terminals",))
        before = machine.look().marks[name]

        os.write(slave, b"it prints\n")
        assert machine.look().marks[name] == before
        os.write(master, b"typed\n")
        assert os.read(slave, 100) == b"typed\n"
        assert machine.look().marks[name] > before
    finally:
        os.close(master)
        os.close(slave)


def test_a_file_that_a_hook_touches_is_input_and_one_that_goes_is_too(tmp_path: Path) -> None:
    touched = tmp_path / "active"
    touched.touch()
    machine = Machine((str(touched),))
    first = machine.look().marks
    assert machine.look().marks == first

    os.utime(touched)
    second = machine.look().marks
    touched.unlink()

    assert first != second != machine.look().marks


def test_keys_are_counted_by_the_kernel(tmp_path: Path) -> None:
    table = tmp_path / "interrupts"
    table.write_text(
        "            CPU0       CPU1\n"
        "   1:       3       40   IO-APIC    1-edge      i8042\n"
        "  16:     900      900   IO-APIC   16-fasteoi   xhci_hcd\n"
        " NMI:       1        2   Non-maskable interrupts\n"
    )
    for name, kind, protocol in (("1-2", "03", "01"), ("1-3", "03", "00"), ("1-4", "08", "01")):
        interface = tmp_path / "usb" / f"{name}:1.0"
        interface.mkdir(parents=True)
        (interface / "bInterfaceClass").write_text(f"{kind}\n")
        (interface / "bInterfaceProtocol").write_text(f"{protocol}\n")
        (tmp_path / "usb" / name).mkdir()
        (tmp_path / "usb" / name / "urbnum").write_text("77\n")

    assert idle._interrupts(table) == {"interrupt 1": 43}
    assert idle._usb(tmp_path / "usb") == {"usb 1-2": 77}  # no joystick, no disk
    assert idle._interrupts(tmp_path / "none") == idle._usb(tmp_path / "none") == {}


def test_what_the_farm_has_used_stays_the_farms_when_its_process_ends() -> None:
    this = psutil.Process()
    before = tree_seconds(this)
    with subprocess.Popen([sys.executable, "-c", BURN.format(seconds=0.55)]) as child:
        wait_until(
            lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE, timeout_seconds=60
        )
        running = tree_seconds(this) - before
    ended = tree_seconds(this) - before

    assert running >= 0.5
    assert ended >= running


def test_others_are_measured_over_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [(float(at), 2.0 * at, 1.5 * at) for at in range(0, 40, 2)]
    monkeypatch.setattr(idle, "_point", lambda: points.pop(0))
    monkeypatch.setattr("time.monotonic", lambda: points[0][0])
    load = idle.Load()

    measured = [load.others_cores() for _ in range(15)]

    assert measured[0] > 1_000  # nobody knows yet
    assert measured[-1] == pytest.approx(0.5)


def test_its_options_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    told = parser().parse_args(["--when-idle", "10m", "--idle-by", "load, /run/active"])
    assert (told.when_idle, told.idle_by) == (600, ("load", "/run/active"))
    assert parser().parse_args([]).when_idle == 0
    assert parser().parse_args([]).idle_by == KINDS
    for words in (["--when-idle", "soon"], ["--when-idle", "0m"], ["--idle-by", "screen"]):
        with pytest.raises(SystemExit):
            parser().parse_args(words)
        assert repr(words[1]) in capsys.readouterr().err

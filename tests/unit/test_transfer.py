"""Work side by side, patience, and how far files have come, in words."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.cli.transfer import Lines, Rate, words
from farm.client.crew import Stop, Stopped, side_by_side
from farm.client.patience import Patience
from farm.client.transfer import Meter, Phase, Transfer
from farm.model.errors import BadRequest, ServiceUnavailable, StoreUnavailable


def test_all_work_is_done_and_every_result_comes() -> None:
    found = side_by_side(lambda number: number * 2, range(100), threads=4, stop=Stop())

    assert sorted(found) == list(range(0, 200, 2))


def test_nothing_to_do_ends_at_once() -> None:
    assert list(side_by_side(lambda one: one, list[int](), threads=0, stop=Stop())) == []


def test_the_first_error_ends_the_work() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        if number == 3:
            raise BadRequest("no")
        done.append(number)
        return number

    with pytest.raises(BadRequest, match="no"):
        list(side_by_side(work, range(1000), threads=1, stop=Stop()))
    assert done == [0, 1, 2]


def test_an_error_of_the_one_who_gives_the_work_is_told_too() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise BadRequest("no more")

    with pytest.raises(BadRequest, match="no more"):
        list(side_by_side(lambda one: one, items(), threads=2, stop=Stop()))


def test_whoever_stops_listening_stops_the_work() -> None:
    stop, stopped = Stop(), threading.Event()

    def work(_number: int) -> int:
        try:
            stop.check()
        except Stopped:
            stopped.set()
            raise
        return 1

    results = side_by_side(work, iter(int, 1), threads=2, stop=stop)
    next(results)
    results.close()  # type: ignore[attr-defined]

    with pytest.raises(Stopped):
        stop.check()


def test_who_waits_hears_that_it_goes_on() -> None:
    beats: list[int] = []
    enough = threading.Event()

    def pulse() -> None:
        beats.append(1)
        if len(beats) > 2:
            enough.set()

    list(side_by_side(lambda _: enough.wait(10), [1], threads=1, stop=Stop(), pulse=pulse))

    assert len(beats) > 2


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farm.client.patience._PAUSE_SECONDS", 0)


@pytest.mark.usefixtures("_at_once")
def test_a_farm_that_goes_away_is_waited_for_and_told_once_each_time() -> None:
    told: list[str] = []
    patience = Patience(told.append)
    answers: Iterator[int | Exception] = iter(
        [1, ServiceUnavailable("x"), StoreUnavailable("x"), 2, ServiceUnavailable("x"), 3]
    )

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert [patience.ask(ask) for _ in range(3)] == [1, 2, 3]
    assert told == ["the farm does not answer; waiting two minutes for it to come back"] * 2


def test_a_farm_that_never_was_there_is_not_waited_for() -> None:
    with pytest.raises(ServiceUnavailable):
        Patience().failed(ServiceUnavailable("nothing listens there"))


@pytest.mark.usefixtures("_at_once")
def test_a_farm_that_answered_just_before_is_waited_for_by_the_next_command_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told: list[str] = []
    Patience(url="http://farm:8420").heard()
    Patience(told.append, url="http://farm:8420").failed(ServiceUnavailable("it restarts"))
    (note,) = (tmp_path / "karst" / "heard").iterdir()
    os.utime(note, (1, 1))

    assert told == ["the farm does not answer; waiting two minutes for it to come back"]
    for url in ("http://farm:8420", "http://other:8420"):
        with pytest.raises(ServiceUnavailable):
            Patience(url=url).failed(ServiceUnavailable("away"))


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Patience()
    patience.heard()
    later = time.monotonic() + 121
    monkeypatch.setattr("farm.client.patience.time.monotonic", lambda: later)

    with pytest.raises(ServiceUnavailable):
        patience.failed(ServiceUnavailable("away"))


def test_a_stop_ends_patience() -> None:
    stop = Stop()
    patience = Patience(stop=stop)
    patience.heard()
    stop.tell()

    with pytest.raises(Stopped):
        patience.failed(ServiceUnavailable("away"))


def test_a_meter_counts_what_is_done_and_apart_from_it_what_moved() -> None:
    meter = Meter(Phase.SENDING)
    meter.expect(files=2, size_bytes=300)
    meter.reach("a", 50)  # an earlier try's
    meter.move("a", 30)
    meter.reach("a", 60)  # the line broke: 20 of them did not arrive
    meter.move("a", 40)
    meter.finish("a", 100)
    meter.move("b", 10)
    now = meter.told()

    assert (now.files_done, now.files) == (1, 2)
    assert (now.bytes_done, now.bytes, now.bytes_moved) == (110, 300, 80)


@pytest.mark.parametrize(
    ("told", "rate", "line"),
    [
        (Transfer(phase=Phase.TRACING, what="reading a.blend"), 0, "reading a.blend"),
        (
            Transfer(
                phase=Phase.SENDING, files_done=3, files=12, bytes_done=1 << 30, bytes=4 << 30
            ),
            32 << 20,
            "3/12 files, 1 GiB of 4 GiB, 32 MiB/s, 1 min 36 s left",
        ),
        (
            Transfer(phase=Phase.SENDING, files_done=0, files=1, bytes_done=0, bytes=512),
            0,
            "0/1 file, 0 B of 512 B",
        ),
    ],
)
def test_how_far_files_are_is_told_in_a_few_words(told: Transfer, rate: float, line: str) -> None:
    assert words(told, rate) == line


def test_the_rate_is_that_of_late() -> None:
    rate = Rate()
    slow = [rate.at(second * 100, float(second)) for second in range(30)]
    fast = [rate.at(3000 + second * 1000, 30.0 + second) for second in range(30)]

    assert slow[-1] == pytest.approx(100)
    assert fast[-1] == pytest.approx(1000)


def test_off_a_terminal_lines_are_few_and_none_comes_for_what_is_quick(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("farm.cli.transfer.time.monotonic", lambda: now[0])
    lines = Lines()
    for tenth in range(6000):  # ten minutes
        now[0] = tenth / 10
        lines.show(
            Transfer(phase=Phase.SENDING, files=10, bytes=6000, bytes_done=tenth, bytes_moved=tenth)
        )
    told = capsys.readouterr().err.splitlines()

    assert told[0].startswith("farm: sending: 0/10 files, ")
    assert 10 < len(told) < 30

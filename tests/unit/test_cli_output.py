"""What commands print: data on stdout, in the form that who reads it needs."""

import json
import re
import sys
from typing import Any

import click
import pytest

from farm.cli.errors import (
    FAILED,
    INTERRUPTED,
    NOT_ALLOWED,
    NOT_FOUND,
    OK,
    UNREACHABLE,
    USAGE,
    run_command,
)
from farm.cli.output import View, counted, roughly
from farm.cli.wait import words
from farm.client import Progress
from farm.model.errors import (
    BadFrames,
    BadScene,
    Conflict,
    FarmError,
    NotAllowed,
    NotFound,
    ServiceUnavailable,
    StoreUnavailable,
)
from farm.model.job import TaskCounts
from farm.model.states import JobState

ROWS = [("1", "heron", "failed"), ("2", "two\twords\nand a line", "active")]
DATA = [{"id": "1"}, {"id": "2"}]


Capture = pytest.CaptureFixture[str]


def look(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on somebody looks at stdout."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_into_a_pipe_go_tab_separated_lines_without_a_heading(
    capsys: Capture,
) -> None:
    View().table(DATA, ("JOB", "PRODUCTION", "STATE"), ROWS)

    assert capsys.readouterr().out == "1\theron\tfailed\n2\ttwo words and a line\tactive\n"


def test_on_a_terminal_a_table_has_headings_and_colours(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(monkeypatch)
    View().table(DATA, ("JOB", "PRODUCTION", "STATE"), ROWS)

    shown = capsys.readouterr().out
    assert "PRODUCTION" in shown
    assert "\x1b[1;31mfailed" in shown


def test_who_wants_no_colour_gets_none(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    look(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    View().table(DATA, ("JOB", "PRODUCTION", "STATE"), ROWS)

    shown = capsys.readouterr().out
    assert "failed" in shown
    assert not re.search(r"\x1b\[(\d;)?3\d", shown)


def test_plain_is_the_same_on_a_terminal_as_in_a_pipe(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(monkeypatch)
    View(plain=True).table(DATA, ("JOB", "PRODUCTION", "STATE"), ROWS)

    assert capsys.readouterr().out.startswith("1\theron\tfailed\n")


def test_json_is_the_data_itself_and_nothing_else(capsys: Capture) -> None:
    view = View(as_json=True)
    view.table(DATA, ("JOB",), ROWS)
    assert json.loads(capsys.readouterr().out) == DATA
    view.fields({"id": "1"}, [("job", 1)])
    assert json.loads(capsys.readouterr().out) == {"id": "1"}
    view.done({"id": "ü"}, "Job 1 is paused.")
    assert capsys.readouterr().out == '{\n  "id": "ü"\n}\n'


FIELDS: list[tuple[str, object]] = [("job", 1), ("  images", "/o/x_####.png")]


def test_fields_line_up_for_people(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    look(monkeypatch)
    View().fields({}, FIELDS)

    assert capsys.readouterr().out == "job       1\n  images  /o/x_####.png\n"


def test_fields_are_tab_separated_for_pipes(capsys: Capture) -> None:
    View().fields({}, FIELDS)

    assert capsys.readouterr().out == "job\t1\nimages\t/o/x_####.png\n"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadFrames("x"), USAGE),
        (BadScene("x"), USAGE),
        (NotFound("x"), NOT_FOUND),
        (NotAllowed("x"), NOT_ALLOWED),
        (Conflict("x"), FAILED),
        (StoreUnavailable("x"), UNREACHABLE),
        (ServiceUnavailable("x"), UNREACHABLE),
        (FarmError("x"), FAILED),
        (RuntimeError("x"), FAILED),
        (KeyboardInterrupt(), INTERRUPTED),
        (click.exceptions.Exit(3), 3),
    ],
)
def test_every_error_has_its_status(error: BaseException, status: int) -> None:
    assert run_command(failing_with(error), []) == status


def failing_with(error: BaseException) -> click.Command:
    @click.command()
    def command() -> None:
        raise error

    return command


def test_an_error_of_several_lines_is_told_in_one(capsys: Capture) -> None:
    run_command(failing_with(FarmError("two\n  lines")), [])

    assert capsys.readouterr().err == "farm: two lines\n"


def test_an_unforeseen_error_is_told_in_one_line_too(capsys: Capture) -> None:
    run_command(failing_with(ZeroDivisionError("division by zero")), [])

    told = capsys.readouterr().err
    assert told.startswith("farm: unforeseen: ZeroDivisionError: division by zero; please report")
    assert told.count("\n") == 1


def test_a_command_may_say_its_status() -> None:
    @click.command()
    def command() -> int:
        return 124

    assert run_command(command, []) == 124
    assert run_command(command, ["--help"]) == OK


def progress(*, counts: dict[str, int] | None = None, **fields: Any) -> Progress:
    tasks = {"succeeded": 12, "ready": 10, "running": 2} | (counts or {})
    usual = {"state": JobState.ACTIVE, "frames_per_minute": 8.0, "eta_seconds": 90.0}
    return Progress(**{"job": "1", "name": "shot", **usual, **fields}, counts=TaskCounts(**tasks))


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (progress(), "12/24 done, 2 running, 8.0 frames/min, 1 min 30 s left"),
        (
            progress(counts={"failed": 1, "ready": 9}),
            "12/24 done, 2 running, 1 failed, 8.0 frames/min, 1 min 30 s left",
        ),
        (
            progress(counts={"running": 0, "ready": 12}, eta_seconds=None),
            "12/24 done, waiting for a slot",
        ),
        (progress(eta_seconds=None), "12/24 done, 2 running"),
        (progress(state=JobState.PAUSED), "12/24 done, 2 running, paused"),
        (
            progress(state=JobState.SUCCEEDED, counts={"succeeded": 24, "running": 0, "ready": 0}),
            "24/24 done, succeeded",
        ),
    ],
)
def test_progress_is_told_in_a_few_words(told: Progress, line: str) -> None:
    assert words(told) == line


def test_numbers_agree_with_their_nouns() -> None:
    assert counted(1, "frame") == "1 frame"
    assert counted(0, "frame") == "0 frames"
    assert counted(1_000_000, "frame") == "1,000,000 frames"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (80, "80 s"), (700, "12 min"), (9000, "2 h"), (400_000, "5 d")],
)
def test_a_guess_at_a_span_has_one_unit(seconds: float, told: str) -> None:
    assert roughly(seconds) == told

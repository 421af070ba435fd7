"""What the demo tells and draws."""

import re
from pathlib import Path
from typing import Any

import pytest

from farm.demo.report import Run, Shot, Spent, report
from farm.demo.show import HowFar, a_show
from farm.model.metrics import SERVER_STATES, SPENT


def a_shot(folder: Path, production: str = "heron", frames: int = 8) -> Shot:
    return Shot(
        production=production,
        frames=tuple(
            (n, float(n), folder / f"{production}_{n:04d}.png") for n in range(1, frames + 1)
        ),
        peak_memory_bytes=300 * 2**20,
        reels=(("sheet", folder / "sheet.jpg"), ("movie", folder / "film.mp4")),
        reel_seconds=2.0,
    )


def a_run(folder: Path) -> Run:
    return Run(
        shots=(a_shot(folder),),
        slots=2,
        wall_seconds=20.0,
        first_frame_seconds=2.5,
        spent=Spent.between(
            usage(100.0, busy=50.0, idle=150.0), usage(120.0, busy=88.0, idle=152.0)
        ),
    )


def usage(at: float, **split: float) -> dict[str, Any]:
    """What the service tells at that moment."""
    none = dict.fromkeys(SERVER_STATES, 0.0)
    spent = {**dict.fromkeys(SPENT, 0.0), "succeeded": split["busy"] - 2.0, "overhead": 2.0}
    return {
        "at": at,
        "farm": {"cores": {**none, "idle": 2.0}, "core_seconds": {**none, **split}},
        "productions": [{"spent_core_seconds": spent}],
    }


def test_the_split_is_of_the_run_alone_and_adds_up(tmp_path: Path) -> None:
    spent = a_run(tmp_path).spent

    assert (spent.by_state["busy"], spent.by_state["idle"]) == (38.0, 2.0)
    assert sum(spent.by_state.values()) == spent.cores * spent.seconds
    assert (spent.by_ending["succeeded"], spent.by_ending["overhead"]) == (38.0, 0.0)


def test_the_report_names_every_frame_and_where_every_core_second_went(tmp_path: Path) -> None:
    told = report(a_run(tmp_path))

    assert re.findall(r"(\d+): (\d\.\d\d)", told) == [(str(n), f"{n}.00") for n in range(1, 9)]
    assert "min 1.00   median 4.50   max 8.00" in told
    assert "busy         38.0   95.0%" in told
    assert "together     40.0  = 2 cores for 20.0 s" in told
    assert "Utilization 95.0%" in told
    assert told.endswith("What was busy: succeeded 38.0.")
    assert "finished 2.5 s after the first submit" in told


def test_off_a_terminal_progress_is_a_few_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with a_show() as show:
        for done in range(25):
            show.update(
                [HowFar(production="heron", done=done, running=1, total=24, eta_seconds=None)]
            )

    lines = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[-1] for line in lines] == ["heron 0/24", "heron 24/24"]
    assert "\x1b" not in "".join(lines)

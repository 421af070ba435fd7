"""What the demo tells and draws."""

import re
from pathlib import Path

import pytest

from farm.demo.report import Run, Shot, report
from farm.demo.show import HowFar, a_show


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
    return Run(shots=(a_shot(folder),), slots=2, wall_seconds=20.0, first_frame_seconds=2.5)


def test_utilization_is_working_time_over_slots_times_wall(tmp_path: Path) -> None:
    run = a_run(tmp_path)

    assert run.busy_seconds == 38.0
    assert run.utilization == pytest.approx(0.95)


def test_the_report_names_every_frame_and_says_how_utilization_is_computed(tmp_path: Path) -> None:
    told = report(a_run(tmp_path))

    assert re.findall(r"(\d+): (\d\.\d\d)", told) == [(str(n), f"{n}.00") for n in range(1, 9)]
    assert "min 1.00   median 4.50   max 8.00" in told
    assert (
        "Slot utilization 95.0%: attempts took 38.0 s together, out of 2 slots times 20.0 s" in told
    )
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

"""What the demo tells and draws."""

import re
from pathlib import Path

import pytest
from PIL import Image

from farm.demo.report import Run, Shot, report, strip_of
from farm.demo.sheet import contact_sheet
from farm.demo.show import HowFar, a_show


def a_shot(folder: Path, production: str = "heron", frames: int = 8) -> Shot:
    images = [folder / f"{production}_{n:04d}.png" for n in range(1, frames + 1)]
    for number, image in enumerate(images):
        Image.new("RGB", (64, 36), (20 * number, 100, 200)).save(image)
    return Shot(
        production=production,
        frames=tuple((n, float(n), image) for n, image in enumerate(images, 1)),
        peak_memory_bytes=300 * 2**20,
    )


def a_run(folder: Path) -> Run:
    return Run(shots=(a_shot(folder),), slots=2, wall_seconds=20.0, first_frame_seconds=2.5)


def test_utilization_is_rendering_time_over_slots_times_wall(tmp_path: Path) -> None:
    run = a_run(tmp_path)

    assert run.busy_seconds == 36.0
    assert run.utilization == pytest.approx(0.9)


def test_the_report_names_every_frame_and_says_how_utilization_is_computed(tmp_path: Path) -> None:
    told = report(a_run(tmp_path))

    assert re.findall(r"(\d+): (\d\.\d\d)", told) == [(str(n), f"{n}.00") for n in range(1, 9)]
    assert "min 1.00   median 4.50   max 8.00" in told
    assert (
        "Slot utilization 90.0%: attempts took 36.0 s together, out of 2 slots times 20.0 s" in told
    )
    assert "finished 2.5 s after the first submit" in told


def test_a_sheet_holds_every_image_of_every_shot(tmp_path: Path) -> None:
    strips = [strip_of(a_shot(tmp_path, name)) for name in ("heron", "li-river")]

    contact_sheet(strips, tmp_path / "sheet.png")

    with Image.open(tmp_path / "sheet.png") as sheet:
        colours = {colour for _, colour in sheet.getcolors(1 << 24) or ()}
    assert {(20 * n, 100, 200) for n in range(8)} <= colours


def test_off_a_terminal_progress_is_a_few_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with a_show() as show:
        for done in range(25):
            show.update(
                [HowFar(production="heron", done=done, running=1, total=24, eta_seconds=None)]
            )

    lines = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[-1] for line in lines] == ["heron 0/24", "heron 24/24"]
    assert "\x1b" not in "".join(lines)

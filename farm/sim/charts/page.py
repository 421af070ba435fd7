"""What a run leaves in its folder: pictures, every number, and one page that holds all of it."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from html import escape
from pathlib import Path

from farm.sim.charts import foretold, plots
from farm.sim.checking import judge
from farm.sim.outcome import Outcome
from farm.sim.report import PRODUCTIONS, Rows, productions, summary

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 1100px; margin: 2em auto;
  padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { text-align: left; padding: .25em 1.2em .25em 0; border-bottom: 1px solid #e4e7eb; }
td + td, th + th { text-align: right; font-variant-numeric: tabular-nums; }
img { width: 100%; height: auto; } .quiet { color: #7b8794; }
.fail { color: #b0385c; font-weight: 600; }
"""


def write(folder: Path, runs: Sequence[Outcome]) -> Path:
    """Write the pictures, `numbers.json` and `index.html` into `folder`; the page."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = json.dumps([run.as_json() for run in runs], indent=2)
    (folder / "numbers.json").write_text(numbers, "utf-8")
    drawn = dict(_pictures(runs))
    for name, draw in drawn.items():
        draw(folder / f"{name}.png")
    page = folder / "index.html"
    page.write_text(_page(folder, runs, list(drawn)), "utf-8")
    return page


def _pictures(runs: Sequence[Outcome]) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Each picture's name, and what draws it."""
    yield "utilization", partial(plots.utilization, runs=runs)
    yield "fairness", partial(plots.fairness, runs=runs)
    yield "waits", partial(plots.waits, runs=runs)
    yield "stranded", partial(plots.stranded, runs=runs)
    yield "forecasts", partial(foretold.forecasts, run=runs[0])
    for number, run in enumerate(runs, 1):
        yield f"shares-{number}", partial(plots.shares, run=run)


def _page(folder: Path, runs: Sequence[Outcome], pictures: Sequence[str]) -> str:
    first = runs[0]
    names = [plots.name_of(run) for run in runs]
    images = "\n".join(
        f'<img alt="{escape(name)}" src="data:image/png;base64,{_inline(folder / name)}">'
        for name in pictures
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{escape(first.scenario.name)}</title>
<style>{_STYLE}</style>
<h1>{escape(first.scenario.name)}</h1>
<p>{escape(first.scenario.about)}</p>
{_table(("", *names), summary(runs))}
{_verdicts(runs)}
{images}
<h2>Productions under {escape(names[0])}</h2>
{_table(tuple(one.capitalize() for one in PRODUCTIONS), productions(first, 10_000))}
<p class="quiet">farm simulate, seed {first.scenario.seed}; every number is in numbers.json</p>
</html>
"""


def _inline(path: Path) -> str:
    return b64encode(path.with_suffix(".png").read_bytes()).decode()


def _verdicts(runs: Sequence[Outcome]) -> str:
    rows: Rows = [
        (plots.name_of(run), one.wanted, f"{one.value:.4g}", "PASS" if one.holds else "FAIL")
        for run in runs
        for one in judge(run)
    ]
    return _table(("Promise", "Bound", "Found", ""), rows) if rows else ""


def _table(head: Sequence[str], rows: Rows) -> str:
    lines = ["<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in head) + "</tr>"]
    lines += [
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    ]
    return "<table>" + "\n".join(lines) + "</table>"

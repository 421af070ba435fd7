"""A week, played, told and recorded: Prometheus' blocks, and the truth beside them."""

import shutil
from collections.abc import Callable
from pathlib import Path

from farm.sim.reading import read
from farm.sim.scenario import Scenario
from tools.prometheus import tool
from tools.week.blocks import Blocks
from tools.week.families import text
from tools.week.metrics import Metrics
from tools.week.recording import record
from tools.week.truth import Truth, truth_of
from tools.week.watched import WatchedEngine

SCENARIO = Path(__file__).with_name("centre.toml")
BEGINS_AT = 1_794_787_200  #: Monday, 16 November 2026, 00:00 UTC
OFTEN_SECONDS, SELDOM_SECONDS, ENTITLED_SECONDS = 15, 60, 300
TRUTH = "truth.json"


def make(
    folder: Path,
    *,
    scenario: Scenario | None = None,
    days: float | None = None,
    nodes_told: int = 90,
    tell: Callable[[str, float], None] = lambda *_: None,
) -> Truth:
    """Play `scenario` (the centre's week) and write it to `folder`, which must not exist yet.

    The farm's recording rules have run on it all along. `nodes_told` of the nodes have series of
    their own. `tell` hears what is being done, and how much of it is, 0 to 1. When it is stopped,
    nothing is left.
    """
    week = scenario or read(str(SCENARIO), days=days)
    promtool = tool("promtool")
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        truth = _play(
            week, part, promtool, nodes_told, lambda now: tell("played", now / week.seconds)
        )
        truth.save(part / TRUTH)
        record(part, truth, promtool, lambda done: tell("recorded", done))
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return truth


def _play(
    week: Scenario, part: Path, promtool: Path, nodes_told: int, tell: Callable[[float], None]
) -> Truth:
    engine = WatchedEngine(week)
    names = sorted(engine.world.nodes)
    told = names[:: max(1, len(names) // max(1, nodes_told))]
    metrics = Metrics(engine, begins_at=BEGINS_AT, nodes=told)
    with Blocks(part / "blocks", promtool) as blocks:

        def scrape() -> None:
            now = round(engine.world.now)
            metrics.advance()
            lines = text(metrics.often, BEGINS_AT + now)
            if not now % SELDOM_SECONDS:
                if not now % ENTITLED_SECONDS:
                    metrics.entitle()
                lines += text(metrics.seldom, BEGINS_AT + now)
            blocks.add(lines, BEGINS_AT + now)
            engine.at(now + OFTEN_SECONDS, scrape, last=True)

        engine.at(0.0, scrape, last=True)
        engine.run(tell)
    configured = {pool: one.configured for pool, one in engine.books.cores.items()}
    return truth_of(
        engine.books.spells,
        configured,
        begins_at=BEGINS_AT,
        seconds=int(week.seconds),
        step_seconds=OFTEN_SECONDS,
    )

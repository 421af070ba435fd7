"""A real farm renders under a real Prometheus with what is shipped, and the dashboards are asked.

`python -m tools.grafana.live [--pictures FOLDER]` takes some minutes and exits with 1 when a target
is down, a rule in error, an alert fires, or a panel is empty, slow or refused. What a farm of this
machine cannot have (GPUs, on most) is told with its reason.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from farm.up.port import free_port
from tools.grafana.asking import Asker, Told
from tools.grafana.live import judging
from tools.grafana.live.server import PACE_SECONDS, scraping
from tools.grafana.live.shift import Shift, a_shift
from tools.grafana.picture.__main__ import drawn
from tools.grafana.prometheus import Prometheus
from tools.grafana.reading import sheets
from tools.prometheus import Missing

Say = Callable[[str], None]

#: It is silent for so long that the boards call it a node not heard of, and some scrapes more.
_SILENT = 'timestamp(farm_node_last_heartbeat_timestamp_seconds{node="barn"}) - \
farm_node_last_heartbeat_timestamp_seconds{node="barn"} > 15'


#: That the boards show at least: the coarsest panels have a point for each 15 minutes of scrapes
#: that are 15 s apart, and shall have one.
_LEAST_SECONDS = 1.2 * 900 * PACE_SECONDS / 15
#: Shares are judged from then on: of two counters of a farm that has just come up, the one that is
#: first scraped later tells less than it has counted.
_YOUNG_SECONDS = 30 * PACE_SECONDS


@dataclass(slots=True, kw_only=True)
class Report:
    """What was found."""

    down: list[str] = field(default_factory=list)  #: targets
    sick: list[str] = field(default_factory=list)  #: rules
    firing: list[str] = field(default_factory=list)  #: alerts
    pending: list[str] = field(default_factory=list)  #: alerts, which may
    beyond: list[str] = field(default_factory=list)  #: ratios that are none
    nameless: list[str] = field(default_factory=list)  #: histograms without exemplars
    told: list[Told] = field(default_factory=list)
    excused: dict[str, str] = field(default_factory=dict)  #: reasons, by panel

    def faults(self) -> list[str]:
        """What is wrong, in words."""
        panels = [
            f"{one.board}, {one.panel}, {one.query}: {one.trouble}"
            for one in self.told
            if one.at_fault and one.panel not in self.excused
        ]
        return [*self.down, *self.sick, *self.firing, *self.beyond, *self.nameless, *panels]


def run(folder: Path, *, say: Say, pictures: Path | None = None) -> Report:
    """Do all of it in `folder`. Raises Missing without Prometheus, FarmError, RuntimeError."""
    port = free_port()
    with scraping(folder / "prometheus", port) as url:
        began = time.time()
        server = Prometheus(url)
        say(f"Prometheus is at {url}")
        with a_shift(folder, port, say) as shift:
            shift.work(say)
            report = _settled(shift, server)
            shift.lose_a_node()
            shift.wait(
                lambda: server.now(_SILENT, time.time()).series, "Prometheus saw no silent node"
            )
            shift.wait(lambda: time.time() > began + _LEAST_SECONDS, "time stood still")
            until = time.time()
            asker = Asker(
                prometheus=server,
                until=until,
                seconds=until - began,
                scrape_seconds=PACE_SECONDS,
            )
            _ask(report, asker)
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                for sheet in sheets():
                    drawn(sheet, asker, pictures / f"{sheet.uid}.png")
    return report


def _settled(shift: Shift, server: Prometheus) -> Report:
    """While all is well: what is up, what works, what fires."""
    jobs = ("farm", "node")
    shift.wait(lambda: not judging.sick_rules(server), "rules were not worked out")
    shift.wait(lambda: not judging.targets_down(server, jobs=jobs), "targets were not up")
    return Report(
        down=judging.targets_down(server, jobs=jobs),
        sick=judging.sick_rules(server),
        firing=judging.alerts(server, "firing"),
        pending=judging.alerts(server, "pending"),
    )


def _ask(report: Report, asker: Asker) -> None:
    grown_at = asker.until - asker.seconds + _YOUNG_SECONDS
    over = asker.prometheus.over(judging.RATIOS, grown_at, asker.until, PACE_SECONDS)
    report.beyond = [
        f"{one.labels}: {value} after {at - grown_at + _YOUNG_SECONDS:.0f} s"
        for one in over.series
        for at, value in one.points
    ]
    report.nameless = judging.nameless(asker.prometheus, asker.until - asker.seconds, asker.until)
    for told in asker.everything(sheets()):
        report.told.append(told)
        if why := judging.excused(told, asker.prometheus, asker.until):
            report.excused[told.panel] = why


def main(words: Sequence[str]) -> int:
    """Run, print, and say by the exit code whether all is well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, help="a folder: draw the boards there as well")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="karst-live-") as scratch:
        try:
            report = run(Path(scratch), say=aloud, pictures=given.pictures)
        except Missing as missing:
            sys.exit(str(missing))
    for one in report.told:
        took = f"{one.seconds * 1000:6.1f} ms {one.series:4} series"
        trouble = "excused" if one.panel in report.excused else one.trouble or "well"
        print(f"{trouble:7} {took}  {one.board}, {one.panel}, {one.query}")
    for panel, reason in report.excused.items():
        print(f"{panel}: {reason}")
    print(f"alerts that wait: {', '.join(report.pending) or 'none'}")
    slowest = max(report.told, key=lambda told: told.seconds)
    panels = len({(one.board, one.panel) for one in report.told})
    print(
        f"{panels} panels and variables, {len(report.told)} queries; the slowest took "
        f"{slowest.seconds * 1000:.1f} ms: {slowest.board}, {slowest.panel}"
    )
    faults = report.faults()
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    return 1 if faults else 0


def aloud(line: str) -> None:
    """To the standard error stream."""
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

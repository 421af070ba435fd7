"""Asks a real Prometheus all that the dashboards ask: which panel is empty, which one is slow?

`python -m tools.grafana.asking URL [--until UNIX_SECONDS] [--last SECONDS] [--json]` exits with 1
when a panel is empty, or one of its queries is slow or refused. It puts in what Grafana puts in:
variables, windows and steps. A query may bring nothing where another one of its panel does not.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from tools.grafana.prometheus import Answer, Prometheus, Refused
from tools.grafana.reading import Query, Sheet, Shown, sheets

SLOW_SECONDS = 0.1
SCRAPE_SECONDS = 15.0  #: as the provisioned data source says
HOUR = 3600.0
_PIXELS = 78  #: that a column of the grid is wide on a screen of 1920
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
#: A panel that shows now and is empty at the end is asked at so many earlier instants: some only
#: tell of trouble.
_EARLIER = 24
_TIMES = 4  #: that a query which seemed slow is asked again


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time that a board shows, in Unix seconds."""

    since: float
    until: float

    @property
    def length(self) -> float:
        """Seconds."""
        return self.until - self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one query, or one variable, brought."""

    board: str
    panel: str
    query: str
    series: int
    seconds: float  #: of the wall clock; if those were too many, the server's CPU time, if less
    trouble: str = ""  #: "" for none

    @property
    def at_fault(self) -> bool:
        """Empty, slow or refused."""
        return bool(self.trouble)


@dataclass(slots=True, kw_only=True)
class Asker:
    """Asks for the boards' panels; `until` is the end of what they show."""

    prometheus: Prometheus
    until: float
    seconds: float = 0.0  #: that they show; 0: what each shows when it is opened
    scrape_seconds: float = SCRAPE_SECONDS  #: panels' own least steps go with it
    slow_seconds: float = SLOW_SECONDS
    chosen: Mapping[str, str] = field(default_factory=dict)  #: by variable; else All

    def everything(self, boards: Sequence[Sheet]) -> Iterator[Told]:
        """One by one, every variable and query of `boards`."""
        for board in boards:
            window = self.window(board)
            for name, variable in board.variables.items():
                if variable["type"] == "query":
                    told = self._variable(board, name, variable["query"]["query"], window)
                    yield told if told.series else replace(told, trouble="empty")
            for panel in board.panels:
                found = [self._query(panel, query, window) for query in panel.queries]
                if not any(one.series for one in found):
                    found = [replace(one, trouble=one.trouble or "empty") for one in found]
                yield from found

    def window(self, board: Sheet) -> Window:
        """The time that `board` shows."""
        if self.seconds:
            return Window(since=self.until - self.seconds, until=self.until)
        return window_of(board, self.until)

    def _variable(self, board: Sheet, name: str, asked: str, window: Window) -> Told:
        metric, label = re.findall(r"\w+", asked)[1:]

        def once() -> tuple[int, float]:
            began = time.perf_counter()
            values = self.prometheus.values_of(metric, label, window.since, window.until)
            return len(values), time.perf_counter() - began

        return self._judged(board.uid, "$" + name, asked, once)

    def _query(self, panel: Shown, query: Query, window: Window) -> Told:
        def once() -> tuple[int, float]:
            answer = self.answer(panel, query, window)
            return len(answer.series), answer.seconds

        return self._judged(panel.board, panel.title, query.letter, once)

    def _judged(
        self, board: str, panel: str, query: str, once: Callable[[], tuple[int, float]]
    ) -> Told:
        series, seconds, trouble = 0, 0.0, ""
        try:
            series, seconds = once()
            if seconds > self.slow_seconds:  # the machine may be busy with others
                seconds = min(seconds, self._cpu_seconds(once))
        except Refused as refused:
            trouble = str(refused)
        if not trouble and seconds > self.slow_seconds:
            trouble = "slow"
        return Told(
            board=board, panel=panel, query=query, series=series, seconds=seconds, trouble=trouble
        )

    def _cpu_seconds(self, once: Callable[[], object]) -> float:
        """What asking by `once` costs the server."""
        before = self.prometheus.cpu_seconds()
        for _ in range(_TIMES):
            once()
        return (self.prometheus.cpu_seconds() - before) / _TIMES

    def answer(self, panel: Shown, query: Query, window: Window) -> Answer:
        """What the query brings; asked again at earlier instants while there is nothing."""
        step = step_of(panel, window, self.scrape_seconds)
        expr = put_in(query.expr, self.chosen, step, window, self.scrape_seconds)
        if not query.instant:
            return self.prometheus.over(expr, window.since, window.until, step)
        answer = self.prometheus.now(expr, window.until)
        for back in range(1, _EARLIER):
            if answer.series:
                break
            answer = self.prometheus.now(expr, window.until - back * window.length / _EARLIER)
        return answer


def window_of(board: Sheet, until: float) -> Window:
    """What a board shows when it is opened."""
    told = board.raw["time"]["from"]
    found = re.fullmatch(r"now-(\d+)([smhd])", told)
    assert found, f"{board.uid} opens with {told}"
    return Window(since=until - int(found[1]) * _UNITS[found[2]], until=until)


def step_of(panel: Shown, window: Window, scrape_seconds: float = SCRAPE_SECONDS) -> float:
    """Seconds between two points: about one for each pixel, and no less than the panel's own.

    That is a number of scrapes, each of 15 s: a farm that is scraped more often is shown finer.
    """
    least = panel.raw.get("interval", "")
    own = int(least[:-1]) * _UNITS[least[-1]] * scrape_seconds / SCRAPE_SECONDS if least else 0.0
    pixels = panel.place[2] * _PIXELS
    apart = round(window.length / pixels / scrape_seconds) * scrape_seconds
    return max(own, scrape_seconds, apart)


def put_in(
    expr: str,
    chosen: Mapping[str, str],
    step: float,
    window: Window,
    scrape_seconds: float = SCRAPE_SECONDS,
) -> str:
    """`expr` with its variables: those that are chosen, All for others, and Grafana's own."""
    own = {
        "__rate_interval": f"{max(step + scrape_seconds, 4 * scrape_seconds):.0f}s",
        "__interval": f"{step:.0f}s",
        "__range": f"{window.length:.0f}s",
        "__range_s": f"{window.length:.0f}",
    }
    return re.sub(r"\$(\w+)", lambda found: own.get(found[1]) or chosen.get(found[1], ".*"), expr)


def main(words: Sequence[str]) -> int:
    """Ask, print, and say by the exit code whether all is well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url", help="of a Prometheus, as http://127.0.0.1:9090")
    parser.add_argument("--until", type=float, default=time.time(), help="Unix seconds; now")
    parser.add_argument("--last", type=float, default=0.0, help="seconds; what each board shows")
    parser.add_argument("--slow", type=float, default=SLOW_SECONDS, help="seconds; 0.1")
    parser.add_argument("--json", action="store_true", help="one object for each query")
    given = parser.parse_args(words)
    asker = Asker(
        prometheus=Prometheus(given.url),
        until=given.until,
        seconds=given.last,
        slow_seconds=given.slow,
    )
    faults = 0
    for told in asker.everything(sheets()):
        faults += told.at_fault
        if given.json:
            print(json.dumps(asdict(told)))
        else:
            took = f"{told.seconds * 1000:6.1f} ms {told.series:4} series"
            print(f"{told.trouble or 'well':6} {took}  {told.board}, {told.panel}, {told.query}")
    print(f"{faults} at fault", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Charts of a report as SVG: sharp on paper, and no picture library in between."""

from collections.abc import Mapping, Sequence
from html import escape

from farm.model.metrics import SERVER_STATES
from farm.model.utilization import TARGET_RATIO, whole

#: Told apart by all eyes, and the same as on the dashboards.
COLORS: Mapping[str, str] = {
    "busy": "#0072B2",
    "starved": "#D55E00",
    "idle": "#C9CED6",
    "draining": "#E69F00",
    "offline": "#4A4F57",
}
BAD = COLORS["starved"]  #: of what did not succeed
_WIDTH, _HEIGHT = 1000, 260
_LEFT, _BOTTOM, _TOP = 46, 26, 8


def days_chart(days: Sequence[tuple[str, Mapping[str, float]]]) -> str:
    """A stacked bar for each day: the parts of all configured time, and a line at the target."""
    room, step = _WIDTH - _LEFT, (_WIDTH - _LEFT) / max(1, len(days))
    height = _HEIGHT - _BOTTOM - _TOP
    drawn = [_open(_HEIGHT)]
    for number, (day, split) in enumerate(days):
        drawn += _bar(split, _LEFT + number * step, step * 0.86, height, day)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _TOP + height * (1 - share)
        drawn.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" class="e">{share:.0%}</text>')
    y = _TOP + height * (1 - TARGET_RATIO)
    drawn.append(f'<path d="M{_LEFT} {y:.1f}h{room}" class="target"/>')
    every = max(1, len(days) // 10)
    for number, (day, _) in list(enumerate(days))[::every]:
        x = _LEFT + number * step
        drawn.append(f'<text x="{x:.1f}" y="{_HEIGHT - 8}">{escape(day)}</text>')
    return "\n".join([*drawn, "</svg>"])


def _bar(split: Mapping[str, float], x: float, width: float, height: float, day: str) -> list[str]:
    every, top = whole(split), _TOP + height
    parts = []
    for state in SERVER_STATES:
        share = split[state] / every if every else 0.0
        top -= share * height
        parts.append(
            f'<rect x="{x:.2f}" y="{top:.2f}" width="{width:.2f}" height="{share * height:.2f}" '
            f'fill="{COLORS[state]}"><title>{escape(day)} {state} {share:.1%}</title></rect>'
        )
    return parts


def bars_chart(rows: Sequence[tuple[str, float, float]]) -> str:
    """A bar for each (name, amount that succeeded, amount that did not), the largest first."""
    most = max((good + bad for _, good, bad in rows), default=0.0) or 1.0
    line, left = 22, 220
    drawn = [_open(line * len(rows) + 8)]
    for number, (name, good, bad) in enumerate(rows):
        y, room = number * line + 4, _WIDTH - left - 120
        wide, lost = good / most * room, bad / most * room
        told = f"{(good + bad) / 3600:,.0f} core-hours"
        drawn += [
            f'<text x="{left - 8}" y="{y + 13}" class="e">{escape(name)}</text>',
            f'<rect x="{left}" y="{y}" width="{wide:.2f}" height="16" fill="{COLORS["busy"]}"/>',
            f'<rect x="{left + wide:.2f}" y="{y}" width="{lost:.2f}" height="16" fill="{BAD}"/>',
            f'<text x="{left + wide + lost + 8:.2f}" y="{y + 13}">{told}</text>',
        ]
    return "\n".join([*drawn, "</svg>"])


def _open(height: int) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" xmlns="http://www.w3.org/2000/svg">'

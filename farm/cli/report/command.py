"""The command: which days, told by what, in which form."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from farm.cli.options import Session, talks
from farm.cli.output import message
from farm.cli.report.figures import Report, hours, names_of, percent
from farm.model.errors import BadRequest
from farm.model.metrics import SERVER_STATES
from farm.model.utilization import TARGET_RATIO, waste, whole

_EPILOG = """\b
Utilization is busy time over all time of all nodes, those that were away or drained among it.
Waste is of what ended: attempts that failed, ran out of time or memory, were lost or cancelled, and
what leases spent without one.

\b
Examples:
  farm report                                    the last 30 days, by production
  farm report --days 90 --html quarter.html
  farm report --from 2026-11-01 --to 2026-11-30 --by production --by user --csv november.csv
"""
_BY = ("production", "user", "pool", "day")
_SHOWN = 20


@click.command(epilog=_EPILOG)
@click.option("--days", type=click.IntRange(1, 400), help="The last so many days. [30]")
@click.option("--from", "first", metavar="DAY", help="The first day, such as 2026-11-01.")
@click.option("--to", "last", metavar="DAY", help="The last day. [today]")
@click.option("--by", type=click.Choice(_BY), multiple=True, help="[production]")
@click.option("--csv", "csv_path", metavar="FILE", help="Write what was spent there; - is stdout.")
@click.option("--html", "html_path", metavar="FILE", help="Write a page with plots there.")
@talks
def report(session: Session, **asked: Any) -> None:  # noqa: ANN401 - click's
    """Tell where the farm's time went, and what it was spent on, day by day and by whom."""
    first, last = _days(asked["days"], asked["first"], asked["last"])
    by = tuple(dict.fromkeys(asked["by"])) or ("production",)
    made = _ask(session, first, last, by)
    written = _write(made, asked["csv_path"], asked["html_path"])
    if session.view.as_json:
        session.view.json(made.as_json())
    elif not written:
        _print(session, made)


def _ask(session: Session, first: date, last: date, by: tuple[str, ...]) -> Report:
    usage = session.client.usage
    return Report(
        first=first,
        last=last,
        by=by,
        history=usage.history(first, last),
        spent=usage.days(first, last, by=by),
    )


def _days(days: int | None, first: str | None, last: str | None) -> tuple[date, date]:
    """Both ends. Raises BadRequest."""
    if days is not None and first is not None:
        raise BadRequest("give --days or --from, not both")
    end = _day("--to", last) if last else datetime.now(UTC).date()
    begin = _day("--from", first) if first else end - timedelta(days=(days or 30) - 1)
    if begin > end:
        raise BadRequest(f"the first day, {begin}, comes after the last, {end}: swap them")
    return begin, end


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(f"{option} {text!r:.40} is no day: write 2026-11-01") from error


def _write(made: Report, csv_path: str | None, html_path: str | None) -> bool:
    """Write what was asked for; whether it was all that was asked for. Raises BadRequest."""
    from farm.cli.report.csv_file import as_csv
    from farm.cli.report.page import as_page

    if csv_path == "-":
        click.echo(as_csv(made), nl=False)
    elif csv_path:
        _save("--csv", csv_path, as_csv(made))
    if html_path:
        _save("--html", html_path, as_page(made))
    return bool(csv_path or html_path)


def _save(option: str, path: str, text: str) -> None:
    try:
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        raise BadRequest(f"{option} {path}: {error.strerror or error}") from error
    message(f"wrote {path}")


def _print(session: Session, made: Report) -> None:
    figures, split = made.figures(), made.split()
    every = whole(split)
    rows: list[tuple[str, object]] = [
        ("days", f"{made.first} to {made.last}, of UTC"),
        ("utilization", f"{percent(figures['utilization'])}, target {TARGET_RATIO:.0%}"),
    ]
    rows += [(name.replace("_", " "), percent(figures[name])) for name in list(figures)[1:]]
    rows.append(("core-hours", hours(every)))
    for state in SERVER_STATES:
        part = percent(split[state] / every if every else None)
        rows.append((f"  {state}", f"{hours(split[state])}  {part}"))
    rows.append(("  stranded", f"{hours(made.stranded_core_seconds())}, a part of idle"))
    session.view.fields(made.as_json(), rows)
    if session.view.for_people:
        click.echo()
    columns = (*(one.upper() for one in made.by), "CORE-HOURS", "SUCCEEDED", "WASTE")
    shown = made.spent[:_SHOWN] if session.view.for_people else made.spent
    session.view.table(list(shown), columns, [_row(row, made.by) for row in shown])
    if len(shown) < len(made.spent):
        message(f"and {len(made.spent) - len(shown):,} more: --csv FILE has them all")


def _row(row: dict[str, Any], by: tuple[str, ...]) -> tuple[object, ...]:
    spent = row["core_seconds"]
    return (
        *names_of(row, by),
        hours(sum(spent.values())),
        hours(spent["succeeded"]),
        percent(waste(spent)),
    )

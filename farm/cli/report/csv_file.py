"""What was spent as CSV: a line for each row, core-hours in columns."""

import csv
import io

from farm.cli.report.figures import HOUR, Report, names_of
from farm.model.metrics import SPENT


def as_csv(report: Report) -> str:
    """A header, then a line for each row of `report.spent`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*report.by, "core_hours", *(f"{how}_core_hours" for how in SPENT)])
    for row in report.spent:
        spent = row["core_seconds"]
        amounts = [sum(spent.values()), *(spent[how] for how in SPENT)]
        writer.writerow([*names_of(row, report.by), *(f"{one / HOUR:.4f}" for one in amounts)])
    return text.getvalue()

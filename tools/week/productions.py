"""What is told of a production."""

from collections.abc import Mapping

from tools.week.families import TIMED, Family, series
from tools.week.nodes import WATTS_FULL
from tools.week.watched import WatchedEngine


def production(engine: WatchedEngine, name: str, dues: Mapping[str, float]) -> Family:
    """What `name` used, by outcome, holds, is due and has waiting; `dues` are cores by name."""
    books, held, label = engine.books, engine.books.held[name], {"production": name}
    names = [
        series("farm_production_core_seconds_total", {**label, "outcome": one}) for one in TIMED
    ]
    names += [
        series(f"farm_production_{what}", label)
        for what in (
            "held_core_seconds_total",
            "booked_cores",
            "due_cores",
            "energy_joules_total",
        )
    ]
    names += [
        series("farm_production_tasks", {**label, "state": state}) for state in ("ready", "running")
    ]

    def values() -> list[float]:
        held.change(0.0, engine.world.now)
        return [
            *(books.by_production.core_seconds[name, one] for one in TIMED),
            held.core_seconds,
            held.cores,
            dues.get(name, 0.0),
            held.core_seconds * WATTS_FULL / 64,
            books.ready_of[name],
            books.running_of[name],
        ]

    return Family(tuple(names), values)

"""Families of what has a name: productions and nodes."""

from collections.abc import Mapping

from farm.sim.pieces import PlayedNode
from tools.week.families import TIMED, Family, series
from tools.week.watched import WatchedEngine

WATTS_IDLE, WATTS_FULL = 150.0, 700.0  #: of a node; what it draws is taken as linear in between


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


def node(engine: WatchedEngine, node: PlayedNode, begins_at: int) -> Family:
    """Cores, busy cores, last heartbeat and energy of one node."""
    books = engine.books.cores[node.kind.pool].nodes[node.name]
    label = {"node": node.name, "pool": node.kind.pool}
    beat = {"at": 0.0}
    names = (
        series("farm_node_info", {**label, "version": "week"}),
        *(
            series(f"farm_node_{what}", label)
            for what in (
                "cores",
                "busy_cores",
                "busy_core_seconds_total",
                "last_heartbeat_timestamp_seconds",
                "energy_joules_total",
            )
        ),
    )

    def values() -> tuple[float, ...]:
        now = engine.world.now
        books.advance(now)
        if not node.dead:
            beat["at"] = now
        spread = (WATTS_FULL - WATTS_IDLE) / books.total
        joules = WATTS_IDLE * now + spread * books.busy_seconds
        return (
            1,
            books.total,
            books.busy,
            books.busy_seconds,
            begins_at + beat["at"],
            joules,
        )

    return Family(names, values)

"""Pieces of queries that boards share. None of them breaks when a counter starts again at zero,
when a pool is empty or when a series is not there (yet).
"""

from collections.abc import Callable, Iterable

from farm.model.metrics import SERVER_STATES
from farm.settings import SILENT_SECONDS
from tools.grafana.parts import Ask

#: Core-seconds per second by pool and state, recorded: for windows that are longer than a look.
RECORDED = "pool_state:farm_core_seconds:rate{}"
POOL = 'pool=~"$pool"'
PRODUCTION = 'production=~"$production"'
NODE = 'node=~"$node"'


def rate(counter: str, selector: str = "", window: str = "$__rate_interval") -> str:
    """What `counter` grew by per second."""
    chosen = f"{{{selector}}}" if selector else ""
    return f"rate({counter}{chosen}[{window}])"


def age(gauge: str, selector: str = "") -> str:
    """Seconds from the instant that `gauge` tells to its scrape, whose own age is not added.

    0 where it is later: a scrape bears the time at which it began, and may find what is newer.
    """
    told = f"{gauge}{{{selector}}}" if selector else gauge
    return f"clamp_min(timestamp({told}) - {told}, 0)"


def since(gauge: str, selector: str = "") -> str:
    """Seconds from the instant that `gauge` tells until now, where it tells one.

    For what lasts minutes; over a range it is far cheaper than `age`.
    """
    told = f"{gauge}{{{selector}}}" if selector else gauge
    return f"(time() - ({told} > 0))"


def or_zero(expr: str) -> str:
    """`expr`, or 0 where it has no series while the farm's own figures are there."""
    return f"({expr}) or on () 0 * sum(farm_broker_up == 1)"


def each(values: Iterable[str], of: Callable[[str], str]) -> tuple[Ask, ...]:
    """A query for each value, so that what is stacked keeps its order."""
    return tuple(Ask(expr=of(value), legend=value) for value in values)


def ratio(part: str, whole: str) -> str:
    """`part` of `whole`; nothing where there is no whole."""
    return f"{part} / ({whole} > 0)"


def states_of_time(counter: str = "", selector: str = "", *, parts: bool) -> tuple[Ask, ...]:
    """One query for each state, in the order that they are stacked.

    `counter`: whose rate is asked; "" asks what was recorded over 5 minutes, for cores.
    `parts`: as parts of all, not as amounts.
    """
    return each(SERVER_STATES, lambda state: _state(counter, selector, state, parts=parts))


def _state(counter: str, selector: str, state: str, *, parts: bool) -> str:
    def sum_of(chosen: str) -> str:
        chosen = ",".join(part for part in (selector, chosen) if part)
        if counter:
            return f"sum({rate(counter, chosen)})"
        return (
            f"sum({RECORDED.format('5m')}{{{chosen}}})"
            if chosen
            else (f"sum({RECORDED.format('5m')})")
        )

    one = sum_of(f'state="{state}"')
    return ratio(one, sum_of("")) if parts else one


def part_by_pool(state: str, window: str, selector: str = POOL) -> str:
    """The part of each pool's core-seconds that was `state`, over a recorded window."""
    recorded = RECORDED.format(window)
    return ratio(
        f'sum by (pool) ({recorded}{{{selector},state="{state}"}})',
        f"sum by (pool) ({recorded}{{{selector}}})",
    )


def quantile(part: float, histogram: str, selector: str, by: str = "") -> str:
    """The value that `part` of what `histogram` counted lies below."""
    grouped = f"le, {by}" if by else "le"
    return (
        f"histogram_quantile({part}, sum by ({grouped}) ({rate(histogram + '_bucket', selector)}))"
    )


def grown(recorded: str, selector: str, by: str) -> str:
    """What a counter grew by in the board's time, from its `recorded` rate.

    It has a twentieth of the samples, and productions are many.
    """
    return f"sum by ({by}) (avg_over_time({recorded}{{{selector}}}[$__range])) * $__range_s"


def largest(count: int, recorded: str, selector: str, by: str) -> str:
    """The `recorded` rate of the `count` of `by` that have most of it in the board's time.

    They are chosen once, at its end, so that no line begins and ends in the middle.
    """
    chosen = f"{recorded}{{{selector}}}"
    most = f"topk({count}, sum by ({by}) (avg_over_time({chosen}[$__range] @ end())))"
    return f"sum by ({by}) ({chosen}) and on ({by}) {most}"


#: Nodes that have not been heard of for longer than a node may be silent, and for how long.
SILENT_NODES = (
    f"({age('farm_node_last_heartbeat_timestamp_seconds')} > {SILENT_SECONDS:g})"
    " * on (node) group_left (pool) farm_node_info"
)

"""One run: a scenario under a dispatcher, by name."""

import time
from collections.abc import Callable

from farm.model.errors import BadRequest
from farm.sim.baselines import HostByHost, fifo, priority
from farm.sim.dispatchers import Dispatcher, Karst
from farm.sim.engine import Engine
from farm.sim.outcome import Outcome
from farm.sim.scenario import Scenario

DISPATCHERS: dict[str, Callable[[], Dispatcher]] = {
    "karst": Karst,
    "fifo": fifo,
    "priority": priority,
    "greedy": HostByHost,
}


def engine_for(scenario: Scenario, dispatcher: str = "karst") -> Engine:
    """An engine that is ready to run. Raises BadRequest for a dispatcher that is not known."""
    if dispatcher not in DISPATCHERS:
        raise BadRequest(f"no dispatcher {dispatcher!r}: {', '.join(DISPATCHERS)}")
    return Engine(scenario, DISPATCHERS[dispatcher]())


def play(engine: Engine, tell: Callable[[float], None] = lambda _: None) -> Outcome:
    """Run `engine` to its end, or until it is stopped; what it came to."""
    began = time.perf_counter()
    engine.run(tell)
    return Outcome(
        engine.scenario,
        engine.dispatcher.name,
        engine.measures,
        engine.calibration,
        played_seconds=engine.measures.at,
        wall_seconds=time.perf_counter() - began,
    )

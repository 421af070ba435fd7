"""The farm at one instant: how full it is, what of it is stranded, who has what and is due what."""

from collections.abc import Mapping

from farm.model.resources import Resources
from farm.sim.fairness import dues
from farm.sim.world import World

_Shape = tuple[float, int, int, str]


def sample(world: World) -> None:
    """Add the present instant to the samples."""
    measures, samples = world.measures, world.measures.samples
    total = world.scenario.cores
    memory = sum(one.count * one.memory_bytes for one in world.scenario.nodes)
    samples.at.append(world.now)
    samples.busy.append(measures.busy_cores / total)
    samples.online.append(measures.online_cores / total)
    samples.busy_memory.append(measures.busy_memory / memory)
    samples.waiting.append(measures.waiting)
    cores, stuck_memory, room = _room(world)
    samples.stranded_cores.append(cores / total)
    samples.stranded_memory.append(stuck_memory / memory)
    samples.open_room.append(room / total)
    _shares(world)


def _shapes(world: World) -> set[_Shape]:
    """What waits, by what it needs."""
    return {
        (
            entry[3].resources.cores,
            entry[3].resources.memory_bytes,
            entry[3].resources.gpus,
            entry[3].arrival.pool,
        )
        for production in world.productions.values()
        for entry in production.line
    }


def _room(world: World) -> tuple[float, float, float]:
    """Free cores and free memory that nothing that waits can use, and free cores that it could.

    Cores are stranded where memory is what lacks, memory where cores are.
    """
    shapes = _shapes(world)
    cores = memory = room = 0.0
    for node in world.nodes.values():
        free = node.free
        if not node.open or not (free.cores or free.memory_bytes) or not shapes:
            continue
        here = [one for one in shapes if one[3] in ("", node.kind.pool) and one[2] <= free.gpus]
        if any(one[0] <= free.cores and one[1] <= free.memory_bytes for one in here):
            room += free.cores
            continue
        if any(one[0] <= free.cores for one in here):
            cores += free.cores
        if any(one[1] <= free.memory_bytes for one in here):
            memory += free.memory_bytes
    return cores, memory, room


def _shares(world: World) -> None:
    samples = world.measures.samples
    totals = [0.0, 0.0, 0.0]
    for pool in world.pools.values():
        totals[0] += pool.cores
        totals[1] += pool.memory_bytes
        totals[2] += pool.gpus
    has = {name: _dominant(one.seen().booked, totals) for name, one in world.productions.items()}
    wants = {name: has[name] + _waiting(world, name, totals) for name in world.productions}
    due = dues(
        {name: one.spec for name, one in world.productions.items()},
        wants,
        sum(has.values()),
        totals[0],
    )
    for name, production in world.productions.items():
        samples.has[name].append(has[name])
        samples.due[name].append(due[name])
        samples.wants[name].append(bool(production.line))
        booked = production.seen().booked.cores
        world.measures.most_cores[name] = max(world.measures.most_cores[name], booked)
    for name, cap in world.caps.items():
        if name.startswith("limit:"):
            world.measures.most_held[name[6:]] = max(world.measures.most_held[name[6:]], cap.held)
    used = sum(has.values())
    wrong = sum(abs(has[name] - due[name]) for name in has) / 2
    samples.unfair.append(wrong / used if used else 0.0)


def _dominant(amount: Resources, totals: list[float]) -> float:
    """The largest part that `amount` is of the farm's cores, memory or GPUs (Ghodsi et al.)."""
    parts: tuple[float, ...] = (amount.cores, amount.memory_bytes, amount.gpus)
    return max(part / total for part, total in zip(parts, totals, strict=True) if total)


def _waiting(world: World, name: str, totals: list[float]) -> float:
    """What a production would have more if all that it waits for ran; never more than the farm."""
    cores = memory = gpus = 0.0
    for _, _, _, layer in world.productions[name].line:
        cores += layer.ready * layer.resources.cores
        memory += layer.ready * layer.resources.memory_bytes
        gpus += layer.ready * layer.resources.gpus
        if cores > totals[0]:
            break
    amounts: Mapping[int, float] = {0: cores, 1: memory, 2: gpus}
    return min(1.0, max(amounts[at] / totals[at] for at in amounts if totals[at]))

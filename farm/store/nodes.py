"""Nodes in the store: register, report, drain, sign off."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from farm.model.errors import Conflict, NodeSuperseded, NotFound, NotLeader
from farm.model.lease import LeaseState, Order
from farm.model.node import Node, NodeHealth, NodeSpec, Pulse
from farm.model.resources import Resources
from farm.model.states import NodeState
from farm.policy.schedule import read_schedule
from farm.store import keys
from farm.store.connection import Connection, new_id
from farm.store.energy import write_reading
from farm.store.records import read_resources
from farm.store.still import write_node_view, write_warmth

#: Who may want a node drained, the one who is told of first.
_WISHES = ("held", "restarting", "asleep", "resting", "leaving")


class NodeStore:
    """One method per step on nodes."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def register(self, spec: NodeSpec) -> int:
        """Register a node and return its new epoch.

        What an earlier worker under that name held is ready again, in the same step.
        """
        document = json.dumps(
            {
                "pool": spec.pool,
                "cores": spec.resources.cores,
                "memory_bytes": spec.resources.memory_bytes,
                "gpus": spec.resources.gpus,
                "version": spec.worker_version,
                "spec": json.dumps(asdict(spec)),
                "view": write_node_view(spec),
            }
        )
        reply = self._connection.call("farm_register", new_id(), spec.name, document)
        return int(reply[0])

    def heartbeat(
        self, name: str, epoch: int, health: NodeHealth, progress: Mapping[str, str]
    ) -> Pulse:
        """Report, and learn what the store wants of each lease it believes the node holds.

        `progress` maps lease ids to "index:attempt text". Raises NodeSuperseded when a newer worker
        has the name, NotFound when the node must register again.
        """
        pairs = [word for pair in progress.items() for word in pair]
        reply = self._connection.call(
            "farm_heartbeat",
            name,
            epoch,
            json.dumps(asdict(health)),
            health.unfit,
            write_warmth(health),
            write_reading(health),
            *pairs,
        )
        if reply[0] == "superseded":
            raise NodeSuperseded(
                f"another worker has registered as node {name}; give this one another --name"
            )
        if reply[0] == "unknown":
            raise NotFound(f"the store does not know node {name} in epoch {epoch}")
        rows = range(4, len(reply), 4)
        return Pulse(
            state=NodeState(reply[1]),
            run_id=reply[2],
            restart=bool(reply[3]),
            orders=tuple(
                Order(
                    lease=reply[i],
                    layer=reply[i + 1],
                    state=LeaseState(reply[i + 2]),
                    kill=bool(reply[i + 3]),
                )
                for i in rows
            ),
        )

    def await_nudge(self, name: str, timeout_seconds: float) -> bool:
        """Wait until the store has orders for the node, or for `timeout_seconds`."""
        with self._connection.guard():
            key = keys.node(name, "nudge")
            return self._connection.client.blpop([key], timeout=timeout_seconds) is not None

    def leave(self, name: str, epoch: int) -> None:
        """Sign the node off; what it still holds is ready again."""
        self._connection.call("farm_leave", name, epoch)

    def forget(self, name: str, *, key: str) -> None:
        """Strike off a node that is gone for good; what it did stays counted, once for each `key`.

        Raises NotFound, Conflict when it is not offline.
        """
        answer = self._connection.call("farm_forget", key, name)[0]
        if answer == "unknown":
            raise NotFound(f"no node {name!r}; `farm nodes ls` shows the nodes there are")
        if answer != "forgotten":
            raise Conflict(
                f"node {name} is {answer}: only one that is offline can be forgotten; "
                "end its worker first"
            )

    def drain(self, name: str, reason: str) -> NodeState:
        """Let the node finish what it has and give it no more. Raises NotFound."""
        return self._drain(name, reason or "drained by an operator", "held")

    def leaving(self, name: str, epoch: int, reason: str) -> None:
        """Drain on behalf of the node's own worker, which is on its way out."""
        self._connection.call("farm_drain", name, reason, epoch, "leaving")

    def undrain(self, name: str) -> NodeState:
        """Let the node take leases again. Raises NotFound."""
        return self._drain(name, "", "held")

    def restart(self, name: str, reason: str) -> NodeState:
        """Have its worker start anew as soon as it has no lease. Raises NotFound."""
        return self._drain(name, reason or "restarted by an operator", "restarting")

    def sleep(self, name: str, why: str) -> NodeState:
        """Drain it for the hours it keeps, or with no `why` end that. Raises NotFound."""
        return self._drain(name, why, "asleep")

    def rest(self, name: str, rest: str, why: str, *, leader: str) -> NodeState:
        """Let it be "asleep" or "waking", and drained meanwhile; "" for neither.

        Raises NotFound, NotLeader.
        """
        state = self._connection.call("farm_rest", leader, name, rest, why)
        if state == "not leader":
            raise NotLeader("another scheduler leads")
        if not state:
            raise NotFound(f"no node {name!r}; `farm nodes ls` shows the nodes there are")
        return NodeState(state)

    def lock(self, name: str, reason: str) -> None:
        """Give it no new leases; those it has run on to their end. Raises NotFound."""
        self._say("farm_lock", name, reason or "locked by an operator")

    def unlock(self, name: str) -> None:
        """Take back a lock. Raises NotFound."""
        self._say("farm_lock", name, "")

    def comment(self, name: str, text: str) -> None:
        """Note what people should know of it, "" for nothing. Raises NotFound."""
        self._say("farm_note", name, "comment", text)

    def schedule(self, name: str, text: str) -> None:
        """Set the hours it keeps, "" for all. Raises NotFound, BadRequest."""
        if text:
            read_schedule(text)
        self._say("farm_note", name, "schedule", text)
        self.sleep(name, "")  # what it sleeps for is no more; the leader looks anew

    def schedules(self) -> list[tuple[str, str, bool]]:
        """Of each node that keeps hours its name, its schedule, and whether it sleeps."""
        client = self._connection.client
        with self._connection.guard():
            found = sorted(client.hgetall(keys.SCHEDULES).items())
            pipeline = client.pipeline(transaction=False)
            for name, _ in found:
                pipeline.hexists(keys.node(name), "asleep")
            asleep = pipeline.execute() if found else []
        return [
            (name, text, bool(is_on)) for (name, text), is_on in zip(found, asleep, strict=True)
        ]

    def _say(self, step: str, name: str, *words: str) -> None:
        if not self._connection.call(step, name, *words):
            raise NotFound(f"no node {name!r}; `farm nodes ls` shows the nodes there are")

    def _drain(self, name: str, reason: str, wish: str) -> NodeState:
        state = self._connection.call("farm_drain", name, reason, "", wish)
        if not state:
            raise NotFound(f"no node {name!r}; `farm nodes ls` shows the nodes there are")
        return NodeState(state)

    def get(self, name: str) -> Node:
        """One node. Raises NotFound."""
        found = self._read([name])
        if not found:
            raise NotFound(f"no node {name!r}; `farm nodes ls` shows the nodes there are")
        return found[0]

    def _read(self, names: Iterable[str]) -> list[Node]:
        client = self._connection.client
        with self._connection.guard():
            pipeline = client.pipeline(transaction=False)
            for name in names:
                pipeline.hgetall(keys.node(name))
                pipeline.smembers(keys.node(name, "leases"))
            found = pipeline.execute()
            leases = sorted(lease for held in found[1::2] for lease in held)
            pipeline = client.pipeline(transaction=False)
            for lease in leases:
                pipeline.hget(keys.lease(lease), "layer")
            layers = dict(zip(leases, pipeline.execute() if leases else [], strict=True))
        return [
            _node(fields, {lease: layers[lease] or "" for lease in sorted(held)})
            for fields, held in zip(found[::2], found[1::2], strict=True)
            if fields
        ]

    def others(self, names: Collection[str]) -> Sequence[Node]:
        """All nodes that ever registered but those called `names`, by name."""
        with self._connection.guard():
            there = self._connection.client.hkeys(keys.NODES)
        return self.some(name for name in there if name not in names)

    def some(self, names: Iterable[str]) -> Sequence[Node]:
        """Those of `names` that there are, by name."""
        wanted = sorted(names)
        return self._read(wanted) if wanted else ()

    def list(self) -> list[Node]:
        """All nodes that ever registered, by name."""
        client = self._connection.client
        with self._connection.guard():
            names = sorted(client.hkeys(keys.NODES))
        return self._read(names)


def _node(fields: dict[str, str], leases: dict[str, str]) -> Node:
    spec: dict[str, Any] = json.loads(fields["spec"])
    spec["resources"] = Resources(**spec["resources"])
    for name in ("blenders", "gpus", "tags"):
        spec[name] = tuple(spec.get(name, ()))
    health: dict[str, Any] = json.loads(fields.get("health", "{}"))
    if health:
        for name in ("warm_scenes", "warm_files"):
            health[name] = tuple(health.get(name, ()))
    return Node(
        name=fields["name"],
        epoch=int(fields["epoch"]),
        state=NodeState(fields["state"]),
        spec=NodeSpec(**spec),
        free=read_resources(fields["free_cores"], fields["free_memory_bytes"], fields["free_gpus"]),
        heartbeat_at=int(fields["heartbeat_ms"]) / 1000,
        registered_at=int(fields["registered_ms"]) / 1000,
        health=NodeHealth(**health),
        held=next((fields[wish] for wish in _WISHES if fields.get(wish)), ""),
        comment=fields.get("comment", ""),
        schedule=fields.get("schedule", ""),
        rest=fields.get("rest", ""),
        rest_since=int(fields.get("rest_ms", 0)) / 1000,
        closed=fields.get("closed", ""),
        leases=leases,
    )

"""A story on a real store, told to the slow model of tests.store.reference step by step.

Only instants are taken from the store: when it counted a node last, when something began to wait.
What happened in between, the model works out from what everybody can see.
"""

from collections.abc import Collection
from copy import deepcopy
from typing import Any

from farm.model.job import Job
from farm.model.node import Node
from farm.model.resources import CORE_PARTS
from farm.model.states import JobState
from farm.policy.plan import plan
from farm.store import Store, keys
from tests.makers import LEADER
from tests.store.passing import let_pass
from tests.store.reference import STATES, Reference, RefNode, Side

_INSTANTS = """
local found, kept = {}, redis.call('HGETALL', '{farm}:accounts')
for i = 1, #kept, 2 do
  local what, name = string.match(kept[i], '^(%S+) (.*)$')
  if what == 'node' then
    local at, since = struct.unpack('<i8i8', kept[i + 1], 2)
    table.insert(found, {'node', name, at, since})
  else table.insert(found, {'demand', kept[i], (struct.unpack('<i8', kept[i + 1]))}) end
end
return found
"""


class Story:
    """One store and its model; `look` after each step."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.model = Reference()
        self._passed = 0  #: ms that were let pass: the model's clock is so much ahead
        self._began_ms = store.accounts.read().at_ms
        self._wanting: dict[str, int] = {}
        self._unjudged: set[str] = set()
        self._opened = False
        self._heard: set[str] = set()  #: nodes that were muted, and were seen to be so no more
        store.connection.call("farm_lead", LEADER, 3_600_000)

    def let_pass(self, ms: int, *, silent: Collection[str] = ()) -> None:
        """Time passes in which all beat but the `silent`."""
        let_pass(self.store, ms, silent=silent)
        self._passed += ms
        for name, node in self.model.nodes.items():
            if name not in silent and ms > 0:
                node.beat += ms
        self.look()

    def raised(self) -> None:
        """A bound was raised just now."""
        self._opened = True
        self.look()

    def judge(self) -> None:
        """The leader looks, grants nothing, and tells of what use the free room is."""
        snapshot = self.store.leader.snapshot()
        decision = plan(snapshot)
        assert not decision.grants, "what fits must be granted before free room is judged"
        marks = {layer.id: layer.unjudged for layer in snapshot.layers if layer.unjudged}
        self.store.accounts.judge(decision.free, marks, snapshot.opened, leader=LEADER)
        self._unjudged, self._opened = set(), False
        self._heard |= {node.name for node in snapshot.nodes}
        told = {room.node: room.use for room in decision.free}
        self.look(told)

    def look(self, judged: Any = None) -> None:
        """Tell the model of all that is another way than at the last look."""
        instants = {(what, name): rest for what, name, *rest in self._instants()}
        for node in self.store.nodes.list():
            at, since = (one + self._passed for one in instants["node", node.name])
            self._node(node, at, since)
            if judged and node.name in judged:
                self.model.run(node.name, at)
                sides, use = self.model.nodes[node.name].sides, judged[node.name]
                sides["cores"].usable = int(use.cores * CORE_PARTS)
                sides["cores"].stranded = int(use.stranded_cores * CORE_PARTS)
                sides["gpus"].usable = use.gpus
        self._wishes()
        for (what, name), (at, *_) in instants.items():
            if what == "demand":
                kind, pool = name.split(" ")
                flags = self._flags(kind, pool)
                self.model.wait(kind, pool, at + self._passed, flags)

    def agree(self) -> tuple[dict[str, int], int]:
        """The store's figures are the model's, to the ms.

        Returns the farm's sums of cores, and how many ms went by that nobody let pass.
        """
        accounts, model = self.store.accounts.read(), deepcopy(self.model)
        for node in accounts.nodes:
            model.run(node.name, accounts.at_ms + self._passed)
            for kind, account in (("cores", node.cores), ("gpus", node.gpus)):
                counted = {state: getattr(account.spent, state) for state in STATES}
                assert counted == model.nodes[node.name].sides[kind].sums, f"{node.name}: {kind}"
        for pool, sums in model.past.items():
            here = [one for one in model.nodes.values() if one.pool == pool]
            for state in STATES:
                total = sums[state] + sum(one.sides["cores"].sums[state] for one in here)
                assert getattr(accounts.pools[pool].cores.spent, state) == total
        spent = accounts.farm().cores.spent
        sums = {state: int(getattr(spent, state)) for state in STATES}
        return sums, accounts.at_ms - self._began_ms

    def _instants(self) -> list[Any]:
        found: list[Any] = self.store.connection.client.eval(_INSTANTS, 0)
        return found

    def _node(self, node: Node, at: int, since: int) -> None:
        known = self.model.nodes.get(node.name)
        total, free = node.spec.resources, node.free
        amounts = {"cores": int(total.cores * CORE_PARTS), "gpus": total.gpus}
        busy = {
            "cores": int((total.cores - free.cores) * CORE_PARTS),
            "gpus": total.gpus - free.gpus,
        }
        mode = self._mode(node)
        beat = round(node.heartbeat_at * 1000) + self._passed
        if known and at != known.at:
            self.model.run(node.name, at)
        if known and (known.pool, {k: side.all for k, side in known.sides.items()}) != (
            node.spec.pool,
            amounts,
        ):
            self.model.retire(node.name)
            known = None
        if known is None:
            sides = {kind: Side(all=number) for kind, number in amounts.items()}
            known = RefNode(pool=node.spec.pool, at=since, beat=beat, mode="new", sides=sides)
            self.model.nodes[node.name] = known
        known.beat = beat
        for kind, side in known.sides.items():
            side.rebook(busy[kind])
        if mode != known.mode and mode == "open":
            known.open()
        known.mode = mode

    def _mode(self, node: Node) -> str:
        if node.state == "offline":
            return "offline"
        muted = self.store.connection.client.hget(keys.node(node.name), "mute_until_ms")
        quiet = muted and node.name not in self._heard
        shut = node.state != "online" or node.closed or node.health.unfit or quiet
        return "closed" if shut else "open"

    def _wishes(self) -> None:
        """Which layers wait, and which of them want slots that nobody has judged."""
        wanting: dict[str, int] = {}
        for job in self._jobs():
            for layer in job.layers if job.state is JobState.ACTIVE else ():
                if layer.counts.ready:
                    coming = self.store.connection.client.hget(keys.layer(layer.id), "unstarted")
                    wanting[layer.id] = layer.counts.ready - int(coming)
        news = {one for one, more in wanting.items() if more > 0 >= self._wanting.get(one, 0)}
        still = {one for one, more in wanting.items() if more > 0}
        self._unjudged = (self._unjudged | news) & still
        self._wanting = wanting

    def _jobs(self) -> list[Job]:
        return self.store.jobs.some([job.id for job in self.store.jobs.list()])

    def _flags(self, kind: str, pool: str) -> tuple[bool, bool]:
        specs = {
            layer.id: layer.spec
            for job in self._jobs()
            for layer in job.layers
            if layer.id in self._wanting
        }
        here = {
            one
            for one, spec in specs.items()
            if spec.pool in ("", pool) and (kind == "cores" or spec.resources.gpus)
        }
        return bool(here), bool(here) and (self._opened or bool(here & self._unjudged))

"""The store: Redis or Valkey, the only truth. Nothing else in Karst speaks to it.

Each change is one atomic step, one Lua file in lua/ and one typed method here.
"""

from farm.store import keys
from farm.store.accounts import AccountStore
from farm.store.audit import Breach, audit
from farm.store.bounds import GroupStore, LimitStore
from farm.store.connection import DISK_SECONDS, REPEATS, Connection, new_id
from farm.store.energy import EnergyStore
from farm.store.exemplars import ExemplarStore
from farm.store.facts import Fact, FactLog
from farm.store.faults import FaultStore
from farm.store.filters import FilterStore
from farm.store.history import HistoryStore
from farm.store.jobs import JobStore
from farm.store.leader import LeaderStore
from farm.store.leases import LeaseStore
from farm.store.nodes import NodeStore
from farm.store.productions import ProductionStore
from farm.store.running import RunningQuestions
from farm.store.standing import StandingQuestions
from farm.store.steering import Steering
from farm.store.tasks import TaskQuestions
from farm.store.tokens import TokenStore
from farm.store.usage import UsageStore
from farm.store.webhooks import WebhookStore

__all__ = ["Breach", "Fact", "Store"]


class Store:
    """All steps and questions, by subject, over one connection pool."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`; see `open`."""
        self.connection = connection
        self.jobs = JobStore(connection)
        self.tasks = TaskQuestions(connection, self.jobs)
        self.steering = Steering(connection, self.jobs)
        self.standing = StandingQuestions(connection)
        self.running = RunningQuestions(connection)
        self.nodes = NodeStore(connection)
        self.leases = LeaseStore(connection)
        self.leader = LeaderStore(connection)
        self.productions = ProductionStore(connection)
        self.limits = LimitStore(connection)
        self.groups = GroupStore(connection)
        self.filters = FilterStore(connection)
        self.facts = FactLog(connection)
        self.energy = EnergyStore(connection)
        self.faults = FaultStore(connection)
        self.accounts = AccountStore(connection)
        self.history = HistoryStore(connection, self.accounts)
        self.tokens = TokenStore(connection)
        self.webhooks = WebhookStore(connection)
        self.usage = UsageStore(connection)
        self.exemplars = ExemplarStore(connection)

    @classmethod
    def open(cls, url: str, *, timeout_seconds: float = 10.0, repeats: int = REPEATS) -> "Store":
        """Connect, check that the server is fit, and bring the steps.

        An answer may take `timeout_seconds`, and one that was lost is asked for `repeats` times
        again.

        Raises StoreUnavailable, StoreUnfit.
        """
        connection = Connection(url, timeout_seconds=timeout_seconds, repeats=repeats)
        connection.check_server()
        connection.load_steps()
        return cls(connection)

    def ping(self) -> None:
        """Raise StoreUnavailable when the store does not answer."""
        with self.connection.guard():
            self.connection.client.ping()

    def run_id(self) -> str:
        """Changes whenever the server process does: a restarted one may have gone back in time."""
        with self.connection.guard():
            return str(self.connection.client.info("server")["run_id"])

    def wait_durable(self, timeout_seconds: float = DISK_SECONDS) -> bool:
        """Wait until all that this client wrote is on disk; False when not in time, or no AOF.

        Raises StoreUnavailable when the store takes no writes.
        """
        # WAITAOF speaks of its own connection's writes. The log is one sequence, so when this small
        # write is on disk, every earlier one is, whichever connection it came by.
        with self.connection.guard():
            pipeline = self.connection.patient.pipeline(transaction=False)
            pipeline.set(keys.DURABLE, new_id())
            pipeline.execute_command("WAITAOF", 1, 0, int(timeout_seconds * 1000))
            written, synced = pipeline.execute(raise_on_error=False)
            if isinstance(written, Exception):
                raise written
        # The only refusal there is: this store has no AOF.
        return not isinstance(synced, Exception) and bool(synced[0])

    def audit(self) -> list[Breach]:
        """Recompute every derived figure; list each that does not agree with its source."""
        return audit(self.connection)

    def close(self) -> None:
        """Close all connections."""
        self.connection.close()

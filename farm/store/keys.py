"""The names of all keys, as lua/_keys.lua has them."""

from farm.store.functions import HASH_TAG

JOBS = f"{HASH_TAG}:jobs"
OPEN_JOBS = f"{HASH_TAG}:jobs:open"
PRODUCTIONS = f"{HASH_TAG}:productions"
NODES = f"{HASH_TAG}:nodes"
ALIVE = f"{HASH_TAG}:nodes:alive"
LEASES = f"{HASH_TAG}:leases"
UNSTARTED = f"{HASH_TAG}:leases:unstarted"
FACTS = f"{HASH_TAG}:facts"
STARTING = f"{HASH_TAG}:jobs:starting"
NODE_LINES = f"{HASH_TAG}:nodes:lines"
LAYER_LINES = f"{HASH_TAG}:layers:lines"
JOB_LINES = f"{HASH_TAG}:jobs:lines"
POOLS = f"{HASH_TAG}:pools"  # SET of pools that nodes were ever in
LIMITS = f"{HASH_TAG}:limits"
SCHEDULES = f"{HASH_TAG}:nodes:schedules"  # HASH node name -> the hours it keeps
FORGOTTEN = f"{HASH_TAG}:nodes:forgotten"  # HASH, see lua/_forgetting.lua
QUARANTINED = f"{HASH_TAG}:nodes:quarantined"  # ZSET node name -> when to try it again, ms
ENERGY = f"{HASH_TAG}:energy"  # HASH, see lua/_energy.lua
COUNTERS = f"{HASH_TAG}:counters"
PLAN = f"{HASH_TAG}:plan"
WAKE = f"{HASH_TAG}:wake"
LEADER = f"{HASH_TAG}:leader"
DURABLE = f"{HASH_TAG}:durable"
HISTORY = f"{HASH_TAG}:history"  # STREAM, bounded; see farm/store/history.py
FILTERS = f"{HASH_TAG}:filters"  # HASH name -> JSON; the step filter.lua writes its name out
# No step needs these.
TOKENS = f"{HASH_TAG}:tokens"  # HASH token id -> JSON
TOKENS_EVER = f"{HASH_TAG}:tokens:ever"  # STRING, there once any token was made
# The steps hooks_*.lua need these, and write their names out.
WEBHOOKS = f"{HASH_TAG}:webhooks"  # HASH webhook id -> JSON
WEBHOOKS_PLACE = f"{HASH_TAG}:webhooks:place"  # STRING id of the last fact looked at
WEBHOOKS_LEADER = f"{HASH_TAG}:webhooks:leader"  # STRING token of the delivering service
#: Of one webhook: HASH delivery id -> JSON, ZSET of those to try -> ms, LIST oldest first.
WEBHOOK_PARTS = ("deliveries", "due", "order")


def job(job_id: str, part: str = "") -> str:
    """The job's hash, or its part "blamed", "blocked", "failed_on"."""
    return f"{HASH_TAG}:job:{job_id}" + (f":{part}" if part else "")


def layer(layer_id: str, part: str = "") -> str:
    """The layer's hash, or a part: states, records, images, returned, avoid, stories, leases."""
    return f"{HASH_TAG}:layer:{layer_id}" + (f":{part}" if part else "")


def node(name: str, part: str = "") -> str:
    """The node's hash, or its part "leases", "nudge", "faults"."""
    return f"{HASH_TAG}:node:{name}" + (f":{part}" if part else "")


def lease(lease_id: str) -> str:
    return f"{HASH_TAG}:lease:{lease_id}"


def production(name: str, part: str = "") -> str:
    """The production's hash, or its part "waiting", "pools", "leases", "groups"."""
    return f"{HASH_TAG}:production:{name}" + (f":{part}" if part else "")


def group(path: str) -> str:
    """The hash of the group called `path`, "<production>/<group>"."""
    return f"{HASH_TAG}:group:{path}"


def limit(name: str) -> str:
    return f"{HASH_TAG}:limit:{name}"


def webhook(hook_id: str, part: str) -> str:
    """A part of the webhook's deliveries, see WEBHOOK_PARTS."""
    return f"{HASH_TAG}:webhook:{hook_id}:{part}"


def request(key: str) -> str:
    """What the request with `key` was answered."""
    return f"{HASH_TAG}:request:{key}"


def usage(day: int) -> str:
    """HASH "<production> <owner> <pool> <how>" -> core time of the day with this number."""
    return f"{HASH_TAG}:usage:{day}"


def usage_packed(day: int) -> str:
    """The same, packed: see farm/store/usage_days.py."""
    return f"{usage(day)}:packed"


def counters(production: str, pool: str) -> str:
    """What is counted of a production in a pool, see farm/store/counters.py."""
    return f"{HASH_TAG}:production:{production}:counters:{pool}"

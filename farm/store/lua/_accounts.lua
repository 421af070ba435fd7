-- The accounts of nodes as the steps keep them: whatever changes a booking or what a node may do
-- calls here, in the same step.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
function accounts.load(name)
  local f = redis.call('HMGET', account_key(name), 'pool', 'counted')
  return f[1] and {pool = f[1], struct.unpack(FORMAT, f[2])}
end

function accounts.save(name, t)
  redis.call('HSET', account_key(name), 'pool', t.pool,
    'counted', struct.pack(FORMAT, unpack(t, 1, SIZE)))
end

-- As what free room is counted, for a decision: usable and stranded quarters of cores, usable GPUs,
-- 1 when the node is open.
function accounts.seen(name)
  local t = accounts.load(name)
  if not t then return '' end
  return table.concat({t[CORES + USABLE], t[CORES + STRANDED], t[GPUS + USABLE], t[MODE]}, ' ')
end

-- The account as of now; nil for a node that was never registered.
local function up_to_now(name)
  local t = accounts.load(name) or accounts.begin(name)
  if not t then return nil end
  local beat = redis.call('HGET', node_key(name), 'heartbeat_ms')
  accounts.bring(t, now_ms(), tonumber(beat))
  return t
end

-- Before a node reports again, or registers: what comes is another matter.
function accounts.count(name)
  local t = up_to_now(name)
  if t then accounts.save(name, t) end
end

-- Room that is given back is taken to be of use until the leader has looked; what is granted takes
-- of that first.
local function rebook(t, b, amount)
  t[b + BUSY] = t[b + BUSY] + amount
  t[b + USABLE] = math.max(0, t[b + USABLE] - amount)
  t[b + STRANDED] = math.min(t[b + STRANDED], t[b + ALL] - t[b + BUSY] - t[b + USABLE])
end

function accounts.book(lease, sign)
  local t = up_to_now(lease.node)
  rebook(t, CORES, sign * accounts.PARTS * lease.cores)
  rebook(t, GPUS, sign * lease.gpus)
  accounts.save(lease.node, t)
end

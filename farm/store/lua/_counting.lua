-- Whatever changes a booking, or that a node is heard of, brings its account up to now here, in the
-- same step.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
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
  if t then accounts.bring(t, name, now_ms()) end
  return t
end

-- Before a node reports again, at `beat`, or registers: what comes is another matter.
function accounts.count(name, beat)
  local t = up_to_now(name)
  if not t then return end
  t[BEAT] = beat or t[BEAT]
  accounts.save(name, t)
end

-- Room that is given back is taken to be of use until the leader has looked; what is granted takes
-- of that first.
local function rebook(t, b, amount)
  local busy, usable = t[b + BUSY] + amount, t[b + USABLE] - amount
  if usable < 0 then usable = 0 end
  local rest = t[b + ALL] - busy - usable
  t[b + BUSY], t[b + USABLE] = busy, usable
  if t[b + STRANDED] > rest then t[b + STRANDED] = rest end
end

function accounts.book(lease, sign, now)
  local name = lease.node
  local t = accounts.peek(name, lease.pool) or accounts.begin(name)
  accounts.bring(t, name, now or now_ms())
  rebook(t, CORES, sign * accounts.PARTS * lease.cores)
  if lease.gpus ~= '0' then rebook(t, GPUS, sign * lease.gpus) end
  accounts.save(name, t)
end

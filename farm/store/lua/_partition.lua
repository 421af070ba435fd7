-- Where the time of a node goes: each of its cores, and each GPU, is at every moment exactly one of
-- busy, starved, idle, draining, offline. An account is a row of integers in one string: quarters of
-- a core (or GPUs) times ms. It is brought up to now by all that changes what is in force.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local accounts, demand = {}, {}
accounts.ALIVE_MS = 4000 -- silent for longer, a node is offline, from this long after its last beat
accounts.PARTS = 4       -- of a core: CORE_PARTS of farm/model/resources.py
accounts.CLOSED, accounts.OPEN, accounts.OFFLINE = 0, 1, 2

-- Counted up to, ms; the era's begin, ms; by how much the clock was set back in it, ms; mode; a beat
-- that is known of, ms. Then a block of cores and, where there are any, one of GPUs: what is in force
-- (all; booked; free and usable; free and stranded; the integrals of _demand.lua up to which it is
-- counted), and the sums.
local AT, SINCE, BACK, MODE, BEAT, CORES, GPUS = 1, 2, 3, 4, 5, 5, 17
local ALL, BUSY, USABLE, STRANDED, W, U, SUMS, BLOCK = 1, 2, 3, 4, 5, 6, 6, 12
local KINDS = {[CORES] = 'cores', [GPUS] = 'gpus'}
accounts.sums = {'busy', 'starved', 'idle', 'draining', 'offline', 'stranded'} -- the last is idle

-- `w` ms of the `alive` ones something waited for the pool, `u` of these were not judged yet.
local function accrue(t, b, alive, silent, w, u)
  local all, sums = t[b + ALL], b + SUMS
  local free = all - t[b + BUSY]
  t[sums + 1] = t[sums + 1] + t[b + BUSY] * alive
  if silent > 0 then t[sums + 5] = t[sums + 5] + all * silent end
  if t[MODE] ~= accounts.OPEN then
    t[sums + 4] = t[sums + 4] + free * alive
    return
  end
  if w > alive then w = alive elseif w < 0 then w = 0 end
  if u > w then u = w elseif u < 0 then u = 0 end
  local starved = t[b + USABLE] * (w - u) + free * u
  t[sums + 2] = t[sums + 2] + starved
  t[sums + 3] = t[sums + 3] + free * alive - starved
  t[sums + 6] = t[sums + 6] + t[b + STRANDED] * (w - u)
end

local function bring_block(t, b, kind, now, alive, silent)
  local w, u, waits, unjudged = demand.seen(kind, t.pool, now, t[kind])
  accrue(t, b, alive, silent, w - waits * silent - t[b + W], u - unjudged * silent - t[b + U])
  t[b + W], t[b + U] = w, u
end

-- Bring the account `t` of a node up to `now`. Nothing that counts has changed since the node fell
-- silent, if it did: else _demand.lua would have brought it up to then.
function accounts.bring(t, name, now)
  local step, alive = now - t[AT], 0
  if step < 0 then t[BACK], step = t[BACK] - step, 0 end
  if t[MODE] ~= accounts.OFFLINE then
    if now > t[BEAT] + accounts.ALIVE_MS then -- it may have reported since
      t[BEAT] = tonumber(redis.call('HGET', node_key(name), 'heartbeat_ms'))
    end
    alive = t[BEAT] + accounts.ALIVE_MS - t[AT]
    if alive > step then alive = step elseif alive < 0 then alive = 0 end
  end
  bring_block(t, CORES, 'cores', now, alive, step - alive)
  if t.size ~= CORES + BLOCK then bring_block(t, GPUS, 'gpus', now, alive, step - alive) end
  t[AT] = now
end

-- Where the time of a node goes: each of its cores, and each GPU, is at every moment exactly one of
-- busy, starved, idle, draining, offline. An account is a row of integers in one string: quarters of
-- a core (or GPUs) times ms. It is brought up to now by all that changes what is in force.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local accounts, demand = {}, {}
accounts.ALIVE_MS = 4000 -- silent for longer, a node is offline, from this long after its last beat
accounts.PARTS = 4       -- of a core: CORE_PARTS of farm/model/resources.py
accounts.CLOSED, accounts.OPEN, accounts.OFFLINE = 0, 1, 2

-- Counted up to, ms; the era's begin, ms; by how much the clock was set back in it, ms; mode. Then
-- two blocks, of cores and of GPUs, each of what is in force (all; booked; free and usable; free and
-- stranded; the integrals of _demand.lua up to which it is counted) and of the sums.
local AT, SINCE, BACK, MODE, CORES, GPUS, SIZE = 1, 2, 3, 4, 4, 16, 28
local ALL, BUSY, USABLE, STRANDED, W, U, SUMS = 1, 2, 3, 4, 5, 6, 6
local ONE = 'i8i8i8i8' -- of 4, a block has 3
local FORMAT = '<' .. ONE .. ONE .. ONE .. ONE .. ONE .. ONE .. ONE
accounts.sums = {'busy', 'starved', 'idle', 'draining', 'offline', 'stranded'} -- the last is idle

local KINDS = {[CORES] = 'cores', [GPUS] = 'gpus'}

local function add_to(t, b, sum, amount) t[b + SUMS + sum] = t[b + SUMS + sum] + amount end

-- `w` ms of the `alive` ones something waited for the pool, `u` of these were not judged yet.
local function accrue(t, b, alive, silent, w, u)
  local all, busy = t[b + ALL], t[b + BUSY]
  local free = all - busy
  add_to(t, b, 1, busy * alive)
  add_to(t, b, 5, all * silent)
  if t[MODE] ~= accounts.OPEN then return add_to(t, b, 4, free * alive) end
  w = math.max(0, math.min(w, alive))
  u = math.max(0, math.min(u, w))
  local starved = t[b + USABLE] * (w - u) + free * u
  add_to(t, b, 2, starved)
  add_to(t, b, 3, free * alive - starved)
  add_to(t, b, 6, t[b + STRANDED] * (w - u))
end

-- Bring `t` up to `now`; its node last reported at `beat`. Nothing that counts has changed since it
-- fell silent, if it did: else _demand.lua would have brought it up to then.
function accounts.bring(t, now, beat)
  local step, alive = now - t[AT], 0
  if step < 0 then t[BACK], step = t[BACK] - step, 0 end
  if t[MODE] ~= accounts.OFFLINE then
    alive = math.max(0, math.min(step, beat + accounts.ALIVE_MS - t[AT]))
  end
  for b, kind in pairs(KINDS) do
    if t[b + ALL] > 0 then
      local w, u, waits, unjudged = demand.seen(kind, t.pool, now)
      accrue(t, b, alive, step - alive, w - waits * (step - alive) - t[b + W],
        u - unjudged * (step - alive) - t[b + U])
      t[b + W], t[b + U] = w, u
    end
  end
  t[AT] = now
end

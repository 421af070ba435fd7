-- An era of a node is the time in which it has the same pool, cores and GPUs. When it comes back with
-- others, what it did is kept with the pool that had it.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local SEEN = {'pool', 'cores', 'gpus', 'free_cores', 'free_gpus', 'heartbeat_ms'}

local function fill(t, b, all, free)
  t[b + ALL], t[b + BUSY], t[b + USABLE], t[b + STRANDED] = all, all - free, free, 0
end

-- A new account, from `at` on; nil without such a node.
function accounts.begin(name, at)
  local f = redis.call('HMGET', node_key(name), unpack(SEEN))
  if not f[1] then return nil end
  local t, now = {pool = f[1]}, now_ms()
  for i = 1, GPUS + BLOCK do t[i] = 0 end
  fill(t, CORES, accounts.PARTS * f[2], accounts.PARTS * f[4])
  fill(t, GPUS, tonumber(f[3]), tonumber(f[5]))
  t.size = t[GPUS + ALL] > 0 and GPUS + BLOCK or CORES + BLOCK
  demand.add_pool(t.pool)
  t[AT], t[SINCE], t[MODE], t[BEAT] = at or now, at or now, accounts.OFFLINE, tonumber(f[6])
  accounts.bring(t, name, t[AT]) -- from where the integrals of its pool are
  return t
end

-- Add an era to what is kept of its pool, by the cores of the node: so its share of a node's time is
-- exact as well.
local function fold(t)
  local key, time = past_key(t.pool), t[AT] - t[SINCE] + t[BACK]
  for b, mark in pairs({[CORES] = 'cores:' .. t[CORES + ALL] .. ':', [GPUS] = 'gpus:1:'}) do
    for i, name in ipairs(accounts.sums) do
      if t[b + SUMS + i] > 0 then redis.call('HINCRBY', key, mark .. name, t[b + SUMS + i]) end
    end
    if t[b + ALL] > 0 then redis.call('HINCRBY', key, mark .. 'configured', t[b + ALL] * time) end
  end
end

-- A node has registered: its hash is written, its account was brought up to now before.
function accounts.register(name)
  local t = accounts.load(name)
  local new = accounts.begin(name, t and t[AT])
  if t and t.pool == new.pool and t[CORES + ALL] == new[CORES + ALL]
    and t[GPUS + ALL] == new[GPUS + ALL] then t[BEAT], new = new[BEAT], t
  elseif t then fold(t) end
  accounts.save(name, new)
end

-- A node is struck off: all that it did is kept with its pool.
function accounts.forget(name)
  accounts.count(name)
  fold(accounts.load(name))
  redis.call('HDEL', ACCOUNTS, 'node ' .. name)
end

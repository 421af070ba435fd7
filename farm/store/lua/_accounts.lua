-- The accounts of nodes as they lie in the store: one string each, a number of 8 bytes after the
-- other, then the pool.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local ONE = 'i8i8i8i8'
local PLAIN = '<' .. ONE .. ONE .. ONE .. ONE .. 'i8' -- 17 numbers
local WITH_GPUS = PLAIN .. ONE .. ONE .. ONE          -- 29
local SHORT, LONG = CORES + BLOCK, GPUS + BLOCK

-- Made at one go, since a table that grows costs more than all the rest.
local function parse(packed, integral)
  local size = string.byte(packed)
  local pool = string.sub(packed, 2 + 8 * size)
  return {pool = pool, cores = integral, size = size,
    struct.unpack(size == SHORT and PLAIN or WITH_GPUS, packed, 2)}
end

-- The account of a node.
function accounts.load(name)
  local packed = redis.call('HGET', ACCOUNTS, 'node ' .. name)
  if not packed then return nil end
  local t = parse(packed)
  for i = t.size + 1, LONG do t[i] = 0 end
  return t
end

-- The account of a node that is in `pool`, for a booking: read with the integral of its cores, and
-- without a block of GPUs if it has none.
function accounts.peek(name, pool)
  local f = redis.call('HMGET', ACCOUNTS, 'node ' .. name, 'cores ' .. pool)
  return f[1] and parse(f[1], f[2])
end

function accounts.save(name, t)
  local size = t.size == LONG and LONG or SHORT
  redis.call('HSET', ACCOUNTS, 'node ' .. name, string.char(size)
    .. struct.pack(size == SHORT and PLAIN or WITH_GPUS, unpack(t, 1, size)) .. t.pool)
end

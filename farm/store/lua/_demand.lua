-- Who waits for each pool, as the accounts of nodes need it: two integrals per pool and kind, cores
-- and GPUs, in ms. W grows while layers wait that may use the pool; U, inside of W, while there is
-- one among them, or a raised bound, that no leader has judged yet. What is of pool "" waits for all.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- They lie with the accounts, "<kind> <pool>": at ms, W, U, does W grow, does U.
-- HASH "<kind> <pool>" -> layers that wait, "new <kind> <pool>" -> those of them not judged yet,
-- "opened" -> mark of a change of bounds not judged yet, "mark" -> the last mark
demand.counts = ROOT .. 'demand:layers'
local INTEGRAL = '<i8i8i8BB'

-- The integrals at `now`, and by how much each grows in a ms.
function demand.seen(kind, pool, now, packed)
  packed = packed or redis.call('HGET', ACCOUNTS, kind .. ' ' .. pool)
  local at, w, u, waits, unjudged = struct.unpack(INTEGRAL, packed)
  local step = now > at and now - at or 0
  return w + waits * step, u + unjudged * step, waits, unjudged
end

local function growing(kind, pool)
  local own, any = kind .. ' ' .. pool, kind .. ' '
  local f = redis.call('HMGET', demand.counts, own, any, 'new ' .. own, 'new ' .. any, 'opened')
  local waits = tonumber(f[1] or 0) > 0 or tonumber(f[2] or 0) > 0
  local unjudged = waits and (f[5] or tonumber(f[3] or 0) > 0 or tonumber(f[4] or 0) > 0)
  return waits and 1 or 0, unjudged and 1 or 0
end

function demand.add_pool(pool)
  redis.call('SADD', POOLS, pool)
  for _, kind in ipairs({'cores', 'gpus'}) do
    redis.call('HSETNX', ACCOUNTS, kind .. ' ' .. pool,
      struct.pack(INTEGRAL, now_ms(), 0, 0, growing(kind, pool)))
  end
end

-- Nodes that have fallen silent are counted first, by what held until then.
local function count_silent(now)
  local silent = redis.call('ZRANGEBYSCORE', ALIVE, '-inf', now - accounts.ALIVE_MS)
  for _, name in ipairs(silent) do accounts.count(name) end
end

-- Let the integrals of `kind` grow as they now should: of `pool`, or of all when it is "". `always`:
-- also those that grow as they did, since the clock was set back.
function demand.follow(kind, pool, always)
  local now, pools = now_ms(), pool == '' and redis.call('SMEMBERS', POOLS) or {pool}
  for _, one in ipairs(pools) do
    if redis.call('HEXISTS', ACCOUNTS, kind .. ' ' .. one) == 1 then
      local w, u, waits, unjudged = demand.seen(kind, one, now)
      local waits_now, unjudged_now = growing(kind, one)
      if always or waits ~= waits_now or unjudged ~= unjudged_now then
        count_silent(now)
        redis.call('HSET', ACCOUNTS, kind .. ' ' .. one,
          struct.pack(INTEGRAL, now, w, u, waits_now, unjudged_now))
      end
    end
  end
end

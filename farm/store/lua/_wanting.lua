-- Layers that begin to wait for slots, ask anew, and wait no more, as _demand.lua counts them.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function kinds(gpus) return tonumber(gpus or 0) > 0 and {'cores', 'gpus'} or {'cores'} end

local function shift(pool, gpus, waiting, unjudged)
  for _, kind in ipairs(kinds(gpus)) do
    local name, flips = kind .. ' ' .. (pool or ''), false
    for field, change in pairs({[name] = waiting, ['new ' .. name] = unjudged}) do
      local count = change ~= 0 and redis.call('HINCRBY', demand.counts, field, change)
      if count == 0 or (count == 1 and change > 0) then flips = true end
    end
    if flips then demand.follow(kind, pool or '') end
  end
end

local function mark(layer_id)
  local new = redis.call('HINCRBY', demand.counts, 'mark', 1)
  redis.call('HSET', layer_key(layer_id), 'unjudged', new)
  touch_layer(layer_id)
end

function demand.begins(layer_id)
  local f = redis.call('HMGET', layer_key(layer_id), 'pool', 'gpus', 'ready', 'unstarted')
  local wants = tonumber(f[3]) > tonumber(f[4] or 0) -- more than is on its way to it
  if wants then mark(layer_id) end
  shift(f[1], f[2], 1, wants and 1 or 0)
end

function demand.ends(layer_id)
  local f = redis.call('HMGET', layer_key(layer_id), 'pool', 'gpus')
  local judged = redis.call('HDEL', layer_key(layer_id), 'unjudged') == 0
  touch_layer(layer_id)
  shift(f[1], f[2], -1, judged and 0 or -1)
end

-- A layer wants slots, more than are on their way to it, and has begun to just now.
local function asks(layer_id, production)
  if not redis.call('ZSCORE', waiting_key(production), layer_id) then return end
  local f = redis.call('HMGET', layer_key(layer_id), 'pool', 'gpus', 'unjudged')
  mark(layer_id)
  if not f[3] then shift(f[1], f[2], 0, 1) end
end

-- The leader has judged what a layer wants, as of `seen`; or, without that, there is nothing to judge.
function demand.judged(layer_id, seen)
  local f = redis.call('HMGET', layer_key(layer_id), 'pool', 'gpus', 'unjudged')
  if not f[3] or (seen and f[3] ~= seen) then return end
  redis.call('HDEL', layer_key(layer_id), 'unjudged')
  touch_layer(layer_id)
  shift(f[1], f[2], 0, -1)
end

-- A layer wanted `before` slots more than were on their way to it, and wants `after` now.
function demand.changes(layer_id, production, before, after)
  if before <= 0 and after > 0 then asks(layer_id, production) end
  if before > 0 and after <= 0 then demand.judged(layer_id) end
end

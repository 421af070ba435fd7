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
  local f = redis.call('HMGET', layer_key(layer_id), 'pool', 'gpus')
  mark(layer_id)
  shift(f[1], f[2], 1, 1)
end

function demand.ends(layer_id)
  local f = redis.call('HMGET', layer_key(layer_id), 'pool', 'gpus')
  local judged = redis.call('HDEL', layer_key(layer_id), 'unjudged') == 0
  touch_layer(layer_id)
  shift(f[1], f[2], -1, judged and 0 or -1)
end

-- More of a layer is ready: that is news if no task of it waited for a slot, which `before` tells.
function demand.grows(layer, before)
  local f = redis.call('HMGET', layer.key, 'pool', 'gpus', 'unstarted', 'unjudged')
  if before <= 0 or before > tonumber(f[3]) then return end
  if not redis.call('ZSCORE', waiting_key(layer.production), layer.id) then return end
  mark(layer.id)
  if not f[4] then shift(f[1], f[2], 0, 1) end
end

-- The leader has judged what a layer wants, as of `seen`.
function demand.judged(layer_id, seen)
  local f = redis.call('HMGET', layer_key(layer_id), 'pool', 'gpus', 'unjudged')
  if f[3] ~= seen then return end
  redis.call('HDEL', layer_key(layer_id), 'unjudged')
  touch_layer(layer_id)
  shift(f[1], f[2], 0, -1)
end

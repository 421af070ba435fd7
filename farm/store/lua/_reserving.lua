-- Nodes that are cleared for one layer: what is wide gets a whole one at last.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local RESERVE_MS = 600000 -- then others may have the node again, whatever became of it

local function reserve(node, layer)
  redis.call('HSET', node_key(node), 'reserved_for', layer, 'reserved_until_ms',
    string.format('%.0f', now_ms() + RESERVE_MS))
  redis.call('SADD', RESERVED, node)
  fact('node_reserved', 'node', node, 'layer', layer)
end

local function clear_reservation(node)
  redis.call('HDEL', node_key(node), 'reserved_for', 'reserved_until_ms')
  redis.call('SREM', RESERVED, node)
end

-- Does this reservation still hold? Not when its time is over, nor when its layer has no work left
-- that no lease is on its way to.
local function reservation(layer, until_ms, at)
  if not layer or layer == '' or tonumber(until_ms or 0) <= at then return '' end
  local f = redis.call('HMGET', layer_key(layer), 'production', 'ready', 'unstarted')
  if not f[1] or tonumber(f[2]) <= tonumber(f[3]) then return '' end
  return redis.call('ZSCORE', waiting_key(f[1]), layer) and layer or ''
end

local function reserved_for_another(reserved, until_ms, layer, at)
  if not reserved or reserved == layer then return false end
  return reservation(reserved, until_ms, at) ~= ''
end

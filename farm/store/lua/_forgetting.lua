-- Nodes that are gone for good. What must not begin anew, should one come back, is kept: the number
-- that records of frames have for it, its epoch, which fences its old workers off, and how far its
-- meter has been counted.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local forgotten = {}
forgotten.kept = ROOT .. 'nodes:forgotten' -- HASH node name -> "ordinal epoch[ meter millijoules]"
forgotten.hours = ROOT .. 'nodes:schedules' -- as note.lua has it

-- The sums of energy stay those of all nodes that ever were.
local function forget_energy(name)
  for _, suffix in ipairs({'', '/model'}) do
    local used = redis.call('HGET', ENERGY, 'node/' .. name .. suffix)
    if used then redis.call('HINCRBY', ENERGY, 'forgotten/nodes' .. suffix, used) end
    redis.call('HDEL', ENERGY, 'node/' .. name .. suffix)
  end
end

local function forget_faults(name)
  redis.call('DEL', faults.node_key(name))
  redis.call('SREM', faults.news_of_nodes, name)
  redis.call('ZREM', faults.quarantined, name)
end

-- Strike off a node that is offline and holds nothing.
function forgotten.strike(name)
  local key = node_key(name)
  local f = redis.call('HMGET', key, 'ordinal', 'epoch', 'meter', 'metered_mj')
  redis.call('HSET', forgotten.kept, name,
    table.concat({f[1], f[2], f[3] or nil, f[3] and f[4] or nil}, ' '))
  accounts.forget(name)
  forget_energy(name)
  forget_faults(name)
  clear_reservation(name)
  touch_node(name)
  redis.call('HDEL', NODES, name)
  redis.call('HDEL', forgotten.hours, name)
  redis.call('DEL', key, node_nudge_key(name))
end

-- A node registers: give it the number it had, or a new one.
function forgotten.recall(name)
  if redis.call('HEXISTS', NODES, name) == 1 then return end
  local kept = redis.call('HGET', forgotten.kept, name)
  if kept then
    local ordinal, epoch, meter, count = string.match(kept, '^(%d+) (%d+) ?(%S*) ?(%d*)$')
    redis.call('HSET', NODES, name, ordinal)
    redis.call('HSET', node_key(name), 'ordinal', ordinal, 'epoch', epoch)
    if meter ~= '' then redis.call('HSET', node_key(name), 'meter', meter, 'metered_mj', count) end
    redis.call('HDEL', forgotten.kept, name)
    return
  end
  local ordinal = redis.call('HLEN', NODES) + redis.call('HLEN', forgotten.kept) + 1
  redis.call('HSET', NODES, name, ordinal)
  redis.call('HSET', node_key(name), 'ordinal', ordinal)
end

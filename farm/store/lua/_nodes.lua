-- A node's moves, and the loss of all that it holds.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function release_all(node, why)
  for _, id in ipairs(redis.call('SMEMBERS', node_leases_key(node))) do
    lose_lease(open_lease(id), why)
  end
end

local function move_node(name, event)
  local before = redis.call('HGET', node_key(name), 'state') or 'offline'
  local after = NODE_MOVES[before] and NODE_MOVES[before][event]
  if not after then return nil end
  redis.call('HSET', node_key(name), 'state', after)
  touch_node(name)
  accounts.follow(name)
  if after == 'offline' then redis.call('ZREM', ALIVE, name) end
  fact('node_' .. after, 'node', name, 'event', event)
  wake()
  return after
end

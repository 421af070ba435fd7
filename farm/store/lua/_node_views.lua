-- What a decision needs to see of nodes: a line of words each, so that a farm of thousands is read
-- and told at once, and the room there is by pool.
-- KEYS: derived, see _keys.lua. Returns: helpers for snapshot.lua.
local NODE_SEEN = {'name', 'epoch', 'free_cores', 'free_memory_bytes', 'free_gpus', 'limits', 'warm',
  'view', 'state', 'unfit', 'mute_until_ms', 'reserved_for', 'reserved_until_ms', 'pool', 'cores',
  'memory_bytes', 'gpus', 'closed'}
local WORDS = '\31' -- between the words of a line; free text among them is JSON, which has none

local function takes_leases(node, at)
  return node[10] == '' and (node[18] or '') == '' and tonumber(node[11] or 0) < at
end

local function add_to_pool(pools, node)
  local pool = pools[node[14]]
  if not pool then
    pool = {0, 0, 0}
    pools[node[14]] = pool
  end
  for i = 1, 3 do pool[i] = pool[i] + tonumber(node[14 + i]) end
end

local function tell_pools(pools)
  local told = {}
  for name, pool in pairs(pools) do
    table.insert(told, table.concat({name, pool[1], string.format('%.0f', pool[2]), pool[3]}, WORDS))
  end
  return told
end

-- Returns the nodes that take leases, all that is online by pool, and how many cores are free.
local function nodes_online()
  local nodes, pools, free, at = {}, {}, 0, now_ms()
  for _, name in ipairs(redis.call('ZRANGE', ALIVE, 0, -1)) do
    local node = redis.call('HMGET', node_key(name), unpack(NODE_SEEN))
    if node[9] == 'online' then
      add_to_pool(pools, node)
      if takes_leases(node, at) then
        free = free + tonumber(node[3])
        table.insert(nodes, table.concat({node[1], node[2], node[3], node[4], node[5],
          reservation(node[12], node[13], at), node[6] or '', node[7], node[8]}, WORDS))
      end
    end
  end
  return nodes, tell_pools(pools), free
end

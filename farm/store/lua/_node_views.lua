-- What a decision needs to see of nodes, each an array in this order.
-- KEYS: derived, see _keys.lua. Returns: helpers for snapshot.lua.
local NODE = {'name', 'epoch', 'pool', 'cores', 'memory_bytes', 'gpus', 'free_cores',
  'free_memory_bytes', 'free_gpus', 'warm', 'state', 'unfit', 'mute_until_ms'}

local function read(key, fields) return redis.call('HMGET', key, unpack(fields)) end

local function takes_leases(node, at)
  return node[11] == 'online' and node[12] == '' and tonumber(node[13] or 0) < at
end

local function nodes_online()
  local nodes, at = {}, now_ms()
  for _, name in ipairs(redis.call('ZRANGE', ALIVE, 0, -1)) do
    local node = read(node_key(name), NODE)
    if takes_leases(node, at) then table.insert(nodes, node) end
  end
  return nodes
end


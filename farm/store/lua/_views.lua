-- What a decision needs to see of nodes and waiting layers, each as an array of fields in this order;
-- a layer has four more: priority, created ms, production, {nodes to avoid, per task}.
-- KEYS: derived, see _keys.lua. Returns: helpers for snapshot.lua.
local NODE = {'name', 'epoch', 'pool', 'cores', 'memory_bytes', 'gpus', 'free_cores',
  'free_memory_bytes', 'free_gpus', 'warm', 'state', 'unfit'}
local LAYER = {'id', 'job', 'ready', 'unstarted', 'cores', 'memory_bytes', 'gpus', 'pool', 'scene'}

local function read(key, fields) return redis.call('HMGET', key, unpack(fields)) end

local function nodes_online()
  local nodes = {}
  for _, name in ipairs(redis.call('ZRANGE', ALIVE, 0, -1)) do
    local node = read(node_key(name), NODE)
    if node[11] == 'online' and node[12] == '' then table.insert(nodes, node) end
  end
  return nodes
end

-- Of each ready task that should rather run elsewhere, the nodes it failed on.
local function avoided(id)
  local names, layer = {}, {states = states_key(id)}
  local all = redis.call('HGETALL', avoid_key(id))
  for i = 1, #all, 2 do
    if task_state(layer, all[i]) == 'ready' then table.insert(names, all[i + 1]) end
  end
  return names
end

local function waiting_layers(production, most, layers)
  local ids = redis.call('ZRANGE', waiting_key(production), 0, most - 1)
  for _, id in ipairs(ids) do
    local layer = read(layer_key(id), LAYER)
    local job = redis.call('HMGET', job_key(layer[2]), 'priority', 'created_ms')
    table.insert(layer, job[1])
    table.insert(layer, job[2])
    table.insert(layer, production)
    table.insert(layer, avoided(id))
    table.insert(layers, layer)
  end
  return #ids == most
end


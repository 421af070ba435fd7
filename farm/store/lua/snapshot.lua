-- The farm at one instant, for a decision: nodes that take leases, layers that wait, productions,
-- and all leases when they are asked for (only a recall needs to see them).
-- KEYS  1 {farm}
-- ARGV  1 most layers per production   2 "1" for the leases too
-- Returns {nodes, layers, productions, leases, 1 when layers were left out}, each an array of arrays
-- in the order of the fields below, then for a layer: priority, created ms, production, {nodes to
-- avoid, per task}; for a lease: id, priority.
local NODE = {'name', 'epoch', 'pool', 'cores', 'memory_bytes', 'gpus', 'free_cores',
  'free_memory_bytes', 'free_gpus', 'warm', 'state', 'unfit'}
local LAYER = {'id', 'job', 'ready', 'unstarted', 'cores', 'memory_bytes', 'gpus', 'pool', 'scene'}
local PRODUCTION = {'name', 'weight', 'cores', 'memory_bytes', 'gpus'}
local LEASE = {'node', 'layer', 'production', 'job', 'state', 'cores', 'memory_bytes', 'gpus'}

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

redis.register_function{function_name = 'farm_snapshot', flags = {'no-writes'},
  callback = function(keys, argv)
    local layers, productions, leases, more = {}, {}, {}, 0
    for _, name in ipairs(redis.call('SMEMBERS', PRODUCTIONS)) do
      table.insert(productions, read(production_key(name), PRODUCTION))
      if waiting_layers(name, tonumber(argv[1]), layers) then more = 1 end
    end
    if argv[2] == '1' then
      for _, id in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
        local lease = read(lease_key(id), LEASE)
        table.insert(lease, id)
        table.insert(lease, redis.call('HGET', job_key(lease[4]), 'priority'))
        table.insert(leases, lease)
      end
    end
    return {nodes_online(), layers, productions, leases, more}
  end}

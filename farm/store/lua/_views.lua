-- What a decision needs to see of waiting layers, each an array in this order and five more: priority,
-- created ms, production, {nodes to avoid, per task}, number of such tasks.
-- KEYS: derived, see _keys.lua. Returns: helpers for snapshot.lua.
local LAYER = {'id', 'job', 'ready', 'unstarted', 'cores', 'memory_bytes', 'gpus', 'pool', 'scene'}

-- Of each ready task that should rather run elsewhere, the nodes it failed on; of very many a sample,
-- since a pass cannot serve them all. Returns them, and how many there are.
local AVOIDED_SEEN = 256
local function avoided(id)
  local names, layer, key = {}, {states = states_key(id)}, avoid_key(id)
  local count = redis.call('HLEN', key)
  if count == 0 then return names, 0 end
  local all = redis.call('HRANDFIELD', key, AVOIDED_SEEN, 'WITHVALUES')
  for i = 1, #all, 2 do
    if task_state(layer, all[i]) == 'ready' then table.insert(names, all[i + 1])
    else count = count - 1 end
  end
  return names, count
end

-- nil when leases that are about to start will take all that is ready.
local function view_layer(id, production)
  local layer = read(layer_key(id), LAYER)
  if tonumber(layer[3]) <= tonumber(layer[4]) then return nil end
  local job = redis.call('HMGET', job_key(layer[2]), 'priority', 'created_ms')
  layer[10], layer[11], layer[12] = job[1], job[2], production
  layer[13], layer[14] = avoided(id)
  return layer
end

-- Add the first `most` layers of a production that want slots. Returns whether there may be more.
local function waiting_layers(production, most, layers)
  local at, found, ids = 0, 0, nil
  repeat
    ids = redis.call('ZRANGE', waiting_key(production), at, at + most - 1)
    for _, id in ipairs(ids) do
      local layer = view_layer(id, production)
      if layer then
        found = found + 1
        table.insert(layers, layer)
      end
      if found == most then return true end
    end
    at = at + #ids
  until #ids < most
  return false
end

-- No more layers can be served now than cores are free; a few more are looked at for recalls.
local function servable(nodes)
  local free = 8
  for _, node in ipairs(nodes) do free = free + tonumber(node[7]) end
  return free
end

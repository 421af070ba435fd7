-- What a decision needs to see of waiting layers: a line of words each, and of those with tasks that
-- should rather run elsewhere, the nodes to avoid.
-- KEYS: derived, see _keys.lua. Returns: helpers for snapshot.lua.
local LAYER_SEEN = {'id', 'job', 'production', 'ready', 'unstarted', 'served_ms', 'rendered',
  'render_ms', 'peak_kib', 'oom_kib', 'view'}
local JOB_SEEN = {'priority', 'created_ms', 'deadline_ms', 'least_tasks', 'held_tasks', 'group'}

-- Of each ready task that should rather run elsewhere, the nodes it failed on; of very many a sample,
-- since a pass cannot serve them all. Returns them, and how many there are.
local AVOIDED_SEEN = 256
local function avoided(id)
  local names, layer, key = {}, {states = states_key(id)}, avoid_key(id)
  local count = redis.call('HLEN', key)
  if count == 0 then return nil, 0 end
  local all = redis.call('HRANDFIELD', key, AVOIDED_SEEN, 'WITHVALUES')
  for i = 1, #all, 2 do
    if task_state(layer, all[i]) == 'ready' then table.insert(names, all[i + 1])
    else count = count - 1 end
  end
  return names, count
end

-- nil when leases that are about to start will take all that is ready.
local function view_layer(id, seen)
  local layer = redis.call('HMGET', layer_key(id), unpack(LAYER_SEEN))
  if tonumber(layer[4]) <= tonumber(layer[5]) then return nil end
  local job = redis.call('HMGET', job_key(layer[2]), unpack(JOB_SEEN))
  for i = 1, #JOB_SEEN do layer[#LAYER_SEEN + i] = job[i] or '' end
  local names, count = avoided(id)
  layer[#layer + 1] = count
  layer[#layer + 1] = faults.blocked_nodes(layer[2])
  layer[#layer + 1] = see_caps(seen, layer[2], layer[3], job[6] or '')
  for i = 1, #layer do layer[i] = layer[i] or '' end
  return names and {table.concat(layer, WORDS), names} or table.concat(layer, WORDS)
end

-- Add the first `most` layers of a production that want slots. Returns whether there may be more.
local function waiting_layers(production, most, layers, seen)
  local at, found, ids = 0, 0, nil
  repeat
    ids = redis.call('ZRANGE', waiting_key(production), at, at + most - 1)
    for _, id in ipairs(ids) do
      local layer = view_layer(id, seen)
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

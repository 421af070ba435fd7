-- Gathering what a snapshot shows.
-- KEYS: derived, see _keys.lua. Returns: helpers for snapshot.lua.
-- Add the first `most` layers of a production that want slots. Returns whether there may be more.
local function waiting_layers(production, most, found)
  local at, before, ids = 0, #found, nil
  repeat
    ids = redis.call('ZRANGE', waiting_key(production), at, at + most - 1)
    for _, line in ipairs(lines_of(LAYER_LINES, ids, layer_line)) do
      if wants(line) then table.insert(found, line) end
      if #found - before == most then return true end
    end
    at = at + #ids
  until #ids < most
  return false
end

-- The lines of the jobs of these layers, {job, line, …}.
local function job_lines(layer_lines)
  local ids, seen, told = {}, {}, {}
  for _, line in ipairs(layer_lines) do
    local job = job_of(line)
    if not seen[job] then table.insert(ids, job) end
    seen[job] = true
  end
  for i, line in ipairs(lines_of(JOB_LINES, ids, job_line)) do
    table.insert(told, ids[i])
    table.insert(told, line)
  end
  return told
end

-- Returns {{production, {lease, line, …}}, …} and the lines of the layers they serve.
local function held_leases(names)
  local told, ids, seen = {}, {}, {}
  for _, name in ipairs(names) do
    local leases = redis.call('HGETALL', held_key(name))
    if #leases > 0 then table.insert(told, {name, leases}) end
    for i = 2, #leases, 2 do
      local id = string.match(leases[i], '^%S+')
      if not seen[id] then table.insert(ids, id) end
      seen[id] = true
    end
  end
  return told, lines_of(LAYER_LINES, ids, layer_line)
end

-- Nodes that are being cleared for a layer, {node, layer, …}.
local function reservations(at)
  local told = {}
  for _, name in ipairs(redis.call('SMEMBERS', RESERVED)) do
    local f = redis.call('HMGET', node_key(name), 'reserved_for', 'reserved_until_ms')
    local layer = reservation(f[1], f[2], at)
    if layer ~= '' then
      table.insert(told, name)
      table.insert(told, layer)
    end
  end
  return told
end

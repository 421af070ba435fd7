-- The farm at one instant, for a decision: nodes that take leases, layers that wait, productions,
-- the bounds these count in, and the leases of productions that may have to give (only a recall needs
-- to see them).
-- KEYS  1 {farm}
-- ARGV  1 most layers per production, 0: few of each where many wait   2 "all": the leases of every
--       production, else ""   3… productions whose leases are to be told
-- Returns {nodes, layers, productions, leases, 1 when layers were left out, now ms, pools, caps}. A
-- node, pool or cap is a line of words; a layer too, or {line, {nodes to avoid, per task}}; a production
-- is {name, weight, its pools' hash}; leases are {{production, {lease, line, …}}, …}, {layer, line of
-- what counts for its leases, …}.
local LAYERS_AT_ONCE, FEWEST_LAYERS = 2048, 8

-- No more layers can be served now than there is room for; more than a pass can serve cost it time.
local function most_layers(asked, names, free)
  if asked ~= '0' then return tonumber(asked) end
  local waiting = 0
  for _, name in ipairs(names) do waiting = waiting + redis.call('EXISTS', waiting_key(name)) end
  local part = math.ceil(LAYERS_AT_ONCE / math.max(1, waiting))
  return math.max(FEWEST_LAYERS, math.min(math.ceil(4 * free) + FEWEST_LAYERS, part))
end

local function see_leases(names)
  local told, layers, seen = {}, {}, {}
  for _, name in ipairs(names) do
    local leases = redis.call('HGETALL', held_key(name))
    if #leases > 0 then table.insert(told, {name, leases}) end
    for i = 2, #leases, 2 do
      local id = string.match(leases[i], '^%S+ (%S+)')
      if not seen[id] then
        seen[id] = true
        local f = redis.call('HMGET', layer_key(id), 'job', 'rendered', 'render_ms')
        table.insert(layers, id)
        table.insert(layers, (redis.call('HGET', job_key(f[1]), 'priority')) .. ' '
          .. (f[2] or 0) .. ' ' .. (f[3] or 0))
      end
    end
  end
  return {told, layers}
end

redis.register_function{function_name = 'farm_snapshot', flags = {'no-writes'},
  callback = function(keys, argv)
    local nodes, pools, free = nodes_online()
    local names, seen = redis.call('SMEMBERS', PRODUCTIONS), {caps = {}, names = {}}
    local layers, productions, more, most = {}, {}, 0, most_layers(argv[1], names, free)
    see_limits(seen)
    for _, name in ipairs(names) do
      table.insert(productions, {name, redis.call('HGET', production_key(name), 'weight'),
        redis.call('HGETALL', pools_key(name))})
      if waiting_layers(name, most, layers, seen) then more = 1 end
    end
    local givers = argv[2] == 'all' and names or {unpack(argv, 3)}
    return {nodes, layers, productions, see_leases(givers), more, now_ms(), pools, caps_seen(seen)}
  end}

-- The farm at one instant, for a decision: nodes that report, layers that wait, productions, the
-- bounds these count in, and the leases of productions that may have to give (only a recall needs to
-- see them).
-- KEYS  1 {farm}
-- ARGV  1 most layers per production, 0: of all that wait as many as 2 says, a few of each at least
--       2 layers in all   3 "all": the leases of every production, else ""   4… productions whose
--       leases are to be told
-- Returns {nodes, layers, productions, leases, 1 when layers were left out, now ms, caps, jobs, layers
-- that leases serve, reservations, mark of raised bounds not judged yet or ""}. A node, layer or cap is a line (_views.lua, _bound_views.lua), a
-- production {name, weight, its pools' hash}; see _looking.lua for the others.
local FEWEST_LAYERS = 4

-- More than a pass can serve would cost it time.
local function most_layers(asked, in_all, names)
  if asked ~= '0' then return tonumber(asked) end
  local waiting = 0
  for _, name in ipairs(names) do waiting = waiting + redis.call('EXISTS', waiting_key(name)) end
  return math.max(FEWEST_LAYERS, math.ceil(in_all / math.max(1, waiting)))
end

local function join(first, second)
  local all = {}
  for _, one in ipairs(first) do table.insert(all, one) end
  for _, one in ipairs(second) do table.insert(all, one) end
  return all
end

redis.register_function('farm_snapshot', function(keys, argv)
  local names, at = redis.call('SMEMBERS', PRODUCTIONS), now_ms()
  local layers, productions, more, most = {}, {}, 0, most_layers(argv[1], tonumber(argv[2]), names)
  for _, name in ipairs(names) do
    table.insert(productions, {name, redis.call('HGET', production_key(name), 'weight'),
      redis.call('HGETALL', pools_key(name))})
    if waiting_layers(name, most, layers) then more = 1 end
  end
  local nodes = lines_of(NODE_LINES, redis.call('ZRANGE', ALIVE, 0, -1), node_line)
  local leases, serving = held_leases(argv[3] == 'all' and names or {unpack(argv, 4)})
  return {nodes, layers, productions, leases, more, at, caps_seen(), job_lines(join(layers, serving)),
    serving, reservations(at), redis.call('HGET', demand.counts, 'opened') or ''}
end)

-- The farm at one instant, for a decision: nodes that take leases, layers that wait, productions,
-- and all leases when they are asked for (only a recall needs to see them).
-- KEYS  1 {farm}
-- ARGV  1 most layers per production, 0: as many as could be served now   2 "1" for the leases too
-- Returns {nodes, layers, productions, leases, 1 when layers were left out, now ms}, each an array of arrays
-- in the order of the fields here and in _views.lua; a lease has two more: id, priority.
local PRODUCTION = {'name', 'weight', 'cores', 'memory_bytes', 'gpus'}
local LEASE = {'node', 'layer', 'production', 'job', 'state', 'cores', 'memory_bytes', 'gpus',
  'granted_ms'}

redis.register_function{function_name = 'farm_snapshot', flags = {'no-writes'},
  callback = function(keys, argv)
    local nodes, layers, productions, leases, more = nodes_online(), {}, {}, {}, 0
    local most = argv[1] == '0' and servable(nodes) or tonumber(argv[1])
    for _, name in ipairs(redis.call('SMEMBERS', PRODUCTIONS)) do
      table.insert(productions, read(production_key(name), PRODUCTION))
      if waiting_layers(name, most, layers) then more = 1 end
    end
    if argv[2] == '1' then
      for _, id in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
        local lease = read(lease_key(id), LEASE)
        table.insert(lease, id)
        table.insert(lease, redis.call('HGET', job_key(lease[4]), 'priority'))
        table.insert(leases, lease)
      end
    end
    return {nodes, layers, productions, leases, more, now_ms()}
  end}

-- Everything the farm-wide audit recomputes from, at one instant: nodes, leases, productions.
-- KEYS  1 {farm}
-- ARGV  none
-- Returns {nodes, leases, productions, unstarted lease ids, alive node names}; a node is {name, its
-- hash, its leases}, a lease {id, its hash}, a production its hash; hashes are flat arrays.
redis.register_function{function_name = 'farm_audit_farm', flags = {'no-writes'},
  callback = function(keys, argv)
    local nodes, leases, productions = {}, {}, {}
    for _, name in ipairs(redis.call('HKEYS', NODES)) do
      table.insert(nodes, {name, redis.call('HGETALL', node_key(name)),
        redis.call('SMEMBERS', node_leases_key(name))})
    end
    for _, id in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
      table.insert(leases, {id, redis.call('HGETALL', lease_key(id))})
    end
    for _, name in ipairs(redis.call('SMEMBERS', PRODUCTIONS)) do
      table.insert(productions, redis.call('HGETALL', production_key(name)))
    end
    return {nodes, leases, productions, redis.call('ZRANGE', UNSTARTED, 0, -1),
      redis.call('ZRANGE', ALIVE, 0, -1)}
  end}

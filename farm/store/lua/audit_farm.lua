-- Everything the farm-wide audit recomputes from, at one instant: nodes, leases, productions, limits.
-- KEYS  1 {farm}
-- ARGV  none
-- Returns {nodes, leases, productions, unstarted lease ids, alive node names, limits}; a node is {name,
-- its hash, its leases}, a lease {id, its hash}, a production {name, hash of its pools, hash of its
-- leases, groups}, a group or limit {name, its hash}; hashes are flat arrays.
local function hashes(names, key_of)
  local told = {}
  for _, name in ipairs(names) do
    table.insert(told, {name, redis.call('HGETALL', key_of(name))})
  end
  return told
end

-- Those that are set, and those that leases hold though they were taken away.
local function limit_names(leases)
  local names, listed = {}, {}
  local function add_name(name)
    if not listed[name] then table.insert(names, name) end
    listed[name] = true
  end
  for _, name in ipairs(redis.call('SMEMBERS', LIMITS)) do add_name(name) end
  for _, lease in ipairs(leases) do
    local limits = redis.call('HGET', lease_key(lease[1]), 'limits') or ''
    for name in string.gmatch(limits, '%S+') do add_name(name) end
  end
  return names
end

redis.register_function{function_name = 'farm_audit_farm', flags = {'no-writes'},
  callback = function(keys, argv)
    local nodes, productions = {}, {}
    for _, name in ipairs(redis.call('HKEYS', NODES)) do
      table.insert(nodes, {name, redis.call('HGETALL', node_key(name)),
        redis.call('SMEMBERS', node_leases_key(name))})
    end
    local leases = hashes(redis.call('ZRANGE', LEASES, 0, -1), lease_key)
    for _, name in ipairs(redis.call('SMEMBERS', PRODUCTIONS)) do
      table.insert(productions, {name, redis.call('HGETALL', pools_key(name)),
        redis.call('HGETALL', held_key(name)),
        hashes(redis.call('SMEMBERS', groups_key(name)), group_key)})
    end
    return {nodes, leases, productions, redis.call('ZRANGE', UNSTARTED, 0, -1),
      redis.call('ZRANGE', ALIVE, 0, -1), hashes(limit_names(leases), limit_key)}
  end}

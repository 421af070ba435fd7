-- Everything the audit of usage recomputes from, at one instant.
-- KEYS  1 {farm}
-- ARGV  none
-- Returns {now ms, {"<production> <pool>", counters, …}, jobs by state as kept, jobs by
-- state as they are, tasks by "<production> <pool> <state>" added up over all layers,
-- leases};
-- a lease is {production, pool, cores, account}, hashes are flat arrays.
local function flat_hash(hash)
  local words = {}
  for name, value in pairs(hash) do
    table.insert(words, name)
    table.insert(words, value)
  end
  return words
end

local function add_layer(sums, layer_id)
  local f = redis.call('HMGET', layer_key(layer_id), 'pool', 'production')
  for state in pairs(TASK_MOVES) do
    local name = table.concat({f[2], f[1] or '', state}, ' ')
    sums[name] = (sums[name] or 0) + (redis.call('HGET', layer_key(layer_id), state) or 0)
  end
end

local function add_job(sums, states, id)
  local f = redis.call('HMGET', job_key(id), 'layers', 'state')
  states[f[2]] = (states[f[2]] or 0) + 1
  for number = 1, tonumber(f[1]) do add_layer(sums, id .. '.' .. number) end
end

redis.register_function{function_name = 'farm_audit_usage', flags = {'no-writes'},
  callback = function(keys, argv)
    local sums, states, leases = {}, {}, {}
    for _, id in ipairs(redis.call('ZRANGE', JOBS, 0, -1)) do add_job(sums, states, id) end
    for _, id in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
      table.insert(leases, redis.call('HMGET', lease_key(id), 'production', 'pool',
        'cores', 'account'))
    end
    return {now_ms(), usage.all_counters(), redis.call('HGETALL', usage.jobs),
      flat_hash(states), flat_hash(sums), leases}
  end}

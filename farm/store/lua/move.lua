-- Let a job be served by another pool, or count in another group. What runs finishes where it is;
-- leases that are not started are taken back, so that waiting work goes where it now belongs.
-- KEYS  1 {farm}
-- ARGV  1 job   2 "1" to set the group   3 group   4 "1" to set the pool   5 pool, "" is any
--       6… spec and view of each layer, in pairs, with the pool in them
-- Returns 1, or 0 when there is no such job.
local function count_elsewhere(layer, pool)
  for state in pairs(TASK_MOVES) do
    local tasks = tonumber(redis.call('HGET', layer.key, state) or 0)
    usage.count_tasks(layer.production, layer.pool, state, -tasks)
    usage.count_tasks(layer.production, pool, state, tasks)
  end
  usage.write()
end

local function move_layer(id, pool, spec, view)
  count_elsewhere(open_layer(id), pool)
  local production = redis.call('HGET', layer_key(id), 'production')
  local waits = redis.call('ZSCORE', waiting_key(production), id)
  if waits then demand.ends(id) end
  redis.call('HSET', layer_key(id), 'spec', spec, 'view', view, 'pool', pool)
  if waits then demand.begins(id) end
  touch_layer(id)
  if pool == '' then return end -- any will do, so what is granted may stay
  for _, lease_id in ipairs(redis.call('SMEMBERS', layer_leases_key(id))) do
    local lease = open_lease(lease_id)
    if redis.call('HGET', node_key(lease.node), 'pool') ~= pool then
      recall_lease(lease, 'its job goes to another pool')
    end
  end
end

redis.register_function('farm_move', function(keys, argv)
  local job = argv[1]
  local layers = tonumber(redis.call('HGET', job_key(job), 'layers') or 0)
  if layers == 0 then return 0 end
  if argv[2] == '1' then redis.call('HSET', job_key(job), 'group', argv[3]) end
  touch_job(job)
  if argv[4] == '1' then
    for n = 1, layers do move_layer(job .. '.' .. n, argv[5], argv[4 + 2 * n], argv[5 + 2 * n]) end
  end
  fact('job_moved', 'job', job, 'group', argv[3], 'pool', argv[5])
  wake(true)
  return 1
end)

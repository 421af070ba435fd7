-- Cancel a job: waiting tasks and tasks in hand are cancelled now; nodes are told to stop renderers.
-- A lease stays booked until its worker has stopped what it runs: kill before release.
-- KEYS  1 {farm}
-- ARGV  1 request id   2 job   3 by whom
-- Returns {"ok", tasks cancelled}, {"no job"} or {"no", state} when the table has no such move.
local function cancel_waiting(layer, name)
  local bytes = redis.call('GET', layer.states)
  local after = TASK_MOVES[name].cancel
  local changed, count = string.gsub(bytes, BYTE_PATTERN[name], TASK_BYTES[after])
  if count == 0 then return 0 end
  redis.call('SET', layer.states, changed)
  count_moved(layer, name, after, count)
  return count
end

local function kill_leases(layer, why)
  for _, id in ipairs(redis.call('SMEMBERS', layer_leases_key(layer.id))) do
    local lease = open_lease(id)
    if recall_lease(lease, why) == 'recalled' then
      redis.call('HSET', lease.key, 'kill', 1, 'tasks', '')
      nudge(lease.node)
    end
  end
end

register_once('farm_cancel', function(argv)
  local job = argv[2]
  local layers = tonumber(redis.call('HGET', job_key(job), 'layers') or 0)
  if layers == 0 then return {'no job'} end
  local after, before = move_job(job, 'cancel')
  if not after then return {'no', before} end
  redis.call('HSET', job_key(job), 'ended_by', argv[3])
  local cancelled = 0
  for number = 1, layers do
    local layer = open_layer(job .. '.' .. number)
    for _, name in ipairs({'blocked', 'ready', 'running'}) do
      cancelled = cancelled + cancel_waiting(layer, name)
    end
    kill_leases(layer, 'job cancelled')
    close_layer(layer)
  end
  return {'ok', cancelled}
end)

-- Cancel a job: waiting tasks and tasks in hand are cancelled now; nodes are told to stop renderers.
-- KEYS  1 {farm}
-- ARGV  1 request id   2 job   3 by whom
-- Returns {"ok", tasks cancelled}, {"no job"} or {"no", state} when the table has no such move.
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
      cancelled = cancelled + move_every(layer, name, 'cancel')
    end
    kill_leases(layer, 'job cancelled')
    close_layer(layer)
  end
  return {'ok', cancelled}
end)

-- Pause a job (tasks in hand finish, no others begin) or resume it.
-- KEYS  1 {farm}
-- ARGV  1 job   2 "pause" or "resume"   3 by whom
-- Returns {"ok", state}, also when it was so already; {"no job"} or {"no", state} otherwise.
redis.register_function('farm_pause', function(keys, argv)
  local job, event = argv[1], argv[2]
  local f = redis.call('HMGET', job_key(job), 'layers', 'production', 'state')
  if not f[1] then return {'no job'} end
  local wanted = event == 'pause' and 'paused' or 'active'
  if f[3] == wanted then return {'ok', wanted} end
  if not move_job(job, event) then return {'no', f[3]} end
  if event == 'pause' then
    redis.call('HSET', job_key(job), 'paused_by', argv[3], 'paused_ms', now_ms())
  else redis.call('HDEL', job_key(job), 'paused_by', 'paused_ms', 'paused_why') end
  for number = 1, tonumber(f[1]) do set_waiting(job .. '.' .. number, f[2], job) end
  wake()
  return {'ok', wanted}
end)

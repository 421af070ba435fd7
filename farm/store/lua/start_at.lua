-- Set when a job may begin. Earlier nothing of it does; what runs already finishes.
-- KEYS  1 {farm}
-- ARGV  1 job   2 ms since 1970, 0 is at once
-- Returns {"ok", state}, {"no job"}, or {"no", state} when it has ended.
redis.register_function('farm_start_at', function(keys, argv)
  local f = redis.call('HMGET', job_key(argv[1]), 'layers', 'production', 'state')
  if not f[1] then return {'no job'} end
  if not OPEN_JOB[f[3]] then return {'no', f[3]} end
  set_start(argv[1], argv[2])
  for number = 1, tonumber(f[1]) do set_waiting(argv[1] .. '.' .. number, f[2], argv[1]) end
  fact('job_start_at', 'job', argv[1], 'ms', argv[2])
  wake()
  return {'ok', f[3]}
end)

-- Set the priority of a job; the scheduler acts on it at the next task boundaries.
-- KEYS  1 {farm}
-- ARGV  1 job   2 priority, 0 to 100
-- Returns 1, or 0 when there is no such job.
redis.register_function('farm_priority', function(keys, argv)
  local f = redis.call('HMGET', job_key(argv[1]), 'layers', 'production')
  if not f[1] then return 0 end
  redis.call('HSET', job_key(argv[1]), 'priority', argv[2])
  touch_job(argv[1])
  for number = 1, tonumber(f[1]) do set_waiting(argv[1] .. '.' .. number, f[2], argv[1]) end
  fact('job_priority', 'job', argv[1], 'priority', argv[2])
  wake(true)
  return 1
end)

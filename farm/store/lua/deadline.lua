-- Set by when a job is wanted.
-- KEYS  1 {farm}
-- ARGV  1 job   2 ms since 1970, 0 is no deadline
-- Returns 1, or 0 when there is no such job.
redis.register_function('farm_deadline', function(keys, argv)
  if redis.call('EXISTS', job_key(argv[1])) == 0 then return 0 end
  redis.call('HSET', job_key(argv[1]), 'deadline_ms', argv[2])
  touch_job(argv[1])
  fact('job_deadline', 'job', argv[1], 'ms', argv[2])
  wake()
  return 1
end)

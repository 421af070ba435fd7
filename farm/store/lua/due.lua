-- Let jobs begin whose time has come, a bounded number at a time.
-- KEYS  1 {farm}
-- ARGV  1 most jobs
-- Returns how many.
redis.register_function('farm_due', function(keys, argv)
  local due = redis.call('ZRANGEBYSCORE', STARTING, '-inf', now_ms(), 'LIMIT', 0, argv[1])
  for _, job in ipairs(due) do
    redis.call('ZREM', STARTING, job)
    local f = redis.call('HMGET', job_key(job), 'layers', 'production')
    for number = 1, tonumber(f[1]) do set_waiting(job .. '.' .. number, f[2], job) end
    fact('job_begins', 'job', job)
  end
  if #due > 0 then wake() end
  return #due
end)

-- Let a job use nodes again that it shuns.
-- KEYS  1 {farm}
-- ARGV  1 job   2 node, "" for all
-- Returns how many nodes were blocked and are not any more, -1 when there is no such job.
redis.register_function('farm_unblock', function(keys, argv)
  local job, count = argv[1], 0
  if redis.call('EXISTS', job_key(job)) == 0 then return -1 end
  if argv[2] == '' then
    count = redis.call('SCARD', faults.blocked_key(job))
    redis.call('DEL', faults.blocked_key(job), faults.blamed_key(job))
  else
    count = redis.call('SREM', faults.blocked_key(job), argv[2])
    redis.call('HDEL', faults.blamed_key(job), argv[2])
  end
  if count > 0 then
    touch_job(job)
    demand.opens()
    fact('nodes_unblocked', 'job', job, 'node', argv[2], 'count', count)
    wake()
  end
  return count
end)

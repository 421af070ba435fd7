-- Carry out what was judged of a job: nodes it shuns from now on, and whether it is paused.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 job   3 frames failed since, when it was judged
--       4 why it is paused by the farm, or ""   5… nodes to block
-- Returns "ok", "changed" when more has failed by now (it is judged again), or "not leader".
local function block(job, node)
  if redis.call('SADD', faults.blocked_key(job), node) == 0 then return end
  touch_job(job)
  fact('node_blocked', 'job', job, 'node', node)
  for _, id in ipairs(redis.call('SMEMBERS', node_leases_key(node))) do
    local lease = open_lease(id)
    if lease.job == job then recall_lease(lease, 'the node is blocked for this job') end
  end
end

redis.register_function('farm_block', function(keys, argv)
  if redis.call('GET', LEADER) ~= argv[1] then return 'not leader' end
  local job, key = argv[2], job_key(argv[2])
  for i = 5, #argv do block(job, argv[i]) end
  wake()
  if (redis.call('HGET', key, 'failed_since') or '0') ~= argv[3] then return 'changed' end
  redis.call('SREM', faults.news_of_jobs, job)
  if argv[4] == '' or not move_job(job, 'pause') then return 'ok' end
  redis.call('HSET', key, 'paused_by', 'the farm', 'paused_ms', now_ms(), 'paused_why',
    argv[4], 'failed_since', 0)
  local f = redis.call('HMGET', key, 'layers', 'production')
  for number = 1, tonumber(f[1]) do set_waiting(job .. '.' .. number, f[2], job) end
  return 'ok'
end)

-- Of which nodes and jobs there is news to judge, and whose quarantine is over.
-- KEYS  1 {farm}
-- ARGV  1 most nodes, and most jobs
-- Returns {nodes online, nodes, jobs, names of nodes to try again}; a node is {name, faults seq,
-- quarantines in a row, 1 when quarantined now, job, "standing reason", …}, a job {id, limit of
-- failed frames, failed since, succeeded, failed in all, nodes it failed on, state, node not yet
-- blocked, frames that failed there and succeeded elsewhere, …}.
local function suspect_node(name)
  local f = redis.call('HMGET', node_key(name), 'faults_seq', 'quarantine_times', 'quarantine',
    'probation')
  local banned = f[3] and not f[4]
  local row = {name, f[1] or '0', f[2] or '0', banned and 1 or 0}
  local told = redis.call('HGETALL', faults.node_key(name))
  for i = 1, #told, 2 do
    if told[i] ~= '' then
      table.insert(row, told[i])
      table.insert(row, told[i + 1])
    end
  end
  return row
end

local function suspect_job(id)
  local f = redis.call('HMGET', job_key(id), 'fail_after', 'failed_since', 'succeeded', 'failed',
    'state')
  local row = {id, f[1] or '0', f[2] or '0', f[3] or '0', f[4] or '0',
    redis.call('SCARD', faults.failed_on_key(id)), f[5] or ''}
  local blamed = redis.call('HGETALL', faults.blamed_key(id))
  for i = 1, #blamed, 2 do
    if redis.call('SISMEMBER', faults.blocked_key(id), blamed[i]) == 0 then
      table.insert(row, blamed[i])
      table.insert(row, blamed[i + 1])
    end
  end
  return row
end

redis.register_function{function_name = 'farm_suspects', flags = {'no-writes'},
  callback = function(keys, argv)
    local nodes, jobs = {}, {}
    for _, name in ipairs(redis.call('SRANDMEMBER', faults.news_of_nodes, argv[1])) do
      table.insert(nodes, suspect_node(name))
    end
    for _, id in ipairs(redis.call('SRANDMEMBER', faults.news_of_jobs, argv[1])) do
      table.insert(jobs, suspect_job(id))
    end
    local due = redis.call('ZRANGEBYSCORE', faults.quarantined, '-inf', now_ms(), 'LIMIT', 0, argv[1])
    return {redis.call('ZCARD', ALIVE), nodes, jobs, due}
  end}

-- What failures and successes tell of nodes and jobs. Kept here, judged by farm/policy/quarantine.py
-- in the leader's pass, which a failure wakes.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local faults = {}
faults.news_of_nodes = ROOT .. 'faults:nodes'        -- SET of nodes of which there is news
faults.news_of_jobs = ROOT .. 'faults:jobs'        -- SET of jobs of which there is news
faults.quarantined = ROOT .. 'nodes:quarantined' -- ZSET node name -> when to try it again, ms
-- HASH job -> "standing reason", since the node's last success; '' -> '' while on probation
function faults.node_key(name) return ROOT .. 'node:' .. name .. ':faults' end
function faults.blamed_key(id) return ROOT .. 'job:' .. id .. ':blamed' end -- HASH node -> frames
function faults.blocked_key(id) return ROOT .. 'job:' .. id .. ':blocked' end  -- SET of nodes
function faults.failed_on_key(id) return ROOT .. 'job:' .. id .. ':failed_on' end -- SET of nodes

faults.rank = {open = 1, refuted = 2, proved = 3}

-- A node takes no new leases while it is locked, quarantined, or busy with the one of its probation.
function faults.shut(name)
  local f = redis.call('HMGET', node_key(name), 'locked', 'banned')
  redis.call('HSET', node_key(name), 'closed', f[1] or f[2] or '')
  touch_node(name)
  accounts.follow(name)
  wake()
end

function faults.close_on_probation(name)
  redis.call('HSET', node_key(name), 'banned', 'on probation after its quarantine: one lease tries')
  faults.shut(name)
end

function faults.stand(node, job, standing, reason)
  local known = string.match(redis.call('HGET', faults.node_key(node), job) or '', '^%a+')
  if known and faults.rank[known] > faults.rank[standing] then standing = known end
  redis.call('HSET', faults.node_key(node), job, standing .. ' ' .. reason)
  redis.call('HINCRBY', node_key(node), 'faults_seq', 1)
  redis.call('SADD', faults.news_of_nodes, node)
  wake()
end

function faults.forgive(name)
  redis.call('HINCRBY', node_key(name), 'faults_seq', 1)
  if redis.call('HEXISTS', node_key(name), 'quarantine') == 0 then return end
  redis.call('HDEL', node_key(name), 'quarantine', 'quarantine_times', 'probation', 'banned')
  redis.call('ZREM', faults.quarantined, name)
  fact('node_trusted', 'node', name)
  faults.shut(name)
end

-- Carry out what was judged of a node: quarantine it, lift that, or note that it was looked at.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 node   3 its faults seq when it was judged
--       4 "keep", "quarantine" or "lift"   5 why   6 for how long, ms
-- Returns "ok", "changed" when there is more news by now (it is judged again), or "not leader".
local function ban(name, why, ms)
  local key = node_key(name)
  redis.call('HSET', key, 'quarantine', why, 'banned', 'quarantined: ' .. why)
  redis.call('HDEL', key, 'probation')
  redis.call('HINCRBY', key, 'quarantine_times', 1)
  redis.call('ZADD', faults.quarantined, now_ms() + ms, name)
  redis.call('HINCRBY', COUNTERS, 'quarantines', 1)
  fact('node_quarantined', 'node', name, 'why', why, 'seconds', math.floor(ms / 1000))
  for _, id in ipairs(redis.call('SMEMBERS', node_leases_key(name))) do
    recall_lease(open_lease(id), 'the node is quarantined')
  end
  faults.shut(name)
end

redis.register_function('farm_quarantine', function(keys, argv)
  if redis.call('GET', LEADER) ~= argv[1] then return 'not leader' end
  local name = argv[2]
  if (redis.call('HGET', node_key(name), 'faults_seq') or '0') ~= argv[3] then return 'changed' end
  redis.call('SREM', faults.news_of_nodes, name)
  if argv[4] == 'quarantine' then ban(name, argv[5], tonumber(argv[6])) end
  if argv[4] == 'lift' then
    redis.call('DEL', faults.node_key(name))
    faults.forgive(name)
  end
  return 'ok'
end)

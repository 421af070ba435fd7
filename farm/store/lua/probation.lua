-- A quarantine is over: try the node with one lease (grant.lua closes it again with that one). A
-- lease that ended with neither success nor failure is followed by another.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 node   3 when to look again, ms from now
-- Returns "tried", "busy" while it still has leases, or "not leader".
redis.register_function('farm_probation', function(keys, argv)
  if redis.call('GET', LEADER) ~= argv[1] then return 'not leader' end
  local name, key = argv[2], node_key(argv[2])
  redis.call('ZADD', faults.quarantined, now_ms() + argv[3], name)
  if redis.call('SCARD', node_leases_key(name)) > 0 then return 'busy' end
  if redis.call('HSETNX', key, 'probation', 1) == 1 then
    fact('node_on_probation', 'node', name)
    -- What it was quarantined for is paid for; the empty entry waits for its first success.
    redis.call('DEL', faults.node_key(name))
    redis.call('HSET', faults.node_key(name), '', '')
  end
  redis.call('HDEL', key, 'banned')
  faults.shut(name)
  return 'tried'
end)

-- Lock a node: it gets no new leases, and those it has run on to their end. Or unlock it.
-- KEYS  1 {farm}
-- ARGV  1 node   2 why, "" to unlock
-- Returns 1, or 0 when there is no such node.
redis.register_function('farm_lock', function(keys, argv)
  local name, key = argv[1], node_key(argv[1])
  if redis.call('HEXISTS', key, 'epoch') == 0 then return 0 end
  if argv[2] == '' then redis.call('HDEL', key, 'locked')
  else redis.call('HSET', key, 'locked', argv[2]) end
  fact(argv[2] == '' and 'node_unlocked' or 'node_locked', 'node', name, 'why', argv[2])
  faults.shut(name)
  return 1
end)

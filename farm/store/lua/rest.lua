-- The leader lets a node sleep that nobody needs, wakes it, or gives that up. It is drained meanwhile,
-- and awake when it registers again.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 node   3 "asleep", "waking", or "" for neither   4 why
-- Returns the node's state, "" when there is no such node, or "not leader".
redis.register_function('farm_rest', function(keys, argv)
  local name, key = argv[2], node_key(argv[2])
  if redis.call('GET', LEADER) ~= argv[1] then return 'not leader' end
  if redis.call('HEXISTS', key, 'epoch') == 0 then return '' end
  if argv[3] == '' then
    redis.call('HDEL', key, 'rest', 'rest_ms')
    drop_wish(name, 'resting')
  else
    redis.call('HSET', key, 'rest', argv[3], 'rest_ms', now_ms())
    set_wish(name, 'resting', argv[4])
  end
  fact('node_rest', 'node', name, 'rest', argv[3], 'why', argv[4])
  return redis.call('HGET', key, 'state')
end)

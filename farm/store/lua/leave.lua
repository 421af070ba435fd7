-- A worker signs its node off on the way out; what it still held is ready again.
-- KEYS  1 {farm}
-- ARGV  1 node   2 epoch
-- Returns 1, or 0 when a newer worker has the name or the node is offline already.
redis.register_function('farm_leave', function(keys, argv)
  local f = redis.call('HMGET', node_key(argv[1]), 'epoch', 'state')
  if f[1] ~= argv[2] or f[2] == 'offline' then return 0 end
  release_all(argv[1], 'the node signed off')
  move_node(argv[1], 'leave')
  return 1
end)

-- A person trusts a node again: its failures and its quarantine are forgotten.
-- KEYS  1 {farm}
-- ARGV  1 node
-- Returns 1, or 0 when there is no such node.
redis.register_function('farm_pardon', function(keys, argv)
  if redis.call('HEXISTS', node_key(argv[1]), 'epoch') == 0 then return 0 end
  redis.call('DEL', faults.node_key(argv[1]))
  redis.call('SREM', faults.news_of_nodes, argv[1])
  -- It may have been set aside for not starting its leases, too.
  redis.call('HDEL', node_key(argv[1]), 'not_started', 'mute_until_ms')
  touch_node(argv[1])
  accounts.follow(argv[1])
  faults.forgive(argv[1])
  wake()
  return 1
end)

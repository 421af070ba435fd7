-- Register a node. Whatever an earlier worker of that name held is given back in the same step, and
-- its epoch is fenced off.
-- KEYS  1 {farm}
-- ARGV  1 request id   2 node name   3 JSON: pool, cores, memory_bytes, gpus, version, spec, view
-- Returns {epoch}.
register_once('farm_register', function(argv)
  local name, spec = argv[2], cjson.decode(argv[3])
  release_all(name, 'the node registered again')
  accounts.count(name)
  forgotten.recall(name)
  local key, at = node_key(name), now_ms()
  local epoch = redis.call('HINCRBY', key, 'epoch', 1)
  redis.call('HSET', key, 'name', name, 'pool', spec.pool,
    'cores', spec.cores, 'memory_bytes', spec.memory_bytes, 'gpus', spec.gpus,
    'free_cores', spec.cores, 'free_memory_bytes', spec.memory_bytes, 'free_gpus', spec.gpus,
    'spec', spec.spec, 'view', spec.view,
    'version', spec.version, 'registered_ms', at, 'heartbeat_ms', at, 'unfit', '',
    'warm', '', 'limits', '')
  clear_reservation(name)
  redis.call('HDEL', key, 'health', 'leaving', 'restarting', 'not_started', 'mute_until_ms',
    'resting', 'rest', 'rest_ms')
  redis.call('ZADD', ALIVE, at, name)
  accounts.register(name)
  redis.call('DEL', node_nudge_key(name))
  move_node(name, 'register')
  -- An operator's drain outlives the worker it was said to, and so do the hours a node keeps.
  local wished = redis.call('HMGET', key, 'held', 'asleep')
  if wished[1] or wished[2] then move_node(name, 'drain') end
  return {epoch}
end)

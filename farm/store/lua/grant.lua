-- Grant a lease: book a node's resources for a layer. Everything is checked again here, so a stale
-- snapshot costs one refusal and never a wrong booking.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 new lease id   3 node   4 its epoch   5 layer   6 cores
--       7 memory, bytes   8 GPUs   9 "1": may take tasks that should rather run elsewhere
--       10 time to start, ms
-- Returns "granted" or why not: "not leader", "node", "room", "job", "no work".
local function refusal(argv, node, layer, job)
  if redis.call('GET', LEADER) ~= argv[1] then return 'not leader' end
  if node[1] ~= argv[4] or node[2] ~= 'online' or node[3] ~= '' then return 'node' end
  for i = 1, 3 do
    if tonumber(node[3 + i]) < tonumber(argv[5 + i]) then return 'room' end
  end
  if not layer[1] or redis.call('HGET', job_key(layer[1]), 'state') ~= 'active' then return 'job' end
  if tonumber(layer[3]) <= tonumber(layer[4]) then return 'no work' end
end

redis.register_function('farm_grant', function(keys, argv)
  local id, name, layer_id = argv[2], argv[3], argv[5]
  if redis.call('EXISTS', lease_key(id)) == 1 then return 'granted' end -- our own command, repeated
  local node = redis.call('HMGET', node_key(name), 'epoch', 'state', 'unfit', 'free_cores',
    'free_memory_bytes', 'free_gpus', 'ordinal')
  local layer = redis.call('HMGET', layer_key(layer_id), 'job', 'production', 'ready', 'unstarted')
  local why = refusal(argv, node, layer, layer[1])
  if why then return why end
  local at = now_ms()
  redis.call('HSET', lease_key(id), 'node', name, 'epoch', argv[4], 'job', layer[1],
    'layer', layer_id, 'production', layer[2], 'cores', argv[6], 'memory_bytes', argv[7],
    'gpus', argv[8], 'anywhere', argv[9], 'state', 'granted', 'granted_ms', at, 'tasks', '',
    'ordinal', node[7])
  redis.call('ZADD', LEASES, at, id)
  redis.call('ZADD', UNSTARTED, at + argv[10], id)
  redis.call('SADD', node_leases_key(name), id)
  redis.call('SADD', layer_leases_key(layer_id), id)
  redis.call('HINCRBY', layer_key(layer_id), 'unstarted', 1)
  book({node = name, production = layer[2], cores = argv[6], memory_bytes = argv[7],
    gpus = argv[8]}, 1)
  fact('lease_granted', 'lease', id, 'node', name, 'layer', layer_id)
  return 'granted'
end)

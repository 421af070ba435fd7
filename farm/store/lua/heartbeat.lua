-- A node reports: its leases live on, and it learns what the store wants of each.
-- KEYS  1 {farm}
-- ARGV  1 node   2 epoch   3 health JSON   4 why it cannot take work, or ""
--       5 JSON: scenes open in its Blenders, manifests whose files it has   6 what its meter tells, see
--       _energy.lua, or ""   7… lease id, progress text, in pairs
-- Returns {status, state of the node, run id of the server, 1 when it is to restart once it has no
-- lease, lease, layer, lease state, 1 to kill, …};
-- status is "ok", "unknown" (register again) or "superseded" (a newer worker has the name).
redis.register_function('farm_heartbeat', function(keys, argv)
  local name, key, at = argv[1], node_key(argv[1]), now_ms()
  local known = redis.call('HMGET', key, 'epoch', 'state', 'unfit', 'restarting', 'warm',
    'heartbeat_ms')
  local epoch = tonumber(known[1] or 0)
  if epoch > tonumber(argv[2]) then return {'superseded', ''} end
  if epoch < tonumber(argv[2]) or known[2] == 'offline' then return {'unknown', ''} end
  accounts.beats(name, tonumber(known[6]), at)
  redis.call('HSET', key, 'heartbeat_ms', at, 'health', argv[3], 'unfit', argv[4], 'warm', argv[5])
  if known[3] ~= argv[4] or known[5] ~= argv[5] then touch_node(name) end
  redis.call('ZADD', ALIVE, at, name)
  share_energy(name, argv[6])
  if known[3] ~= argv[4] then
    accounts.follow(name)
    fact(argv[4] == '' and 'node_fit' or 'node_unfit', 'node', name, 'why', argv[4])
    wake()
  end
  local reply = {'ok', known[2], string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'),
    known[4] and 1 or 0}
  for i = 7, #argv, 2 do
    if redis.call('HGET', lease_key(argv[i]), 'node') == name then
      redis.call('HSET', lease_key(argv[i]), 'progress', argv[i + 1])
    end
  end
  for _, id in ipairs(redis.call('SMEMBERS', node_leases_key(name))) do
    local f = redis.call('HMGET', lease_key(id), 'layer', 'state', 'kill')
    for _, word in ipairs({id, f[1], f[2], tonumber(f[3] or 0)}) do table.insert(reply, word) end
  end
  return reply
end)

-- Start a granted lease on its node and take its first tasks. A second message for it finds it
-- started, one that came too late finds it gone: both are dropped.
-- KEYS  1 {farm}
-- ARGV  1 request id   2 lease id   3 node   4 epoch of the node   5 tasks wanted
-- Returns {"started", job, layer, spec of the layer, cores, memory in bytes and GPUs that it books,
-- "index:attempt:failures", …} or {"gone"}.
local function start(argv)
  local lease = open_lease(argv[2])
  if not lease or lease.state ~= 'granted' or lease.node ~= argv[3] or lease.epoch ~= argv[4] then
    redis.call('HINCRBY', COUNTERS, 'dropped_messages', 1)
    return {'gone'}
  end
  redis.call('ZREM', UNSTARTED, lease.id)
  redis.call('HINCRBY', layer_key(lease.layer), 'unstarted', -1)
  if redis.call('HDEL', node_key(lease.node), 'not_started', 'mute_until_ms') > 0 then
    touch_node(lease.node)
    accounts.follow(lease.node)
  end
  lease.state = 'started'
  redis.call('HSET', lease.key, 'state', 'started', 'started_ms', now_ms())
  local layer = open_layer(lease.layer)
  local taken = {}
  if not kept_back(lease.job) then taken = take(layer, lease, tonumber(argv[5])) end
  if #taken == 0 then
    end_lease(lease, 'no task was left')
    close_layer(layer)
    return {'gone'}
  end
  save_hand(lease, taken)
  usage.note_begun(lease)
  close_layer(layer)
  local reply = {'started', lease.job, lease.layer, lease.cores, lease.memory_bytes, lease.gpus}
  for _, task in ipairs(taken) do table.insert(reply, task) end -- unpack() takes 8,000 at most
  return reply
end

redis.register_function('farm_start', function(keys, argv)
  local first = last_answer(argv[2], argv[1])
  local reply = first or start(argv)
  -- A dropped message must not overwrite the last answer of the lease that runs.
  if reply[1] == 'gone' then return reply end
  if not first then keep_answer(argv[2], argv[1], reply) end
  -- What a worker reads of the spec is the same for ever: no need to remember it with the answer.
  table.insert(reply, 4, redis.call('HGET', layer_key(reply[3]), 'spec'))
  return reply
end)

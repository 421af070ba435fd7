-- Drain a node (its leases end at the next task boundary, it gets no more) or take that back. An
-- operator's drain stays through restarts; a worker that leaves drains only this epoch.
-- KEYS  1 {farm}
-- ARGV  1 node   2 why, "" to undrain   3 epoch of the leaving worker, "" for an operator
-- Returns the node's state, or "" when there is no such node (or no such epoch of it).
local function drain(key, name, why, epoch)
  if epoch == '' then redis.call('HSET', key, 'held', why)
  else redis.call('HSET', key, 'leaving', why) end
  if not move_node(name, 'drain') then return end
  for _, id in ipairs(redis.call('SMEMBERS', node_leases_key(name))) do
    recall_lease(open_lease(id), why)
  end
end

redis.register_function('farm_drain', function(keys, argv)
  local name, key = argv[1], node_key(argv[1])
  local epoch = redis.call('HGET', key, 'epoch')
  if not epoch or (argv[3] ~= '' and argv[3] ~= epoch) then return '' end
  if argv[2] ~= '' then drain(key, name, argv[2], argv[3])
  else
    redis.call('HDEL', key, 'held')
    if redis.call('HEXISTS', key, 'leaving') == 0 then move_node(name, 'undrain') end
  end
  return redis.call('HGET', key, 'state')
end)

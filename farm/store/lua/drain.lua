-- Drain a node (its leases end at the next task boundary, it gets no more) or take that back. It is
-- drained as long as anybody wants it: an operator, the hours it keeps, a restart that was asked for
-- (all told by a person, so they outlive the worker; but the restart), or its own worker that leaves.
-- KEYS  1 {farm}
-- ARGV  1 node   2 why, "" to undrain   3 epoch of the leaving worker, "" for the others
--       4 who wants it: "held", "asleep", "restarting" or "leaving"
-- Returns the node's state, or "" when there is no such node (or no such epoch of it).
local WISHES = {'held', 'asleep', 'restarting', 'leaving'}

local function drain(key, name, why)
  if not move_node(name, 'drain') then return end
  for _, id in ipairs(redis.call('SMEMBERS', node_leases_key(name))) do
    recall_lease(open_lease(id), why)
  end
end

redis.register_function('farm_drain', function(keys, argv)
  local name, key, wish = argv[1], node_key(argv[1]), argv[4]
  local epoch = redis.call('HGET', key, 'epoch')
  if not epoch or (argv[3] ~= '' and argv[3] ~= epoch) then return '' end
  if argv[2] ~= '' then
    redis.call('HSET', key, wish, argv[2])
    drain(key, name, argv[2])
    nudge(name)
  else
    redis.call('HDEL', key, wish)
    local still = false
    for _, one in ipairs(WISHES) do still = still or redis.call('HEXISTS', key, one) == 1 end
    if not still then move_node(name, 'undrain') end
  end
  return redis.call('HGET', key, 'state')
end)

-- Set a limit, or take it away: then it bounds nothing any more. What is held of it goes on counting.
-- KEYS  1 {farm}
-- ARGV  1 name   2 most, "" to take it away   3 unit: "slot" or "node"
-- Returns 1, or 0 when there is none to take away.
redis.register_function('farm_limit', function(keys, argv)
  local key = limit_key(argv[1])
  local before = redis.call('HGET', key, 'most')
  if argv[2] ~= '' then
    redis.call('SADD', LIMITS, argv[1])
    redis.call('HSET', key, 'most', argv[2], 'unit', argv[3])
  else
    if redis.call('SREM', LIMITS, argv[1]) == 0 then return 0 end
    redis.call('HDEL', key, 'most', 'unit')
    if tonumber(redis.call('HGET', key, 'held_slots') or 0) == 0 then redis.call('DEL', key) end
  end
  demand.bounded(before or '', argv[2], '')
  fact('limit_set', 'limit', argv[1], 'most', argv[2])
  wake(true)
  return 1
end)

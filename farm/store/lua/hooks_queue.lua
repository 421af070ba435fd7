-- Queue deliveries for the facts up to a place in the log, and remember that place: both, or none.
-- KEYS  1 {farm}
-- ARGV  1 token of the delivering service   2 the place remembered so far, "" at first
--       3 the place read to   4 most deliveries kept per webhook
--       then per delivery: id, webhook, JSON
-- Returns 1, or 0 when another service delivers, or the place has moved meanwhile.
redis.register_function('farm_hooks_queue', function(keys, argv)
  local place = ROOT .. 'webhooks:place'
  if redis.call('GET', ROOT .. 'webhooks:leader') ~= argv[1] then return 0 end
  if (redis.call('GET', place) or '') ~= argv[2] then return 0 end
  redis.call('SET', place, argv[3])
  for i = 5, #argv, 3 do
    local id, hook = argv[i], ROOT .. 'webhook:' .. argv[i + 1]
    if redis.call('HEXISTS', ROOT .. 'webhooks', argv[i + 1]) == 1
        and redis.call('HSETNX', hook .. ':deliveries', id, argv[i + 2]) == 1 then
      redis.call('ZADD', hook .. ':due', now_ms(), id)
      redis.call('RPUSH', hook .. ':order', id)
      while redis.call('LLEN', hook .. ':order') > tonumber(argv[4]) do
        local oldest = redis.call('LPOP', hook .. ':order')
        redis.call('HDEL', hook .. ':deliveries', oldest)
        redis.call('ZREM', hook .. ':due', oldest)
      end
    end
  end
  return 1
end)

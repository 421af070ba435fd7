-- Take or renew the delivering of webhooks: one service at a time does it.
-- KEYS  1 {farm}
-- ARGV  1 token of this service   2 how long it delivers, ms; 0 gives it up
-- Returns 1 when this service delivers, 0 when another one does.
redis.register_function('farm_hooks_lead', function(keys, argv)
  local key = ROOT .. 'webhooks:leader'
  local leader = redis.call('GET', key)
  if leader and leader ~= argv[1] then return 0 end
  if argv[2] == '0' then
    redis.call('DEL', key)
    return 0
  end
  redis.call('SET', key, argv[1], 'PX', argv[2])
  return 1
end)

-- Note how a try to deliver went. One that has ended meanwhile, or whose webhook is gone, stays so.
-- KEYS  1 {farm}
-- ARGV  1 webhook   2 delivery   3 its JSON   4 pause before the next try, ms; -1: there is none
-- Returns 1 when it was noted, else 0.
redis.register_function('farm_hooks_settle', function(keys, argv)
  local hook = ROOT .. 'webhook:' .. argv[1]
  if not redis.call('ZSCORE', hook .. ':due', argv[2]) then return 0 end
  redis.call('HSET', hook .. ':deliveries', argv[2], argv[3])
  if argv[4] == '-1' then
    redis.call('ZREM', hook .. ':due', argv[2])
  else
    redis.call('ZADD', hook .. ':due', now_ms() + tonumber(argv[4]), argv[2])
  end
  return 1
end)

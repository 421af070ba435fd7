-- Put a day's usage away, packed, in place of its hash, unless that has changed since it was read.
-- KEYS  1 {farm}
-- ARGV  1 day   2 fields of the hash   3 their sum   4 what is kept instead
-- Returns 1, or 0 when it has changed.
redis.register_function('farm_pack_day', function(keys, argv)
  local key, sum = usage.day_key(argv[1]), 0
  local found = redis.call('HVALS', key)
  for _, amount in ipairs(found) do sum = sum + amount end
  if #found ~= tonumber(argv[2]) or sum ~= tonumber(argv[3]) then return 0 end
  local left_ms = (argv[1] + usage.DAYS_KEPT + 1) * usage.DAY_MS - now_ms()
  redis.call('DEL', key)
  redis.call('SET', key .. ':packed', argv[4], 'PX', math.max(1, left_ms))
  return 1
end)

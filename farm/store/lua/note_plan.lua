-- Note what the leader's plan says, and how long its passes took. Counters go on under every leader:
-- pass 0, pass 1, … by duration, pass_us their sum, refused <reason>, recalls; grants are counted as waits
-- for slots are (_accounting.lua).
-- KEYS  1 {farm}
-- ARGV  1 request id   2 token of the leader   3 JSON, what is so now: waiting, oldest, due
--       4 sum of the durations, us   5… bucket and how many passes fell into it, in pairs
-- Returns 1, or 0 when another one leads.
redis.register_function('farm_note_plan', function(keys, argv)
  if redis.call('HGET', usage.plan, 'request') == argv[1] then return 1 end -- our own, repeated
  if redis.call('GET', LEADER) ~= argv[2] then return 0 end
  redis.call('HSET', usage.plan, 'request', argv[1], 'view', argv[3],
    'passed_ms', string.format('%.0f', now_ms()))
  redis.call('HINCRBY', usage.plan, 'pass_us', argv[4])
  for i = 5, #argv, 2 do redis.call('HINCRBY', usage.plan, 'pass ' .. argv[i], argv[i + 1]) end
  return 1
end)

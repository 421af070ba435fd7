-- Take or renew the scheduler's lead. Only its holder may grant, recall and reap.
-- KEYS  1 {farm}
-- ARGV  1 token of this scheduler   2 how long the lead lasts, ms; 0 gives it up
-- Returns the number of takeovers so far when this scheduler leads, 0 when another one does.
redis.register_function('farm_lead', function(keys, argv)
  local leader = redis.call('GET', LEADER)
  if argv[2] == '0' then
    if leader == argv[1] then redis.call('DEL', LEADER) end
    return 0
  end
  if leader and leader ~= argv[1] then return 0 end
  redis.call('SET', LEADER, argv[1], 'PX', argv[2])
  if not leader then
    redis.call('INCR', LEADER_EPOCH)
    fact('leader_changed', 'leader', argv[1])
  end
  return tonumber(redis.call('GET', LEADER_EPOCH))
end)

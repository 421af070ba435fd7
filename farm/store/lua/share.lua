-- Set a production's share of a pool; what is "" stays as it is, "-" takes it away.
-- KEYS  1 {farm}
-- ARGV  1 production   2 pool   3 weight   4 guaranteed cores   5 most cores
-- Returns 1, or 0 when there is no such production.
redis.register_function('farm_share', function(keys, argv)
  if redis.call('SISMEMBER', PRODUCTIONS, argv[1]) == 0 then return 0 end
  for i, what in ipairs({'weight', 'guarantee', 'ceiling'}) do
    local field, value = argv[2] .. ':' .. what, argv[2 + i]
    if what == 'ceiling' and value ~= '' then
      demand.bounded(redis.call('HGET', pools_key(argv[1]), field) or '-', value, '-')
    end
    if value == '-' then redis.call('HDEL', pools_key(argv[1]), field)
    elseif value ~= '' then redis.call('HSET', pools_key(argv[1]), field, value) end
  end
  fact('share_set', 'production', argv[1], 'pool', argv[2])
  wake(true)
  return 1
end)

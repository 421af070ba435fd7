-- Set the weight of a production: twice the weight, twice the share.
-- KEYS  1 {farm}
-- ARGV  1 production   2 weight, above 0
-- Returns 1, or 0 when there is no such production.
redis.register_function('farm_weight', function(keys, argv)
  if redis.call('SISMEMBER', PRODUCTIONS, argv[1]) == 0 then return 0 end
  redis.call('HSET', production_key(argv[1]), 'weight', argv[2])
  wake()
  return 1
end)

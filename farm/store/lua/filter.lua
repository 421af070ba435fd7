-- Set a submit filter, or take it away.
-- KEYS  1 {farm}
-- ARGV  1 name   2 the filter as JSON, "" to take it away   3 most filters there may be
-- Returns 1, or 0 when there is none to take away, or too many to add one.
local FILTERS = ROOT .. 'filters' -- HASH name -> JSON

redis.register_function('farm_filter', function(keys, argv)
  if argv[2] == '' then
    if redis.call('HDEL', FILTERS, argv[1]) == 0 then return 0 end
  else
    local there = redis.call('HEXISTS', FILTERS, argv[1]) == 1
    if not there and redis.call('HLEN', FILTERS) >= tonumber(argv[3]) then return 0 end
    redis.call('HSET', FILTERS, argv[1], argv[2])
  end
  fact('filter_set', 'filter', argv[1])
  return 1
end)

-- Take back what silent nodes and unstarted leases hold, a bounded number at a time.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 silence limit, ms   3 most nodes   4 most leases
-- Returns {nodes taken offline, unstarted leases taken back}, or {-1, -1} when not the leader.
redis.register_function('farm_reap', function(keys, argv)
  if redis.call('GET', LEADER) ~= argv[1] then return {-1, -1} end
  local at = now_ms()
  local silent = redis.call('ZRANGEBYSCORE', ALIVE, '-inf', at - argv[2], 'LIMIT', 0, argv[3])
  for _, name in ipairs(silent) do
    release_all(name, 'the node went silent')
    move_node(name, 'silence')
    redis.call('HINCRBY', COUNTERS, 'silent_nodes', 1)
  end
  local late = redis.call('ZRANGEBYSCORE', UNSTARTED, '-inf', at, 'LIMIT', 0, argv[4])
  for _, id in ipairs(late) do end_lease(open_lease(id), 'it was not started in time') end
  if #late > 0 then redis.call('HINCRBY', COUNTERS, 'unstarted_leases', #late) end
  return {#silent, #late}
end)

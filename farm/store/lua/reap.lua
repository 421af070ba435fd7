-- Take back what silent nodes and unstarted leases hold, a bounded number at a time.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 silence limit, ms   3 most nodes   4 most leases
-- Returns {nodes taken offline, unstarted leases taken back}, or {-1, -1} when not the leader.
-- A node that beats but does not start its leases gets none for a while, longer each time; the first
-- time it may only have been a message that was lost.
local MUTE_MS, MOST_DOUBLINGS = 10000, 5
local function mute(name, at)
  local times = redis.call('HINCRBY', node_key(name), 'not_started', 1)
  if times == 1 then return end
  local ms = MUTE_MS * 2 ^ math.min(times - 2, MOST_DOUBLINGS)
  redis.call('HSET', node_key(name), 'mute_until_ms', at + ms)
  touch_node(name)
  accounts.follow(name)
end

redis.register_function('farm_reap', function(keys, argv)
  if redis.call('GET', LEADER) ~= argv[1] then return {-1, -1} end
  local at = now_ms()
  local silent = redis.call('ZRANGEBYSCORE', ALIVE, '-inf', at - argv[2], 'LIMIT', 0, argv[3])
  for _, name in ipairs(silent) do
    release_all(name, 'the node went silent')
    move_node(name, 'silence')
    if redis.call('HEXISTS', node_key(name), 'resting') == 0 then -- else that was to be expected
      redis.call('HINCRBY', COUNTERS, 'silent_nodes', 1)
    end
  end
  local late = redis.call('ZRANGEBYSCORE', UNSTARTED, '-inf', at, 'LIMIT', 0, argv[4])
  for _, id in ipairs(late) do
    local lease = open_lease(id)
    lose_lease(lease, 'it was not started in time')
    mute(lease.node, at)
  end
  if #late > 0 then redis.call('HINCRBY', COUNTERS, 'unstarted_leases', #late) end
  return {#silent, #late}
end)

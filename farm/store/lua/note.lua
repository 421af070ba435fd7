-- What people say of a node: a comment, or the hours it keeps.
-- KEYS  1 {farm}
-- ARGV  1 node   2 "comment" or "schedule"   3 text, "" for none
-- Returns 1, or 0 when there is no such node.
local SCHEDULES = ROOT .. 'nodes:schedules' -- HASH node name -> schedule

redis.register_function('farm_note', function(keys, argv)
  local name, key, what = argv[1], node_key(argv[1]), argv[2]
  if redis.call('HEXISTS', key, 'epoch') == 0 then return 0 end
  if argv[3] == '' then redis.call('HDEL', key, what) else redis.call('HSET', key, what, argv[3]) end
  if what == 'schedule' then
    if argv[3] == '' then redis.call('HDEL', SCHEDULES, name)
    -- The caller wakes a node that keeps no hours any more; see NodeStore.schedule.
    else redis.call('HSET', SCHEDULES, name, argv[3]) end
    wake()
  end
  fact('node_' .. what, 'node', name, 'text', argv[3])
  return 1
end)

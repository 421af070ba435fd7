-- Drain a node (its leases end at the next task boundary, it gets no more) or take that back, for one
-- of those who may want it: see _wishes.lua.
-- KEYS  1 {farm}
-- ARGV  1 node   2 why, "" to undrain   3 epoch of the leaving worker, "" for the others
--       4 who wants it: "held", "asleep", "restarting" or "leaving"
-- Returns the node's state, or "" when there is no such node (or no such epoch of it).
redis.register_function('farm_drain', function(keys, argv)
  local name, key = argv[1], node_key(argv[1])
  local epoch = redis.call('HGET', key, 'epoch')
  if not epoch or (argv[3] ~= '' and argv[3] ~= epoch) then return '' end
  if argv[2] ~= '' then set_wish(name, argv[4], argv[2]) else drop_wish(name, argv[4]) end
  return redis.call('HGET', key, 'state')
end)

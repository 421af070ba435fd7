-- Recall a lease: it ends at its next task boundary, at once when it has not started. One that is to
-- end now loses the task in hand, which uses up no retry, and its renderer is stopped.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 lease id   3 why   4 layer that its node is being cleared for, or ""
--       5 "1" to end it now
-- Returns "recalled", "ended" (it had not started), "gone", or "not leader".
redis.register_function('farm_recall', function(keys, argv)
  if redis.call('GET', LEADER) ~= argv[1] then return 'not leader' end
  local lease = open_lease(argv[2])
  if not lease then return 'gone' end
  if argv[4] ~= '' then reserve(lease.node, argv[4]) end
  if lease.state ~= 'recalled' then redis.call('HINCRBY', usage.plan, 'recalls', 1) end
  local answer = recall_lease(lease, argv[3])
  if answer == 'recalled' and argv[5] == '1' then
    local layer = open_layer(lease.layer)
    lose_hand(layer, lease, argv[3])
    stop_lease(lease)
    close_layer(layer)
  end
  return answer
end)

-- Recall a lease: it ends at its next task boundary, at once when it has not started.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 lease id   3 why
-- Returns "recalled", "ended" (it had not started), "gone", or "not leader".
redis.register_function('farm_recall', function(keys, argv)
  if redis.call('GET', LEADER) ~= argv[1] then return 'not leader' end
  local lease = open_lease(argv[2])
  if not lease then return 'gone' end
  return recall_lease(lease, argv[3])
end)

-- Strike off a node that is gone for good. What it did stays in the sums of its pool and in the records
-- of frames; if its worker comes back, it registers like a new one.
-- KEYS  1 {farm}
-- ARGV  1 request id   2 node
-- Returns {"forgotten"}, {"unknown"} when there is no such node, or {its state} when it is not offline.
register_once('farm_forget', function(argv)
  local name = argv[2]
  local state = redis.call('HGET', node_key(name), 'state')
  if not state then return {'unknown'} end
  if state ~= 'offline' then return {state} end
  assert(redis.call('SCARD', node_leases_key(name)) == 0, 'an offline node has leases')
  forgotten.strike(name)
  fact('node_forgotten', 'node', name)
  return {'forgotten'}
end)

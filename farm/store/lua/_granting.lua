-- A lease is made: booked wherever it counts, and listed wherever it is looked for.
-- KEYS: derived, see _keys.lua. Returns: helpers for grant.lua.
local function make_lease(lease, at, start_ms)
  usage.open_account(lease)
  redis.call('HSET', lease.key, 'node', lease.node, 'epoch', lease.epoch, 'job', lease.job,
    'layer', lease.layer, 'production', lease.production, 'pool', lease.pool, 'group', lease.group,
    'limits', lease.limits, 'cores', lease.cores, 'memory_bytes', lease.memory_bytes,
    'gpus', lease.gpus, 'anywhere', lease.anywhere, 'left', lease.left, 'state', 'granted',
    'granted_ms', at, 'interruptible', lease.interruptible, 'tasks', '', 'hand_ms', '',
    'ordinal', lease.ordinal, 'account', usage.account_of(lease))
  redis.call('ZADD', LEASES, at, lease.id)
  redis.call('ZADD', UNSTARTED, at + start_ms, lease.id)
  redis.call('SADD', node_leases_key(lease.node), lease.id)
  redis.call('SADD', layer_leases_key(lease.layer), lease.id)
  redis.call('HSET', layer_key(lease.layer), 'unstarted', lease.coming + 1, 'served_ms', at)
  book(lease, 1)
  touch_layer(lease.layer)
  demand.changes(lease.layer, lease.production, lease.wanted, lease.wanted - 1)
  usage.note_wait(lease, at)
  usage.write()
  show_lease(lease)
  fact('lease_granted', 'lease', lease.id, 'node', lease.node, 'layer', lease.layer)
end

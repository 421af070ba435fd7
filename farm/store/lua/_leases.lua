-- A lease, its tasks in hand, and its end: the one place where a booking is given back.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local LEASE = {'node', 'epoch', 'job', 'layer', 'production', 'cores', 'memory_bytes', 'gpus',
  'state', 'tasks', 'request', 'anywhere', 'ordinal', 'pool', 'group', 'limits', 'left',
  'granted_ms', 'interruptible', 'hand_ms', 'account'}

local function open_lease(id)
  local f = redis.call('HMGET', lease_key(id), unpack(LEASE))
  if not f[1] then return nil end
  local lease = {id = id, key = lease_key(id), hand = {}, held = {}}
  for i, name in ipairs(LEASE) do lease[name] = f[i] end
  lease.anywhere, lease.left = lease.anywhere == '1', tonumber(lease.left)
  usage.open_account(lease)
  for index, attempt in string.gmatch(lease.tasks, '(%d+):(%d+)') do
    lease.hand[tonumber(index)] = tonumber(attempt)
    table.insert(lease.held, tonumber(index))
  end
  return lease
end

-- What a decision sees of a lease lies beside those of its production, so that it is read at once:
-- what is the lease's own first, then what it has in common with others of its layer.
local function show_lease(lease)
  redis.call('HSET', held_key(lease.production), lease.id, table.concat({lease.layer, lease.node,
    lease.state, lease.granted_ms, lease.hand_ms, lease.left or '', lease.job, lease.cores,
    lease.memory_bytes, lease.gpus, lease.interruptible, (string.gsub(lease.limits, ' ', ',')),
    lease.group}, ' '))
end

local function save_hand(lease, taken)
  local words = {}
  for _, index in ipairs(lease.held) do
    if lease.hand[index] then table.insert(words, index .. ':' .. lease.hand[index]) end
  end
  usage.credit_open(lease)
  if taken then lease.hand_ms = string.format('%.0f', lease.at) end
  redis.call('HSET', lease.key, 'tasks', table.concat(words, ' '), 'hand_ms', lease.hand_ms,
    'left', lease.left or '', 'account', usage.account_of(lease))
  if taken then show_lease(lease) end
end

-- End a lease: its booking is free again. Its tasks have been dealt with before; its layer is closed
-- afterwards.
local function end_lease(lease, why)
  usage.credit_open(lease, true)
  book(lease, -1)
  redis.call('SREM', node_leases_key(lease.node), lease.id)
  redis.call('SREM', layer_leases_key(lease.layer), lease.id)
  redis.call('HDEL', held_key(lease.production), lease.id)
  redis.call('ZREM', LEASES, lease.id)
  if redis.call('ZREM', UNSTARTED, lease.id) == 1 then
    local coming = redis.call('HINCRBY', layer_key(lease.layer), 'unstarted', -1)
    local ready = redis.call('HGET', layer_key(lease.layer), 'ready')
    demand.changes(lease.layer, lease.production, ready - coming - 1, ready - coming)
  end
  redis.call('DEL', lease.key)
  fact('lease_ended', 'lease', lease.id, 'node', lease.node, 'layer', lease.layer, 'why', why)
  wake()
end

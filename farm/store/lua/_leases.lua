-- A lease, its tasks in hand, and its end: the one place where a booking is given back.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function open_lease(id)
  local f = redis.call('HMGET', lease_key(id), 'node', 'epoch', 'job', 'layer', 'production',
    'cores', 'memory_bytes', 'gpus', 'state', 'tasks', 'request', 'anywhere', 'ordinal')
  if not f[1] then return nil end
  local lease = {
    id = id, key = lease_key(id), node = f[1], epoch = f[2], job = f[3], layer = f[4],
    production = f[5], cores = f[6], memory_bytes = f[7], gpus = f[8], state = f[9],
    request = f[11], anywhere = f[12] == '1', ordinal = f[13], hand = {}, held = {},
  }
  for index, attempt in string.gmatch(f[10], '(%d+):(%d+)') do
    lease.hand[tonumber(index)] = tonumber(attempt)
    table.insert(lease.held, tonumber(index))
  end
  return lease
end

local function save_hand(lease)
  local words = {}
  for _, index in ipairs(lease.held) do
    if lease.hand[index] then table.insert(words, index .. ':' .. lease.hand[index]) end
  end
  redis.call('HSET', lease.key, 'tasks', table.concat(words, ' '))
end

-- Book (sign 1) or give back (sign -1) what a lease holds, on its node and for its production.
local function book(lease, sign)
  for _, what in ipairs({'cores', 'memory_bytes', 'gpus'}) do
    if lease[what] ~= '0' then
      redis.call('HINCRBY', node_key(lease.node), 'free_' .. what, -sign * lease[what])
      redis.call('HINCRBY', production_key(lease.production), what, sign * lease[what])
    end
  end
end

-- End a lease: its booking is free again. Its tasks have been dealt with before.
local function end_lease(lease, why)
  book(lease, -1)
  redis.call('SREM', node_leases_key(lease.node), lease.id)
  redis.call('SREM', layer_leases_key(lease.layer), lease.id)
  redis.call('ZREM', LEASES, lease.id)
  if redis.call('ZREM', UNSTARTED, lease.id) == 1 then
    redis.call('HINCRBY', layer_key(lease.layer), 'unstarted', -1)
  end
  redis.call('DEL', lease.key)
  fact('lease_ended', 'lease', lease.id, 'node', lease.node, 'layer', lease.layer, 'why', why)
  wake()
end

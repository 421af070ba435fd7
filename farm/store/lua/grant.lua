-- Grant a lease: book a node's resources for a layer. Everything is checked again here, so a stale
-- snapshot costs one refusal and never a wrong booking.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 new lease id   3 node   4 its epoch   5 layer   6 cores
--       7 memory, bytes   8 GPUs   9 "1": may take tasks that should rather run elsewhere
--       10 time to start, ms   11 tasks after which it ends, or ""
-- Returns "granted" or why not: "not leader", "node", "room", "job", "no work", "reserved" for
-- another layer, "ceiling" of its production, "cap " and the name of one that is full.
local NODE = {'epoch', 'state', 'unfit', 'free_cores', 'free_memory_bytes', 'free_gpus', 'ordinal',
  'pool', 'reserved_for', 'reserved_until_ms', 'closed', 'probation'}
local LAYER = {'job', 'production', 'ready', 'unstarted', 'limits', 'interruptible', 'served_ms'}

local function refusal(lease, argv, node, layer, at)
  if redis.call('GET', LEADER) ~= argv[1] then return 'not leader' end
  if node[1] ~= argv[4] or node[2] ~= 'online' or node[3] ~= '' then return 'node' end
  if (node[11] or '') ~= '' then return 'node' end
  if redis.call('SISMEMBER', faults.blocked_key(layer[1] or ''), argv[3]) == 1 then return 'node' end
  for i = 1, 3 do
    if tonumber(node[3 + i]) < tonumber(argv[5 + i]) then return 'room' end
  end
  local job = layer[1] and redis.call('HMGET', job_key(layer[1]), 'state', 'group', 'start_ms')
  if not job or job[1] ~= 'active' or redis.call('ZSCORE', STARTING, layer[1]) then return 'job' end
  if tonumber(layer[3]) <= tonumber(layer[4]) then return 'no work' end
  lease.group, lease.begins_ms = job[2] or '', tonumber(job[3] or 0)
  if argv[11] == '' and reserved_for_another(node[9], node[10], lease.layer, at) then
    return 'reserved'
  end
  if over_ceiling(lease) then return 'ceiling' end
  local cap = full_cap(lease)
  return cap and 'cap ' .. cap
end

redis.register_function('farm_grant', function(keys, argv)
  local key = lease_key(argv[2])
  if redis.call('EXISTS', key) == 1 then return 'granted' end -- our own command, repeated
  local node = redis.call('HMGET', node_key(argv[3]), unpack(NODE))
  local layer, at = redis.call('HMGET', layer_key(argv[5]), unpack(LAYER)), now_ms()
  local lease = {id = argv[2], key = key, node = argv[3], epoch = argv[4], layer = argv[5],
    cores = argv[6], memory_bytes = argv[7], gpus = argv[8], anywhere = argv[9], left = argv[11],
    job = layer[1], production = layer[2], limits = layer[5] or '', ordinal = node[7],
    interruptible = layer[6] or '', pool = node[8], state = 'granted', hand_ms = '',
    granted_ms = string.format('%.0f', at), wanted = (layer[3] or 0) - (layer[4] or 0),
    served_ms = tonumber(layer[7]), at = at, coming = tonumber(layer[4] or 0)}
  local why = refusal(lease, argv, node, layer, at)
  if why then return usage.refused(why) end
  make_lease(lease, at, argv[10])
  if node[12] then faults.close_on_probation(lease.node) end
  if node[9] == lease.layer then clear_reservation(lease.node) end
  return 'granted'
end)

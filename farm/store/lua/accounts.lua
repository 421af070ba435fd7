-- The accounts of all nodes, brought up to now without a write, and what is kept of past eras.
-- KEYS  1 {farm}
-- ARGV  none
-- Returns {now ms, nodes, pools}. A node is {name, pool, version of its worker, ms of its last heartbeat,
-- ms that its era lasts, 1 when it reports, then the numbers of its account, see _partition.lua}. A pool is {name, its hash of _eras.lua, then of
-- its cores and of its GPUs 1 when something waits, and when some of that is not judged}.
-- Read together, since a large farm has many: the account of each node, the integrals of each pool.
local function read_packed(names, mark)
  local found = {}
  for first = 1, #names, AT_ONCE do
    local fields, last = {}, math.min(first + AT_ONCE - 1, #names)
    for i = first, last do fields[#fields + 1] = mark .. names[i] end
    for i, one in ipairs(redis.call('HMGET', ACCOUNTS, unpack(fields))) do
      found[names[first + i - 1]] = one
    end
  end
  return found
end

local function beats_told()
  local found, listed = {}, redis.call('ZRANGE', ALIVE, 0, -1, 'WITHSCORES')
  for i = 1, #listed, 2 do found[listed[i]] = tonumber(listed[i + 1]) end
  return found
end

local function read_nodes(now, cores, gpus)
  local rows, names, beat = {}, redis.call('HKEYS', NODES), beats_told()
  local kept = read_packed(names, 'node ')
  for _, name in ipairs(names) do
    if kept[name] then
      local t = parse(kept[name])
      t.cores, t.gpus, t[BEAT] = cores[t.pool], gpus[t.pool], beat[name] or t[BEAT]
      accounts.bring(t, name, now)
      local reports = t[MODE] ~= accounts.OFFLINE and now < t[BEAT] + accounts.ALIVE_MS
      local f = redis.call('HMGET', node_key(name), 'version', 'heartbeat_ms')
      rows[#rows + 1] = {name, t.pool, f[1] or '', tonumber(f[2]), t[AT] - t[SINCE] + t[BACK], reports and 1 or 0,
        unpack(t, 1, t.size)}
    end
  end
  return rows
end

redis.register_function{function_name = 'farm_accounts', flags = {'no-writes'},
  callback = function(keys, argv)
    local now, names, pools = now_ms(), redis.call('SMEMBERS', POOLS), {}
    local cores, gpus = read_packed(names, 'cores '), read_packed(names, 'gpus ')
    for _, pool in ipairs(names) do
      local _, _, waits, unjudged = demand.seen('cores', pool, now, cores[pool])
      local _, _, for_gpus, new_gpus = demand.seen('gpus', pool, now, gpus[pool])
      table.insert(pools, {pool, redis.call('HGETALL', past_key(pool)), waits, unjudged, for_gpus,
        new_gpus})
    end
    return {now, read_nodes(now, cores, gpus), pools}
  end}

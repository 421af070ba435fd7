-- Everything the audit of accounts recomputes from, at one instant.
-- KEYS  1 {farm}
-- ARGV  none
-- Returns {nodes, pools, counts of waiting layers as kept, as counted anew, integrals}. A node is {name,
-- its hash, pool of its account, the numbers of its account}, a pool {name, its hash of _eras.lua},
-- an integral {"<kind> <pool>", does W grow, does U grow}; hashes are flat arrays.
local function audited_node(name)
  local t = accounts.load(name)
  if not t then return {name, {}, '', {}} end
  return {name, redis.call('HGETALL', node_key(name)), t.pool, {unpack(t, 1, GPUS + BLOCK)}}
end

local function count_anew()
  local counts, found = {}, {}
  local function count(name) counts[name] = (counts[name] or 0) + 1 end
  for _, production in ipairs(redis.call('SMEMBERS', PRODUCTIONS)) do
    for _, id in ipairs(redis.call('ZRANGE', waiting_key(production), 0, -1)) do
      local f = redis.call('HMGET', layer_key(id), 'view', 'unjudged')
      local view = cjson.decode(f[1])
      for _, kind in ipairs(kinds(view.resources[3])) do
        count(kind .. ' ' .. view.pool)
        if f[2] then count('new ' .. kind .. ' ' .. view.pool) end
      end
    end
  end
  for name, number in pairs(counts) do
    table.insert(found, name)
    table.insert(found, tostring(number))
  end
  return found
end

redis.register_function{function_name = 'farm_audit_accounts', flags = {'no-writes'},
  callback = function(keys, argv)
    local nodes, pools, integrals = {}, {}, {}
    for _, name in ipairs(redis.call('HKEYS', NODES)) do table.insert(nodes, audited_node(name)) end
    for _, pool in ipairs(redis.call('SMEMBERS', POOLS)) do
      table.insert(pools, {pool, redis.call('HGETALL', past_key(pool))})
      for _, kind in pairs(KINDS) do
        local _, _, waits, unjudged = demand.seen(kind, pool, now_ms())
        table.insert(integrals, {kind .. ' ' .. pool, waits, unjudged})
      end
    end
    return {nodes, pools, redis.call('HGETALL', demand.counts), count_anew(), integrals}
  end}

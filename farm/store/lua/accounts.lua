-- The accounts of all nodes, brought up to now without a write, and what is kept of past eras.
-- KEYS  1 {farm}
-- ARGV  none
-- Returns {now ms, nodes, pools}. A node is {name, pool, ms that its era lasts, then of its cores and
-- of its GPUs: all of them, sums of _partition.lua, and what each sum grows by in a ms}; cores are in
-- quarters. A pool is {name, its hash of _eras.lua}.
local function read_block(row, t, b, growth)
  table.insert(row, t[b + ALL])
  for i = 1, #accounts.sums do table.insert(row, t[b + SUMS + i]) end
  for i = 1, #accounts.sums do table.insert(row, growth[b + SUMS + i] - t[b + SUMS + i]) end
end

local function read_node(name, now)
  local t, growth = accounts.load(name), accounts.load(name)
  if not t then return nil end
  accounts.bring(t, name, now)
  for i in ipairs(t) do growth[i] = t[i] end
  accounts.bring(growth, name, now + 1)
  local row = {name, t.pool, t[AT] - t[SINCE] + t[BACK]}
  read_block(row, t, CORES, growth)
  read_block(row, t, GPUS, growth)
  return row
end

redis.register_function{function_name = 'farm_accounts', flags = {'no-writes'},
  callback = function(keys, argv)
    local now, nodes, pools = now_ms(), {}, {}
    for _, name in ipairs(redis.call('HKEYS', NODES)) do
      table.insert(nodes, read_node(name, now))
    end
    for _, pool in ipairs(redis.call('SMEMBERS', POOLS)) do
      table.insert(pools, {pool, redis.call('HGETALL', past_key(pool))})
    end
    return {now, nodes, pools}
  end}

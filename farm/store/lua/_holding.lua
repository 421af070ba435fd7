-- Stopping what is in hand: of a cancelled job, and of layers that are held (see _chains.lua).
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- A lease stays booked until its worker has stopped what it runs: kill before release.
local function stop_lease(lease)
  redis.call('HSET', lease.key, 'kill', 1, 'tasks', '')
  nudge(lease.node)
end

local function kill_leases(layer, why)
  for _, id in ipairs(redis.call('SMEMBERS', layer_leases_key(layer.id))) do
    local lease = open_lease(id)
    if recall_lease(lease, why) == 'recalled' then stop_lease(lease) end
  end
end

-- Begin a layer anew: its failures are forgotten, as with any retry. Only tasks that have a story
-- can have failed.
local function forget_failures(layer)
  for _, index in ipairs(redis.call('HKEYS', stories_key(layer.id))) do
    local attempt, failures = read_head(layer, index)
    if failures > 0 then write_head(layer, index, attempt, 0) end
  end
  redis.call('DEL', returned_key(layer.id), avoid_key(layer.id))
  layer.cursor = 0
end

local function hold(id)
  local layer, count = open_layer(id), 0
  for name in pairs(TASK_MOVES) do count = count + move_every(layer, name, 'hold') end
  if count == 0 then return false end -- blocked as it is, and all that comes after it
  kill_leases(layer, 'what it is made from is rendered again')
  forget_failures(layer)
  close_layer(layer)
  return true
end

local function hold_followers(layer)
  for id in followers(layer) do
    if hold(id) then hold_followers({key = layer_key(id)}) end
  end
end

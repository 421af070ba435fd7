-- Stopping what is in hand: of a cancelled job, and of tasks that are held (_chains.lua) or skipped.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- A lease stays booked until its worker has stopped what it runs: kill before release.
local function stop_lease(lease)
  usage.credit_stopped(lease, lease.hand)
  redis.call('HSET', lease.key, 'kill', 1, 'tasks', '', 'account', usage.account_of(lease))
  nudge(lease.node)
end

local function kill_lease(lease, why)
  if recall_lease(lease, why) == 'recalled' then stop_lease(lease) end
end

local function kill_leases(layer, why)
  for _, id in ipairs(redis.call('SMEMBERS', layer_leases_key(layer.id))) do
    kill_lease(open_lease(id), why)
  end
end

-- Stop the leases that have `layer.stopped` tasks in hand; their other tasks are lost, not failed.
function stop_held(layer)
  if not next(layer.stopped) then return end
  for _, id in ipairs(redis.call('SMEMBERS', layer_leases_key(layer.id))) do
    local lease, hit = open_lease(id), {}
    for _, index in ipairs(lease.held) do
      if layer.stopped[index] then lease.hand[index], hit[index] = nil, true end
    end
    if next(hit) then
      usage.credit_stopped(lease, hit)
      lose_hand(layer, lease)
      kill_lease(lease, 'a task in hand is not wanted any more')
    end
  end
  layer.stopped = {}
end

-- Begin a task anew: its failures are forgotten, as with any retry.
local function forget(layer, index)
  local attempt, failures = read_head(layer, index)
  if failures > 0 then write_head(layer, index, attempt, 0) end
  redis.call('HDEL', avoid_key(layer.id), index)
end

-- … and a whole layer. Only tasks that have a story can have failed.
local function forget_failures(layer)
  for _, index in ipairs(redis.call('HKEYS', stories_key(layer.id))) do forget(layer, index) end
  redis.call('DEL', returned_key(layer.id), avoid_key(layer.id))
  layer.cursor = 0
end

-- A task that is ready again is found: behind the cursor only by the list of those that came back.
local function offer(layer, index)
  if index < layer.cursor then redis.call('RPUSH', returned_key(layer.id), index) end
end

-- Layers that come after another one of their job. While that one has open tasks, all of theirs are
-- blocked; when all of it has succeeded they are released; when it ended otherwise they are
-- cancelled. So no layer waits in vain, and none works from what is not there: the audit holds it.
--
-- When tasks of the other layer are retried, what comes after it is held: all its tasks are blocked
-- again, and so on down the chain. Those in hand too, and their renderers are stopped: they work
-- from images that are about to change, and must not pass for what the new ones make.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local close_layer -- defined in _close.lua

-- Move all tasks in state `name`; returns how many.
local function move_every(layer, name, event)
  local after = TASK_MOVES[name][event]
  if not after then return 0 end
  local bytes = redis.call('GET', layer.states)
  local changed, count = string.gsub(bytes, BYTE_PATTERN[name], TASK_BYTES[after])
  if count == 0 then return 0 end
  redis.call('SET', layer.states, changed)
  count_moved(layer, name, after, count)
  return count
end

local function succeeded(layer_id)
  local f = redis.call('HMGET', layer_key(layer_id), 'tasks', 'succeeded')
  return f[1] == f[2]
end

local function followers(layer)
  return string.gmatch(redis.call('HGET', layer.key, 'followers') or '', '%S+')
end

-- A layer has ended, and its counters say how.
local function end_waits(layer)
  for id in followers(layer) do
    local follower = open_layer(id)
    move_every(follower, 'blocked', succeeded(layer.id) and 'release' or 'cancel')
    close_layer(follower)
  end
end

-- May tasks of this layer begin again? Not while what they are made from is missing.
local function may_begin(layer)
  local after = redis.call('HGET', layer.key, 'after')
  return not after or after == '' or succeeded(after)
end

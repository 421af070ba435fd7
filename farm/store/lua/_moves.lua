-- Tasks move by the transition table, one or many; what has moved is counted when the layer is closed.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function task_state(layer, index)
  return TASK_NAMES[redis.call('GETRANGE', layer.states, index, index)]
end

local function count_moved(layer, before, after, count)
  layer.moved[before] = (layer.moved[before] or 0) - count
  layer.moved[after] = (layer.moved[after] or 0) + count
end

-- Move one task. Returns its new state, or nil when the table has no such move.
local function move_task(layer, index, before, event)
  local after = TASK_MOVES[before] and TASK_MOVES[before][event]
  if not after then return nil end
  redis.call('SETRANGE', layer.states, index, TASK_BYTES[after])
  count_moved(layer, before, after, 1)
  if layer.framed and not (OPEN_TASK[before] and OPEN_TASK[after]) then
    table.insert(layer.touched, tonumber(index)) -- told to what waits for it, see _spread.lua
  end
  return after
end

-- Move all tasks in state `name`; returns how many.
local function move_every(layer, name, event)
  local after = TASK_MOVES[name][event]
  if not after then return 0 end
  local bytes = redis.call('GET', layer.states)
  local changed, count = string.gsub(bytes, BYTE_PATTERN[name], TASK_BYTES[after])
  if count == 0 then return 0 end
  redis.call('SET', layer.states, changed)
  count_moved(layer, name, after, count)
  layer.all_touched = true
  return count
end

-- Make ended tasks of a layer ready again, their count of failures forgotten: a slice of them, so
-- that a million do not hold the store up. What was made from them is held until they are done.
-- Tasks that wait for something are blocked instead, until it is there. Where what they wait for did
-- not succeed they stay as they are: nothing would let them go.
-- KEYS  1 {farm}
-- ARGV  1 request id   2 layer   3 states to retry, between commas: "failed,cancelled"
--       4 first index   5 how many to look at   6 JSON [index, …] to retry only these, or ""
-- Returns {tasks that will be rendered again}.
local RETRIED_BY = {holds = 'retry', waits = 'hold'}

local function retry_one(layer, index, wanted)
  local state = task_state(layer, index)
  if not wanted[state] then return false end
  layer.shared = layer.shared or shared_status(layer)
  local event = RETRIED_BY[task_status(layer, index, layer.shared)]
  if not event or not move_task(layer, index, state, event) then return false end
  forget(layer, index)
  return true
end

local function retry_these(layer, wanted, indices)
  local count = 0
  for _, index in ipairs(indices) do
    if retry_one(layer, index, wanted) then
      offer(layer, index)
      count = count + 1
    end
  end
  return count
end

local function retry_slice(layer, wanted, first, length)
  local count = 0
  for index = first, math.min(first + length, layer.tasks) - 1 do
    if retry_one(layer, index, wanted) then count = count + 1 end
  end
  -- Found again from the front; no list of them is needed.
  if count > 0 then layer.cursor = math.min(layer.cursor, first) end
  return count
end

register_once('farm_retry', function(argv)
  local layer, wanted, count = open_layer(argv[2]), {}, 0
  if not layer then return {0} end
  for state in string.gmatch(argv[3], '%a+') do wanted[state] = true end
  if argv[6] ~= '' then count = retry_these(layer, wanted, cjson.decode(argv[6]))
  else count = retry_slice(layer, wanted, tonumber(argv[4]), tonumber(argv[5])) end
  close_layer(layer)
  return {count}
end)

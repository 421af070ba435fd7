-- Make ended tasks of a layer ready again, their count of failures forgotten: a slice of them, so
-- that a million do not hold the store up. What comes after the layer is held until they are done.
-- Tasks whose layer comes after one that has not succeeded stay as they are: nothing would let
-- them go.
-- KEYS  1 {farm}
-- ARGV  1 request id   2 layer   3 states to retry, between commas: "failed,cancelled"
--       4 first index   5 how many to look at   6 JSON [index, …] to retry only these, or ""
-- Returns {tasks made ready}.
local function retry_one(layer, index, wanted)
  local state = task_state(layer, index)
  if not wanted[state] or not move_task(layer, index, state, 'retry') then return false end
  local attempt, failures = read_head(layer, index)
  if failures > 0 then write_head(layer, index, attempt, 0) end
  redis.call('HDEL', avoid_key(layer.id), index)
  return true
end

local function retry_these(layer, wanted, indices)
  local count = 0
  for _, index in ipairs(indices) do
    if retry_one(layer, index, wanted) then
      redis.call('RPUSH', returned_key(layer.id), index)
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
  if not layer or not may_begin(layer) then return {0} end
  for state in string.gmatch(argv[3], '%a+') do wanted[state] = true end
  if argv[6] ~= '' then count = retry_these(layer, wanted, cjson.decode(argv[6]))
  else count = retry_slice(layer, wanted, tonumber(argv[4]), tonumber(argv[5])) end
  if count > 0 and not OPEN_JOB[redis.call('HGET', job_key(layer.job), 'state')] then
    move_job(layer.job, 'retry')
  end
  close_layer(layer)
  if count > 0 then hold_followers(layer) end
  return {count}
end)

-- Make ended tasks of a job ready again, their count of failures forgotten.
-- KEYS  1 {farm}
-- ARGV  1 request id   2 job   3 states to retry, between commas: "failed,cancelled"
--       4 JSON {layer id: [index, …]} to retry only these, or ""
-- Returns {"ok", tasks made ready} or {"no job"}.
local function retry_one(layer, index, wanted, place)
  local state = task_state(layer, index)
  if not wanted[state] or not move_task(layer, index, state, 'retry') then return 0 end
  local attempt, failures = read_head(layer, index)
  if failures > 0 then write_head(layer, index, attempt, 0) end
  redis.call('HDEL', avoid_key(layer.id), index)
  if place then redis.call('RPUSH', returned_key(layer.id), index) end
  return 1
end

local function retry_layer(layer, wanted, only)
  local count = 0
  if only then
    for _, index in ipairs(only) do count = count + retry_one(layer, index, wanted, true) end
    return count
  end
  local bytes = redis.call('GET', layer.states)
  for index = 0, layer.tasks - 1 do
    if wanted[TASK_NAMES[string.sub(bytes, index + 1, index + 1)]] then
      count = count + retry_one(layer, index, wanted, false)
    end
  end
  if count > 0 then layer.cursor = 0 end -- found again from the front, no list of them is needed
  return count
end

register_once('farm_retry', function(argv)
  local job, wanted, count = argv[2], {}, 0
  local layers = tonumber(redis.call('HGET', job_key(job), 'layers') or 0)
  if layers == 0 then return {'no job'} end
  for state in string.gmatch(argv[3], '%a+') do wanted[state] = true end
  local only = argv[4] ~= '' and cjson.decode(argv[4])
  for number = 1, layers do
    local layer = open_layer(job .. '.' .. number)
    if not only or only[layer.id] then
      count = count + retry_layer(layer, wanted, only and only[layer.id])
      if count > 0 and not OPEN_JOB[redis.call('HGET', job_key(job), 'state')] then
        move_job(job, 'retry')
      end
      close_layer(layer)
    end
  end
  return {'ok', count}
end)

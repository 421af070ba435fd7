-- Who stands in line for slots.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- A layer waits for slots while its job is active and has begun, and it has ready tasks. A job that
-- begins later stands in the list of those; due.lua takes it out when its time has come.
local function set_waiting(layer_id, production, job)
  local key = waiting_key(production)
  local j = redis.call('HMGET', job_key(job), 'state', 'priority', 'created_ms')
  local ready = tonumber(redis.call('HGET', layer_key(layer_id), 'ready'))
  if j[1] == 'active' and ready > 0 and not redis.call('ZSCORE', STARTING, job) then
    -- Higher priority first, then older: both fit exactly in one double.
    local new = redis.call('ZADD', key, string.format('%.0f', (100 - j[2]) * 1e13 + j[3]), layer_id)
    if new == 1 then demand.begins(layer_id) end
  elseif redis.call('ZREM', key, layer_id) == 1 then
    demand.ends(layer_id)
  end
end

-- Why nothing more of the job may begin now, or nil.
local function kept_back(job)
  local state = redis.call('HGET', job_key(job), 'state')
  if state ~= 'active' then return state end
  return redis.call('ZSCORE', STARTING, job) and 'it begins later' or nil
end

-- Note when a job may begin, in ms; 0 is at once. `set_waiting` of its layers must follow.
local function set_start(job, start_ms)
  redis.call('HSET', job_key(job), 'start_ms', start_ms)
  if tonumber(start_ms) > now_ms() then redis.call('ZADD', STARTING, start_ms, job)
  else redis.call('ZREM', STARTING, job) end
end

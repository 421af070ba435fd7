-- The end of a change to a layer: write the counters of layer and job, keep the list of waiting
-- layers right, end the job with its last task, tell what waits, and wake the scheduler.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function trim(key)
  -- Growing a string leaves spare room behind it; an ended layer gives that back.
  local size = redis.call('STRLEN', key)
  if size > 0 and size < 1048576 then redis.call('SET', key, redis.call('GET', key)) end
end

local function end_job_if_done(job)
  local f = redis.call('HMGET', job_key(job), 'open', 'failed', 'cancelled')
  if f[1] ~= '0' then return end
  if f[2] == '0' and f[3] == '0' then move_job(job, 'succeed') else move_job(job, 'fail') end
end

function close_layer(layer)
  spread_own(layer)
  stop_held(layer)
  touch_layer(layer.id)
  local before, coming, open, left, job_left = usage.add_up(layer)
  local ready = before + (layer.moved.ready or 0)
  if open > 0 then reopen_job(layer.job) end
  if (before > 0) ~= (ready > 0) then set_waiting(layer.id, layer.production, layer.job) end
  if before == 0 and ready > 0 then redis.call('HSET', layer.key, 'served_ms', now_ms()) end
  if before > 0 and ready > 0 then
    demand.changes(layer.id, layer.production, before - coming, ready - coming)
  end
  if ready > before then wake() end
  if left == 0 then
    trim(layer.records)
    trim(images_key(layer.id))
    redis.call('DEL', returned_key(layer.id), avoid_key(layer.id))
  end
  if job_left == 0 then end_job_if_done(layer.job) end
  usage.write()
  spread(layer, open)
end

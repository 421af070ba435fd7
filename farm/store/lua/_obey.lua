-- Layers that wait: while what a task waits for may still come, it is blocked; when all of it holds,
-- it is released; when that cannot be any more, it is cancelled, so that the job ends. When a source
-- is retried, what was made from it is held: blocked again, and stopped where it is in hand, since it
-- works from images that are about to change. The audit holds all of this.
-- A skipped task is a person's word, and stays. A job that a person cancelled is left alone.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local EVENT_OF = {holds = 'release', broken = 'cancel', waits = 'hold'}

-- nil when the layer is to be left alone. What a person cancelled comes back by a person's retry.
local function open_waiting(id)
  local layer = open_layer(id)
  local job = redis.call('HMGET', job_key(layer.job), 'state', 'ended_by')
  layer.mended = not job[2] -- all that is cancelled was cancelled here
  return job[1] ~= 'cancelled' and layer or nil
end

-- Let one task follow from what it waits for.
local function obey(layer, index, status)
  local state = task_state(layer, index)
  if state == 'cancelled' and status == 'holds' and layer.mended then
    move_task(layer, index, state, 'hold')
    state = 'blocked'
  end
  if state == 'skipped' or (status ~= 'waits') ~= (state == 'blocked') then return end
  move_task(layer, index, state, EVENT_OF[status])
  if status == 'holds' then offer(layer, index)
  elseif status == 'waits' then forget(layer, index) end
  if state == 'running' then layer.stopped[index] = true end
end

local function hold_every(layer)
  local count = 0
  for name in pairs(TASK_MOVES) do
    if name ~= 'skipped' then count = count + move_every(layer, name, 'hold') end
  end
  if count == 0 then return end -- blocked as it is
  kill_leases(layer, 'what it is made from is rendered again')
  forget_failures(layer)
end

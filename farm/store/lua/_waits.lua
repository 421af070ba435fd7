-- Does what a task waits for hold? "holds", "waits" (it still may), or "broken" (only a retry of the
-- source can mend it). The worst of all its dependencies counts.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local COUNTED = {'tasks', 'open', 'succeeded', 'skipped'}
local WORSE = {holds = 1, waits = 2, broken = 3}

local function worse(a, b) return WORSE[a] > WORSE[b] and a or b end

local function ended_as(good, release) return (good or release == 'end') and 'holds' or 'broken' end

local function job_status(state, release)
  if OPEN_JOB[state] then return 'waits' end
  return ended_as(state == 'succeeded', release)
end

local function layer_status(edge, tasks, open, done)
  if edge.match == 'any' and (done > 0 or (edge.release == 'end' and open < tasks)) then
    return 'holds'
  end
  return open > 0 and 'waits' or ended_as(done == tasks, edge.release)
end

local function counts_of(layer_id)
  local f = redis.call('HMGET', layer_key(layer_id), unpack(COUNTED))
  return tonumber(f[1]), tonumber(f[2]), f[3] + (tonumber(f[4]) or 0)
end

local function frame_status(state, release)
  if OPEN_TASK[state] then return 'waits' end
  return ended_as(state == 'succeeded' or state == 'skipped', release)
end

-- What all tasks of `layer` wait for alike.
local function shared_status(layer)
  local status = 'holds'
  for _, edge in ipairs(edges(layer.after)) do
    local job = string.match(edge.other, '^j(%d+)$')
    if job then
      status = worse(status, job_status(redis.call('HGET', job_key(job), 'state'), edge.release))
    elseif edge.match ~= 'frame' then
      status = worse(status, layer_status(edge, counts_of(edge.other)))
    end
  end
  return status
end

-- What task `index` waits for, `shared` by all or its own.
local function task_status(layer, index, shared)
  local status = shared
  layer.edges = layer.edges or edges(layer.after)
  for _, edge in ipairs(layer.edges) do
    local at = edge.match == 'frame' and source_of(layer, edge, index)
    if at then
      local state = task_state({states = states_key(edge.other)}, at)
      status = worse(status, frame_status(state, edge.release))
    end
  end
  return status
end

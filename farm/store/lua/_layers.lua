-- A layer opened for changes: tasks move by the transition table, counters are written once at the
-- end, and with them the job's counters, the list of waiting layers and the job's own end.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function open_layer(id)
  local f = redis.call('HMGET', layer_key(id), 'job', 'production', 'tasks', 'cursor', 'chunk',
    'peak_kib')
  if not f[1] then return nil end
  return {
    id = id, key = layer_key(id), states = states_key(id), records = records_key(id),
    job = f[1], production = f[2], tasks = tonumber(f[3]), cursor = tonumber(f[4]),
    chunk = tonumber(f[5]), moved = {}, render_ms = 0, render_squares = 0, rendered = 0,
    peak_kib = tonumber(f[6] or 0), peak_before = tonumber(f[6] or 0),
  }
end

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
  return after
end

local function move_job(job, event)
  local before = redis.call('HGET', job_key(job), 'state')
  local after = JOB_MOVES[before] and JOB_MOVES[before][event]
  if not after then return nil, before end
  redis.call('HSET', job_key(job), 'state', after)
  if OPEN_JOB[after] then
    redis.call('SADD', OPEN_JOBS, job)
    redis.call('HDEL', job_key(job), 'ended_ms')
    set_start(job, redis.call('HGET', job_key(job), 'start_ms') or 0)
  else
    redis.call('SREM', OPEN_JOBS, job)
    redis.call('ZREM', STARTING, job)
    redis.call('HSET', job_key(job), 'ended_ms', now_ms())
  end
  fact('job_' .. after, 'job', job, 'event', event)
  return after, before
end

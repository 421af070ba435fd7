-- A layer opened for changes: tasks move by the transition table, counters are written once at the
-- end, and with them the job's counters, the list of waiting layers and the job's own end.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local close_layer -- defined in _close.lua
local stop_held -- defined in _holding.lua
local spread, spread_own, spread_job -- defined in _spread.lua

local function open_layer(id)
  local f = redis.call('HMGET', layer_key(id), 'job', 'production', 'tasks', 'cursor', 'chunk',
    'peak_kib', 'after', 'followers', 'pool', 'ready')
  if not f[1] then return nil end
  return {
    id = id, key = layer_key(id), states = states_key(id), records = records_key(id),
    job = f[1], production = f[2], tasks = tonumber(f[3]), cursor = tonumber(f[4]),
    chunk = tonumber(f[5]), moved = {}, render_ms = 0, render_squares = 0, rendered = 0,
    peak_kib = tonumber(f[6] or 0), pool = f[9] or '', ready = tonumber(f[10]),
    after = f[7] or '', followers = f[8] or '', touched = {}, own_spread = 0, stopped = {},
    framed = string.find(f[8] or '', ':frame:', 1, true),
  }
end

function usage.count_job(state, change) redis.call('HINCRBY', usage.jobs, state, change) end

local function move_job(job, event)
  local before = redis.call('HGET', job_key(job), 'state')
  local after = JOB_MOVES[before] and JOB_MOVES[before][event]
  if not after then return nil, before end
  redis.call('HSET', job_key(job), 'state', after)
  usage.count_job(before, -1)
  usage.count_job(after, 1)
  if OPEN_JOB[after] then
    redis.call('SADD', OPEN_JOBS, job)
    redis.call('HDEL', job_key(job), 'ended_ms')
    set_start(job, redis.call('HGET', job_key(job), 'start_ms') or 0)
  else
    redis.call('SREM', OPEN_JOBS, job)
    touch_job(job)
    redis.call('ZREM', STARTING, job)
    redis.call('HSET', job_key(job), 'ended_ms', now_ms())
  end
  fact('job_' .. after, 'job', job, 'event', event)
  spread_job(job, before, after)
  return after, before
end

-- Tasks of an ended job are open again: so is the job.
local function reopen_job(job)
  if not OPEN_JOB[redis.call('HGET', job_key(job), 'state')] then move_job(job, 'retry') end
end

-- How long layers and jobs had waited, told when a slot is granted and when a task is taken.
-- KEYS: derived, see _keys.lua. Returns: helpers for grant.lua and start.lua.
local function waited(lease, histogram, ms)
  local bucket = usage.bucket(histogram, ms)
  usage.observe(usage.of(lease), histogram, bucket, 1, ms)
  usage.exemplify(lease, histogram[bucket], '-', ms)
end

-- How long the layer has had no new slot when it is granted one; what may not begin does not wait.
function usage.note_wait(lease, at)
  local ready_ms = math.max(lease.served_ms, lease.begins_ms)
  redis.call('HSETNX', job_key(lease.job), 'ready_ms', ready_ms)
  redis.call('SADD', usage.pairs, lease.production .. ' ' .. lease.pool)
  waited(lease, usage.HISTOGRAM.slot_wait_seconds, math.max(0, at - ready_ms))
end

-- The first task of its job is taken.
function usage.note_begun(lease)
  if redis.call('HSETNX', job_key(lease.job), 'begun_ms', now_ms()) == 0 then return end
  local ready_ms = tonumber(redis.call('HGET', job_key(lease.job), 'ready_ms') or now_ms())
  waited(lease, usage.HISTOGRAM.job_wait_seconds, math.max(0, now_ms() - ready_ms))
end

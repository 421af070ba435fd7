-- When the account of a lease is written off, and how its attempts ended.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local MOST_OPEN_MS = 1000

-- Its tasks changed, or it ends (`now`): what no attempt took is overhead.
function usage.credit_open(lease, now)
  lease.owed_ms = lease.owed_ms + usage.take_time(lease, math.huge)
  if not now and lease.made_ms + lease.owed_ms < MOST_OPEN_MS then return end
  usage.credit(lease, 'succeeded', lease.made_ms)
  usage.credit(lease, 'overhead', lease.owed_ms)
  local key = usage.of(lease)
  for place, amount in pairs(lease.seen) do usage.tally(key, place, amount) end
  lease.made_ms, lease.owed_ms, lease.seen = 0, 0, {}
end

-- These attempts of it are stopped: nobody wants them any more.
function usage.credit_stopped(lease, hand)
  local stopped = 0
  for _ in pairs(hand) do stopped = stopped + 1 end
  if stopped > 0 then usage.credit_rest(lease, 'cancelled', stopped) end
end

-- How an attempt ended that told a result.
function usage.ending(event, story, memory)
  if event == 'succeed' then return 'succeeded' end
  if event == 'lose' then return 'lost' end
  if memory > 0 then return 'out_of_memory' end
  return string.find(story, '"outcome":"timed_out"', 1, true) and 'timed_out' or 'failed'
end

-- What a production books, and what it has held up to now: see farm/store/counters.py.
function usage.count_booked(lease, sign)
  local key, parts = usage.of(lease), sign * lease.cores * usage.PARTS
  usage.tally(key, usage.COUNTER.booked, parts)
  usage.tally(key, usage.COUNTER.booked_at, parts * lease.since_ms)
end

-- How long the layer has had no new slot when it is granted one; what may not begin does not wait.
function usage.note_wait(lease, at)
  local ready_ms = math.max(lease.served_ms, lease.begins_ms)
  redis.call('HSETNX', job_key(lease.job), 'ready_ms', ready_ms)
  redis.call('SADD', usage.pairs, lease.production .. ' ' .. lease.pool)
  local counters = usage.tallied(usage.of(lease))
  usage.observe(counters, usage.HISTOGRAM.slot_wait_seconds, math.max(0, at - ready_ms))
end

-- The first task of its job is taken.
function usage.note_begun(lease)
  if redis.call('HSETNX', job_key(lease.job), 'begun_ms', now_ms()) == 0 then return end
  local ready_ms = tonumber(redis.call('HGET', job_key(lease.job), 'ready_ms') or now_ms())
  local counters = usage.tallied(usage.of(lease))
  usage.observe(counters, usage.HISTOGRAM.job_wait_seconds, math.max(0, now_ms() - ready_ms))
end

-- What a result is credited, when the account of a lease is written off, and what is booked.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local MOST_OPEN_MS = 1000

local function write_run(lease, run, histogram)
  if run.count > 0 then
    usage.observe(usage.of(lease), histogram, run.bucket, run.count, run.sum)
    -- None, when all of the run were told in earlier steps.
    if run.last then usage.exemplify(lease, histogram[run.bucket], run.last, run.value) end
  end
  run.count, run.sum = 0, 0
end

-- One more observation, of task `index`, of a run of those that fall into the same bucket.
local function see(lease, run, histogram, index, value)
  local bounds, at = histogram.bounds, run.bucket
  if value > bounds[at] or value <= (bounds[at - 1] or -1) then
    write_run(lease, run, histogram)
    run.bucket = usage.bucket(histogram, value)
  end
  run.count, run.sum = run.count + 1, run.sum + value
  run.last, run.value = index, value
end

-- An attempt at task `index` told a result: its node measured `ms`, and the most memory, if it saw any.
function usage.credit_result(lease, index, how, ms, peak_kib)
  if peak_kib > 0 then see(lease, lease.sizes, usage.HISTOGRAM.peak_memory_bytes, index, peak_kib) end
  if how == 'succeeded' then
    see(lease, lease.renders, usage.HISTOGRAM.render_seconds, index, math.max(0, ms))
    lease.made_ms = lease.made_ms + usage.take_time(lease, ms)
  else
    usage.tally(usage.of(lease), usage.COUNTER['attempts ' .. how], 1)
    usage.credit(lease, how, usage.take_time(lease, ms))
  end
end

-- Its tasks changed, or it ends (`now`): what no attempt took is overhead.
function usage.credit_open(lease, now)
  lease.owed_ms = lease.owed_ms + usage.take_time(lease, math.huge)
  if not now and lease.made_ms + lease.owed_ms < MOST_OPEN_MS then return end
  usage.credit(lease, 'succeeded', lease.made_ms)
  usage.credit(lease, 'overhead', lease.owed_ms)
  lease.made_ms, lease.owed_ms = 0, 0
  write_run(lease, lease.renders, usage.HISTOGRAM.render_seconds)
  write_run(lease, lease.sizes, usage.HISTOGRAM.peak_memory_bytes)
end

-- These attempts of it are stopped: nobody wants them any more.
function usage.credit_stopped(lease, hand)
  local stopped = 0
  for _ in pairs(hand) do stopped = stopped + 1 end
  if stopped > 0 then usage.credit_rest(lease, 'cancelled', stopped) end
end

-- What a production books, and what it has held up to now: see farm/store/counters.py.
function usage.count_booked(lease, sign)
  local key, parts = usage.of(lease), sign * lease.cores * usage.PARTS
  usage.tally(key, usage.COUNTER.booked, parts)
  usage.tally(key, usage.COUNTER.booked_at, parts * lease.since_ms)
end

-- What the time of a lease was spent on: by attempts as they ended, and the rest is overhead. What
-- is credited to a lease adds up to its cores times the time from its grant to its end, exactly.
-- Successes and overhead of less than a second wait in the lease's account for what follows, and so
-- do the histograms of runs of like results: short tasks would pay for them with much of their time.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- Up to when its time was looked at, ms that succeeded, ms of overhead; and twice the bucket of a
-- run, how many, and their sum: of render times and of memory.
local READ = '(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)'
local WRITE = '%d %d %d %d %d %d %d %d %d'

function usage.open_account(lease)
  -- One that an older Karst granted has none: all of its time is still open.
  local account = lease.account or lease.granted_ms .. ' 0 0 1 0 0 1 0 0'
  local since, made, owed, at, renders, ms, of, sizes, kib = string.match(account, READ)
  lease.since_ms, lease.made_ms, lease.owed_ms = tonumber(since), tonumber(made), tonumber(owed)
  -- `last` is the task of a run that this step was told of, if any. A table that grows costs more.
  lease.renders = {bucket = tonumber(at), count = tonumber(renders), sum = tonumber(ms), last = false,
    value = 0}
  lease.sizes = {bucket = tonumber(of), count = tonumber(sizes), sum = tonumber(kib), last = false,
    value = 0}
end

function usage.account_of(lease)
  local renders, sizes = lease.renders, lease.sizes
  return string.format(WRITE, lease.since_ms, lease.made_ms, lease.owed_ms, renders.bucket,
    renders.count, renders.sum, sizes.bucket, sizes.count, sizes.sum)
end

function usage.credit(lease, how, ms)
  if ms == 0 then return end
  local amount = ms * lease.cores * usage.PARTS
  usage.tally(usage.of(lease), usage.COUNTER['time ' .. how], amount)
  local owner = redis.call('HGET', job_key(lease.job), 'owner') or ''
  usage.spend(table.concat({lease.production, owner, lease.pool, how}, ' '), amount)
end

-- Attempts that ended have taken `ms` of the time that was not looked at yet: at most all of it. A
-- clock that was set back stands still for a lease until it has caught up.
function usage.take_time(lease, ms)
  lease.at = lease.at or now_ms()
  local left = lease.at - lease.since_ms
  if ms > left then ms = left end
  if ms < 0 then ms = 0 end
  lease.since_ms = lease.since_ms + ms
  return ms
end

-- All time that is left is of attempts that ended without a result.
function usage.credit_rest(lease, how, attempts)
  usage.tally(usage.of(lease), usage.COUNTER['attempts ' .. how], attempts)
  usage.credit(lease, how, usage.take_time(lease, math.huge))
end

-- What the time of a lease was spent on: by attempts as they ended, and the rest is overhead. What
-- is credited to a lease adds up to its cores times the time from its grant to its end, exactly.
-- Successes and overhead of less than a second wait in the lease's account for what follows, and so
-- do the histograms of successes: short tasks would pay for them with a good part of their time.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- "<up to when its time was looked at> <ms that succeeded> <ms of overhead> <place>:<amount> …"
function usage.open_account(lease)
  -- One that an older Karst granted has none yet: all of its time is open.
  local account = lease.account or lease.granted_ms .. ' 0 0'
  local since, made, owed, at = string.match(account, '(%d+) (%d+) (%d+)()')
  lease.since_ms, lease.made_ms, lease.owed_ms = tonumber(since), tonumber(made), tonumber(owed)
  lease.seen = {}
  for place, amount in string.gmatch(string.sub(account, at), '(#%d+):(%d+)') do
    lease.seen[place] = tonumber(amount)
  end
end

function usage.account_of(lease)
  local words = {string.format('%.0f %.0f %.0f', lease.since_ms, lease.made_ms, lease.owed_ms)}
  for place, amount in pairs(lease.seen) do words[#words + 1] = place .. ':' .. amount end
  return table.concat(words, ' ')
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
  ms = math.max(0, math.min(ms, lease.at - lease.since_ms))
  lease.since_ms = lease.since_ms + ms
  return ms
end

-- An attempt that told a result: its node measured `ms`, and the most memory, if it saw any.
function usage.credit_result(lease, how, ms, peak_kib)
  if peak_kib > 0 then usage.observe(lease.seen, usage.HISTOGRAM.peak_memory_bytes, peak_kib) end
  if how == 'succeeded' then
    usage.observe(lease.seen, usage.HISTOGRAM.render_seconds, ms)
    lease.made_ms = lease.made_ms + usage.take_time(lease, ms)
  else
    usage.tally(usage.of(lease), usage.COUNTER['attempts ' .. how], 1)
    usage.credit(lease, how, usage.take_time(lease, ms))
  end
end

-- All time that is left is of attempts that ended without a result.
function usage.credit_rest(lease, how, attempts)
  usage.tally(usage.of(lease), usage.COUNTER['attempts ' .. how], attempts)
  usage.credit(lease, how, usage.take_time(lease, math.huge))
end

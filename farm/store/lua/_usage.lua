-- Where usage lies: counters of productions in pools, and what is credited by users and days.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
usage.pairs = ROOT .. 'usage:pairs' -- SET of "<production> <pool>" that have counters
usage.jobs = ROOT .. 'usage:jobs'   -- HASH state -> jobs
usage.plan = ROOT .. 'plan'         -- HASH, see note_plan.lua
function usage.counters_key(production, pool)
  return ROOT .. 'production:' .. production .. ':counters:' .. pool
end

-- The key of those in which a lease counts.
function usage.of(lease)
  lease.counters = lease.counters or usage.counters_key(lease.production, lease.pool)
  return lease.counters
end

-- HASH "<production> <owner> <pool> <how>" -> core time, of one day since 1970
function usage.day_key(day) return ROOT .. 'usage:' .. day end

usage.DAY_MS, usage.DAYS_KEPT = 86400000, 400

local spent = {} -- field of the day's usage -> amount

-- Core time, also by the user on this day.
function usage.spend(field, amount) spent[field] = (spent[field] or 0) + amount end

function usage.write_spent()
  if not next(spent) then return end
  local key = usage.day_key(math.floor(now_ms() / usage.DAY_MS))
  for field, amount in pairs(spent) do
    if redis.call('HINCRBY', key, field, amount) == amount then
      redis.call('EXPIRE', key, usage.DAYS_KEPT * usage.DAY_MS / 1000) -- it may be the first of its day
    end
  end
  spent = {}
end

-- Tasks that are new there, or gone from there. Moves from state to state are counted in _totals.lua.
function usage.count_tasks(production, pool, state, change)
  local key, place = usage.counters_key(production, pool), usage.TASKS[state]
  redis.call('SADD', usage.pairs, production .. ' ' .. pool)
  usage.tally(key, usage.COUNTER['tasks all'], change)
  if place then usage.tally(key, place, change) end
end

-- {"<production> <pool>", its counters, …}
function usage.all_counters()
  local told = {}
  for _, name in ipairs(redis.call('SMEMBERS', usage.pairs)) do
    table.insert(told, name)
    table.insert(told, redis.call('GET', usage.counters_key(string.match(name, '^(%S+) (.*)$'))) or '')
  end
  return told
end

-- Count that a grant was refused, by the first words of why.
function usage.refused(why)
  local short = string.gsub(why, '^cap (%a+):.*', {limit = 'limit', job = 'job cap', group = 'group cap'})
  redis.call('HINCRBY', usage.plan, 'refused ' .. short, 1)
  return why
end

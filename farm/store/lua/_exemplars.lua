-- Of each bucket of a pool's histograms an observation that was counted of late with its job, for people
-- who ask of a point in a graph what that was. They are gathered beside the counters and written with
-- them, those of a bucket at most once a second: a scrape sees one, and a busy farm settles thousands.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- HASH "<place of the bucket> <pool>" -> "<layer> <task or -> <value> <when, ms> <node>"
usage.exemplars = ROOT .. 'usage:exemplars'
local EACH_MS = 1000

-- By pool and place, when one was noted last. Only the server's memory knows, and what it forgets is
-- written anew.
local noted = {}
local words, count = {}, 0

local function is_fresh(pool, place, at)
  local places = noted[pool]
  if not places then
    places = {}
    noted[pool] = places
  end
  local last = places[place]
  if last and at >= last and at < last + EACH_MS then return true end
  places[place] = at
end

-- `value` of the lease's task `index` fell into the bucket at `place`; a wait is of no one task: '-'.
function usage.exemplify(lease, place, index, value)
  local at = lease.at or now_ms()
  if is_fresh(lease.pool, place, at) then return end
  words[count + 1] = place .. ' ' .. lease.pool
  words[count + 2] = lease.layer .. ' ' .. index .. ' ' .. value .. ' ' .. at .. ' ' .. lease.node
  count = count + 2
end

function usage.write_exemplars()
  if count == 0 then return end
  redis.call('HSET', usage.exemplars, unpack(words, 1, count))
  count = 0
end

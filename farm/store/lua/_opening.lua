-- A bound that is raised is news of all that waits.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- All that waits may have more than a leader has judged.
function demand.opens()
  local new = redis.call('HINCRBY', demand.counts, 'mark', 1)
  redis.call('HSET', demand.counts, 'opened', new)
  for _, kind in pairs(KINDS) do demand.follow(kind, '') end
end

-- The leader has judged that, as of `seen`.
function demand.opening_judged(seen)
  if redis.call('HGET', demand.counts, 'opened') ~= seen then return end
  redis.call('HDEL', demand.counts, 'opened')
  for _, kind in pairs(KINDS) do demand.follow(kind, '') end
end

-- A bound was `before` and is `after`; `none` is how it says that it bounds nothing.
function demand.bounded(before, after, none)
  local function most(value) return value == none and math.huge or tonumber(value) end
  if most(after) > most(before) then demand.opens() end
end

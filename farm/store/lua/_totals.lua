-- The counters of a layer, of its job, and of its production, after some of its tasks have moved:
-- read and written by one call each, with tables that are used again: no step is called more often.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local USE = {'rendered', 'render_ms', 'render_squares'}
local raised, raised_by, raise_words = {}, {}, {}

-- Gather the states whose numbers change, and "open" if that does. Returns how many, and the change.
local function gather_moves(layer)
  local n, open = 0, 0
  for state, change in pairs(layer.moved) do
    if change ~= 0 then
      n = n + 1
      raised[n], raised_by[n] = state, change
      if OPEN_TASK[state] then open = open + change end
    end
  end
  if open == 0 then return n, 0 end
  raised[n + 1], raised_by[n + 1] = 'open', open
  return n + 1, open
end

-- Raise the first `n` counters gathered at `key`, behind `m` words that are written along; more names
-- are read only. Returns them as they were.
local function raise_all(key, n, m, all)
  local f = redis.call('HMGET', key, unpack(raised, 1, all))
  for i = 1, n do
    raise_words[m + 2 * i - 1], raise_words[m + 2 * i] = raised[i], (f[i] or 0) + raised_by[i]
  end
  redis.call('HSET', key, unpack(raise_words, 1, m + 2 * n))
  return f
end

-- What a settle has learnt. Returns how many there are to raise now.
local function gather_use(layer, n)
  for i, name in ipairs(USE) do raised[n + i], raised_by[n + i] = name, layer[name] end
  return n + #USE
end

-- Returns how many tasks were ready before and how many leases are granted to the layer, by how many
-- its open tasks have changed, and how many of layer and job are open, nil if that did not change.
function usage.add_up(layer)
  local n, open = gather_moves(layer)
  local job = n > 0 and raise_all(job_key(layer.job), n, 0, n)
  local of_job, at = open ~= 0 and job[n] + open or nil, open ~= 0 and n
  local key = usage.counters_key(layer.production, layer.pool)
  for i = 1, open ~= 0 and n - 1 or n do
    local place = usage.TASKS[raised[i]]
    if place then usage.tally(key, place, raised_by[i]) end
  end
  local m = 2
  raise_words[1], raise_words[2] = 'cursor', layer.cursor
  if layer.rendered > 0 then
    raise_words[3], raise_words[4], m = 'peak_kib', layer.peak_kib, 4
    n = gather_use(layer, n)
  end
  raised[n + 1], raised[n + 2] = 'ready', 'unstarted'
  local f = raise_all(layer.key, n, m, n + 2)
  return tonumber(f[n + 1]), tonumber(f[n + 2]), open, at and f[at] + open, of_job
end

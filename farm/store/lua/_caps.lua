-- What slots count in, beside the room on their node: their production in the node's pool, their job,
-- its group and the groups around it, and the limits their layer names. A bound is checked when a
-- lease is granted, and holds from then on whatever is decided elsewhere.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- "heron/sq010/sh020", then "heron/sq010": a group's bound is one of all that is inside it.
local function groups_around(production, group)
  local found, path = {}, production
  for part in string.gmatch(group, '[^/]+') do
    path = path .. '/' .. part
    table.insert(found, path)
  end
  return found
end

-- "comp:2 maya:1" -> {comp = 2, maya = 1}
local function read_counts(text)
  local counts = {}
  for name, count in string.gmatch(text or '', '(%S+):(%d+)') do counts[name] = tonumber(count) end
  return counts
end

local function write_counts(counts)
  local words = {}
  for name, count in pairs(counts) do
    if count > 0 then table.insert(words, name .. ':' .. count) end
  end
  table.sort(words)
  return table.concat(words, ' ')
end

local function count_group(production, path, cores, sign)
  local key = group_key(path)
  local slots = redis.call('HINCRBY', key, 'held_tasks', sign)
  add(key, 'held_cores', cores, sign)
  if slots == 1 and sign > 0 then redis.call('SADD', groups_key(production), path) end
  if slots == 0 and redis.call('HEXISTS', key, 'most_tasks') == 0 then
    redis.call('DEL', key)
    redis.call('SREM', groups_key(production), path)
  end
end

local function count_limits(lease, sign)
  local counts = read_counts(redis.call('HGET', node_key(lease.node), 'limits'))
  for name in string.gmatch(lease.limits, '%S+') do
    local key, before = limit_key(name), counts[name] or 0
    counts[name] = before + sign
    local slots = redis.call('HINCRBY', key, 'held_slots', sign)
    if before == 0 or counts[name] == 0 then redis.call('HINCRBY', key, 'held_nodes', sign) end
    if slots == 0 and redis.call('HEXISTS', key, 'most') == 0 then redis.call('DEL', key) end
  end
  redis.call('HSET', node_key(lease.node), 'limits', write_counts(counts))
end

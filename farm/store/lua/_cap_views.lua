-- The bounds that what waits counts in: those that are set, with what is held of them.
-- KEYS: derived, see _keys.lua. Returns: helpers for snapshot.lua.
local function show_cap(seen, name, most, held, unit)
  seen.caps[name] = table.concat({name, most, held or 0, unit}, WORDS)
  return name
end

-- The caps of a job or a group, told once however many layers count in them.
local function slot_caps(seen, name, key)
  if seen.names[name] then return seen.names[name] end
  local f, names = redis.call('HMGET', key, 'most_tasks', 'held_tasks', 'most_cores', 'held_cores'), {}
  if tonumber(f[1] or 0) > 0 then
    table.insert(names, show_cap(seen, name .. ':tasks', f[1], f[2], 'slot'))
  end
  if tonumber(f[3] or 0) > 0 then
    table.insert(names, show_cap(seen, name .. ':cores', f[3], f[4], 'cores'))
  end
  seen.names[name] = table.concat(names, ' ')
  return seen.names[name]
end

-- The names of the caps of a job and its groups, between spaces; its layers' limits come with them.
local function see_caps(seen, job, production, group)
  local names = slot_caps(seen, 'job:' .. job, job_key(job))
  if group == '' then return names end
  for _, path in ipairs(groups_around(production, group)) do
    names = names .. ' ' .. slot_caps(seen, 'group:' .. path, group_key(path))
  end
  return names
end

local function see_limits(seen)
  for _, name in ipairs(redis.call('SMEMBERS', LIMITS)) do
    local f = redis.call('HMGET', limit_key(name), 'most', 'unit', 'held_slots', 'held_nodes')
    show_cap(seen, 'limit:' .. name, f[1], f[2] == 'node' and f[4] or f[3], f[2])
  end
end

local function caps_seen(seen)
  local told = {}
  for _, line in pairs(seen.caps) do table.insert(told, line) end
  return told
end

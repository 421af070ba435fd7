-- The bounds there are, each with what is held of it: {name, most, held, unit}, as one line.
-- KEYS: derived, see _keys.lua. Returns: helpers for snapshot.lua.
local function cap_line(name, most, held, unit)
  return table.concat({name, most, held or 0, unit}, WORDS)
end

local function group_caps(told)
  for _, path in ipairs(redis.call('SMEMBERS', BOUNDED)) do
    local f = redis.call('HMGET', group_key(path), 'most_tasks', 'held_tasks', 'most_cores',
      'held_cores')
    if tonumber(f[1]) > 0 then
      table.insert(told, cap_line('group:' .. path .. ':tasks', f[1], f[2], 'slot'))
    end
    if tonumber(f[3]) > 0 then
      table.insert(told, cap_line('group:' .. path .. ':cores', f[3], f[4], 'cores'))
    end
  end
end

local function limit_caps(told)
  for _, name in ipairs(redis.call('SMEMBERS', LIMITS)) do
    local f = redis.call('HMGET', limit_key(name), 'most', 'unit', 'held_slots', 'held_nodes')
    table.insert(told, cap_line('limit:' .. name, f[1], f[2] == 'node' and f[4] or f[3], f[2]))
  end
end

local function caps_seen()
  local told = {}
  group_caps(told)
  limit_caps(told)
  return told
end

-- Which bound refuses a lease: asked once, when it is granted.
-- KEYS: derived, see _keys.lua. Returns: helpers for grant.lua.
local function over(held, most, more)
  return most and tonumber(most) > 0 and tonumber(held or 0) + more > tonumber(most)
end

-- A job or a group: `name` is its cap's, without what is counted. No bound is 0, or none at all.
local function over_slots(name, key, cores)
  local f = redis.call('HMGET', key, 'held_tasks', 'most_tasks', 'held_cores', 'most_cores')
  if over(f[1], f[2], 1) then return name .. ':tasks' end
  if over(f[3], f[4], cores) then return name .. ':cores' end
end

local function over_limit(name, on_node)
  local f = redis.call('HMGET', limit_key(name), 'most', 'unit', 'held_slots', 'held_nodes')
  if not f[1] then return nil end -- deleted meanwhile: it bounds nothing any more
  local held = f[2] == 'node' and f[4] or f[3]
  local more = f[2] == 'node' and on_node > 0 and 0 or 1
  if more > 0 and tonumber(held or 0) + more > tonumber(f[1]) then return 'limit:' .. name end
end

-- The name of the cap that has no room for one more slot, or nil.
local function full_cap(lease)
  local cores = tonumber(lease.cores)
  local full = over_slots('job:' .. lease.job, job_key(lease.job), cores)
  if full then return full end
  for _, path in ipairs(groups_around(lease.production, lease.group)) do
    full = over_slots('group:' .. path, group_key(path), cores)
    if full then return full end
  end
  if lease.limits == '' then return nil end
  local counts = read_counts(redis.call('HGET', node_key(lease.node), 'limits'))
  for name in string.gmatch(lease.limits, '%S+') do
    full = over_limit(name, counts[name] or 0)
    if full then return full end
  end
end

-- Would the lease take its production over its ceiling in this pool?
local function over_ceiling(lease)
  local f = redis.call('HMGET', pools_key(lease.production), lease.pool .. ':cores',
    lease.pool .. ':ceiling')
  return f[2] and tonumber(f[1] or 0) + tonumber(lease.cores) > tonumber(f[2])
end

-- What a node's meter has counted since its last heartbeat, shared by the cores that leases book: to
-- their jobs and productions; what nobody books is the pool's idle energy. Whole millijoules, so the
-- sums are exact: all nodes together = all productions + idle. A meter that is new counts from zero:
-- its worker has started anew; what a meter counted while the node was not heard comes with the next
-- heartbeat. HASH {farm}:energy has "node/<name>", "production/<name>", "busy/<pool>" and
-- "idle/<pool>", "forgotten/nodes" of those that were struck off, and apart from each "…/model": what no
-- meter measured, but a stated model told.
-- KEYS: derived, see _keys.lua. Returns: helpers for heartbeat.lua.
local ENERGY = ROOT .. 'energy'

-- What has been counted and not been shared yet, or 0. A reading that came late tells nothing new.
local function unshared(key, known, meter, count)
  local more = tonumber(count) - (known[1] == meter and tonumber(known[2]) or 0)
  if known[1] == meter and more <= 0 then return 0 end
  redis.call('HSET', key, 'meter', meter, 'metered_mj', count)
  return more
end

-- {job = {cores, production}} of all that the node's leases book.
local function booked_by_job(name)
  local jobs = {}
  for _, id in ipairs(redis.call('SMEMBERS', node_leases_key(name))) do
    local lease = redis.call('HMGET', lease_key(id), 'job', 'production', 'cores')
    local job = jobs[lease[1]] or {0, lease[2]}
    job[1], jobs[lease[1]] = job[1] + tonumber(lease[3]), job
  end
  return jobs
end

-- `reading` is "<meter> <millijoules> <1 if modelled, else 0>", or "": nothing is counted.
local function share_energy(name, reading)
  local meter, count, model = string.match(reading, '^(%S+) (%d+) ([01])$')
  if not meter then return end
  local key, suffix = node_key(name), model == '1' and '/model' or ''
  local known = redis.call('HMGET', key, 'meter', 'metered_mj', 'cores', 'pool')
  local more = unshared(key, known, meter, count)
  if more == 0 then return end
  local idle, parts = more, {}
  for job, booked in pairs(booked_by_job(name)) do
    local part = math.floor(more * booked[1] / tonumber(known[3]))
    idle, parts[booked[2]] = idle - part, (parts[booked[2]] or 0) + part
    redis.call('HINCRBY', job_key(job), 'energy_mj' .. suffix, part)
  end
  for production, part in pairs(parts) do
    redis.call('HINCRBY', ENERGY, 'production/' .. production .. suffix, part)
  end
  redis.call('HINCRBY', ENERGY, 'node/' .. name .. suffix, more)
  if idle < more then redis.call('HINCRBY', ENERGY, 'busy/' .. known[4] .. suffix, more - idle) end
  redis.call('HINCRBY', ENERGY, 'idle/' .. known[4] .. suffix, idle)
end

-- Bound what a job or a group may have at once; what is "" stays as it is, 0 is no bound.
-- KEYS  1 {farm}
-- ARGV  1 "job" or "group"   2 id of the job, or production/group   3 production of the group, or ""
--       4 most tasks   5 most cores   6 least tasks, of a job only
-- Returns 1, or 0 when there is no such job or production.
local function settled(key, path) -- a group that nothing bounds and nothing is held of is forgotten
  local f = redis.call('HMGET', key, 'most_tasks', 'most_cores', 'held_tasks')
  if tonumber(f[1] or 0) > 0 or tonumber(f[2] or 0) > 0 then return false end
  redis.call('HDEL', key, 'most_tasks', 'most_cores')
  redis.call('SREM', BOUNDED, path)
  return tonumber(f[3] or 0) == 0
end

local function set_most(key, field, most)
  if most == '' then return end
  if field ~= 'least_tasks' then demand.bounded(redis.call('HGET', key, field) or '0', most, '0') end
  redis.call('HSET', key, field, most)
end

local function bound_group(argv)
  if redis.call('SISMEMBER', PRODUCTIONS, argv[3]) == 0 then return 0 end
  local key = group_key(argv[2])
  for i, field in ipairs({'most_tasks', 'most_cores'}) do
    set_most(key, field, argv[3 + i])
    redis.call('HSETNX', key, field, 0)
  end
  redis.call('SADD', groups_key(argv[3]), argv[2])
  redis.call('SADD', BOUNDED, argv[2])
  if settled(key, argv[2]) then
    redis.call('DEL', key)
    redis.call('SREM', groups_key(argv[3]), argv[2])
  end
  return 1
end

local function bound_job(argv)
  if redis.call('EXISTS', job_key(argv[2])) == 0 then return 0 end
  for i, field in ipairs({'most_tasks', 'most_cores', 'least_tasks'}) do
    set_most(job_key(argv[2]), field, argv[3 + i])
  end
  touch_job(argv[2])
  return 1
end

redis.register_function('farm_bounds', function(keys, argv)
  local answer = argv[1] == 'job' and bound_job(argv) or argv[1] == 'group' and bound_group(argv)
  if answer == 1 then
    fact('bounds_set', argv[1], argv[2], 'tasks', argv[4], 'cores', argv[5])
    wake(true)
  end
  return answer
end)

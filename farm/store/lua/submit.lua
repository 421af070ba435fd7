-- Store a new job: its layers, and its production when it is new. All tasks are ready, but blocked
-- where they wait for others.
-- KEYS  1 {farm}
-- ARGV  1 idempotency key   2 JSON: job = its fields, production, start_ms, layers = [{fields, tasks,
--       limits, after = [source, match, release, shift] as _linking.lua takes it}]
--       3 how long the key is remembered, s   4… maps of _linking.lua
-- Returns {"ok", job id}, the same one when the key was seen before, or {"no limit", the name that
-- nobody has set, names there are}.
local function unknown_limit(spec)
  for _, layer in ipairs(spec.layers) do
    for _, name in ipairs(layer.limits) do
      if redis.call('SISMEMBER', LIMITS, name) == 0 then return name end
    end
  end
end

local function submit(argv)
  local spec, at, tasks, blocked = cjson.decode(argv[2]), now_ms(), 0, 0
  local unknown = unknown_limit(spec)
  if unknown then return {'no limit', unknown, unpack(redis.call('SMEMBERS', LIMITS))} end
  local job = string.format('%d', redis.call('INCR', ROOT .. 'jobs:last'))
  for _, layer in ipairs(spec.layers) do
    tasks = tasks + layer.tasks
    if #layer.after > 0 then blocked = blocked + layer.tasks end
  end
  add_production(spec.production, at)
  set_fields(job_key(job), spec.job)
  redis.call('HSET', job_key(job), 'id', job, 'production', spec.production, 'state', 'active',
    'created_ms', at, 'layers', #spec.layers, 'open', tasks, 'blocked', blocked,
    'ready', tasks - blocked, 'running', 0, 'succeeded', 0, 'failed', 0, 'cancelled', 0,
    'skipped', 0)
  redis.call('ZADD', JOBS, at, job)
  redis.call('SADD', OPEN_JOBS, job)
  usage.count_job('active', 1)
  set_start(job, spec.start_ms)
  for number, layer in ipairs(spec.layers) do submit_layer(job, number, spec, layer, at) end
  usage.write()
  link_all(job, spec.layers, argv, 4)
  fact('job_submitted', 'job', job, 'production', spec.production, 'tasks', tasks)
  wake()
  return remember(argv[1], {'ok', job}, argv[3])
end

redis.register_function('farm_submit', function(keys, argv)
  return remembered(argv[1]) or submit(argv)
end)

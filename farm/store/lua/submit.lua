-- Store a new job: its layers, and its production when it is new. All tasks are ready, but blocked
-- where their layer comes after another one.
-- KEYS  1 {farm}
-- ARGV  1 idempotency key   2 JSON: production, name, owner, priority, layers = [name, frames,
--       tasks, cores, memory_bytes, gpus, pool, scene, retries, chunk, after = number of a layer
--       or 0, sent = 1 when its images are recorded, spec]
--       3 how long the key is remembered, s
-- Returns the job id; the same one when the key was seen before.
local function following(job, number, spec)
  local ids = {}
  for n, layer in ipairs(spec.layers) do
    if layer.after == number then table.insert(ids, job .. '.' .. n) end
  end
  return table.concat(ids, ' ')
end

local function submit_layer(job, number, spec, layer)
  local id, waits = job .. '.' .. number, layer.after > 0
  redis.call('HSET', layer_key(id), 'id', id, 'job', job, 'production', spec.production,
    'name', layer.name, 'frames', layer.frames, 'tasks', layer.tasks, 'cores', layer.cores,
    'memory_bytes', layer.memory_bytes, 'gpus', layer.gpus, 'pool', layer.pool,
    'scene', layer.scene, 'retries', layer.retries, 'chunk', layer.chunk, 'spec', layer.spec,
    'cursor', 0, 'unstarted', 0, 'render_ms', 0, 'open', layer.tasks, 'sent', layer.sent,
    'after', waits and job .. '.' .. layer.after or '', 'followers', following(job, number, spec),
    'blocked', waits and layer.tasks or 0, 'ready', waits and 0 or layer.tasks, 'running', 0,
    'succeeded', 0, 'failed', 0, 'cancelled', 0)
  -- A ready task is a zero byte, so one write makes them all.
  if waits then redis.call('SET', states_key(id), string.rep(TASK_BYTES.blocked, layer.tasks))
  else redis.call('SETRANGE', states_key(id), layer.tasks - 1, TASK_BYTES.ready) end
  set_waiting(id, spec.production, job)
end

local function add_production(name, created_ms)
  if redis.call('SADD', PRODUCTIONS, name) == 1 then
    redis.call('HSET', production_key(name), 'name', name, 'weight', 1, 'cores', 0,
      'memory_bytes', 0, 'gpus', 0, 'created_ms', created_ms)
  end
end

redis.register_function('farm_submit', function(keys, argv)
  local first = remembered(argv[1])
  if first then return first[1] end
  local spec, created_ms, tasks, blocked = cjson.decode(argv[2]), now_ms(), 0, 0
  local job = string.format('%d', redis.call('INCR', ROOT .. 'jobs:last'))
  for _, layer in ipairs(spec.layers) do
    tasks = tasks + layer.tasks
    if layer.after > 0 then blocked = blocked + layer.tasks end
  end
  add_production(spec.production, created_ms)
  redis.call('HSET', job_key(job), 'id', job, 'production', spec.production, 'name', spec.name,
    'owner', spec.owner, 'priority', spec.priority, 'state', 'active', 'created_ms', created_ms,
    'layers', #spec.layers, 'open', tasks, 'blocked', blocked, 'ready', tasks - blocked,
    'running', 0, 'succeeded', 0, 'failed', 0, 'cancelled', 0)
  redis.call('ZADD', JOBS, created_ms, job)
  redis.call('SADD', OPEN_JOBS, job)
  for number, layer in ipairs(spec.layers) do submit_layer(job, number, spec, layer) end
  fact('job_submitted', 'job', job, 'production', spec.production, 'tasks', tasks)
  wake()
  return remember(argv[1], {job}, argv[3])[1]
end)

-- Store a new job: its layers, tasks all ready, and its production when it is new.
-- KEYS  1 {farm}
-- ARGV  1 idempotency key   2 JSON: production, name, owner, priority, layers = [name, frames,
--       tasks, cores, memory_bytes, gpus, pool, scene, retries, chunk, spec]
--       3 how long the key is remembered, s
-- Returns the job id; the same one when the key was seen before.
local function submit_layer(job, number, spec, layer)
  local id = job .. '.' .. number
  redis.call('HSET', layer_key(id), 'id', id, 'job', job, 'production', spec.production,
    'name', layer.name, 'frames', layer.frames, 'tasks', layer.tasks, 'cores', layer.cores,
    'memory_bytes', layer.memory_bytes, 'gpus', layer.gpus, 'pool', layer.pool,
    'scene', layer.scene, 'retries', layer.retries, 'chunk', layer.chunk, 'spec', layer.spec,
    'cursor', 0, 'unstarted', 0, 'render_ms', 0, 'open', layer.tasks, 'blocked', 0,
    'ready', layer.tasks, 'running', 0, 'succeeded', 0, 'failed', 0, 'cancelled', 0)
  -- A ready task is a zero byte, so one write makes them all.
  redis.call('SETRANGE', states_key(id), layer.tasks - 1, TASK_BYTES.ready)
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
  local spec, created_ms, tasks = cjson.decode(argv[2]), now_ms(), 0
  local job = string.format('%d', redis.call('INCR', ROOT .. 'jobs:last'))
  for _, layer in ipairs(spec.layers) do tasks = tasks + layer.tasks end
  add_production(spec.production, created_ms)
  redis.call('HSET', job_key(job), 'id', job, 'production', spec.production, 'name', spec.name,
    'owner', spec.owner, 'priority', spec.priority, 'state', 'active', 'created_ms', created_ms,
    'layers', #spec.layers, 'open', tasks, 'blocked', 0, 'ready', tasks, 'running', 0,
    'succeeded', 0, 'failed', 0, 'cancelled', 0)
  redis.call('ZADD', JOBS, created_ms, job)
  redis.call('SADD', OPEN_JOBS, job)
  for number, layer in ipairs(spec.layers) do submit_layer(job, number, spec, layer) end
  fact('job_submitted', 'job', job, 'production', spec.production, 'tasks', tasks)
  wake()
  return remember(argv[1], {job}, argv[3])[1]
end)

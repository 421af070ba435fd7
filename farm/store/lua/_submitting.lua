-- The layers of a new job: all tasks ready, but blocked where they wait for others.
-- KEYS: derived, see _keys.lua. Returns: helpers for submit.lua.
local function set_fields(key, fields)
  local words = {}
  for name, value in pairs(fields) do
    table.insert(words, name)
    table.insert(words, value)
  end
  redis.call('HSET', key, unpack(words))
end

local function submit_layer(job, number, spec, layer, at)
  local id, waits = job .. '.' .. number, #layer.after > 0
  set_fields(layer_key(id), layer.fields)
  redis.call('HSET', layer_key(id), 'id', id, 'job', job, 'production', spec.production,
    'tasks', layer.tasks, 'limits', table.concat(layer.limits, ' '), 'served_ms', at,
    'cursor', 0, 'unstarted', 0, 'render_ms', 0, 'open', layer.tasks,
    'after', '', 'followers', '', 'skipped', 0,
    'blocked', waits and layer.tasks or 0, 'ready', waits and 0 or layer.tasks, 'running', 0,
    'succeeded', 0, 'failed', 0, 'cancelled', 0)
  -- A ready task is a zero byte, so one write makes them all.
  if waits then redis.call('SET', states_key(id), string.rep(TASK_BYTES.blocked, layer.tasks))
  else redis.call('SETRANGE', states_key(id), layer.tasks - 1, TASK_BYTES.ready) end
  set_waiting(id, spec.production, job)
  usage.count_tasks(spec.production, layer.fields.pool, waits and 'blocked' or 'ready', layer.tasks)
end

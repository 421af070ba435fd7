-- What a settled attempt tells of its node and its job.
-- KEYS: derived, see _keys.lua. Returns: helpers for settle.lua.
-- The other nodes on which this task failed before.
do
local function failed_elsewhere(layer, lease, index)
  local found = {}
  for name in string.gmatch(redis.call('HGET', avoid_key(layer.id), index) or '', '%S+') do
    if name ~= lease.node then table.insert(found, name) end
  end
  return found
end

-- What the others are known for changes only where it still counts against them.
local function stand_elsewhere(names, job, standing)
  for _, name in ipairs(names) do
    local before = redis.call('HGET', faults.node_key(name), job)
    if before then faults.stand(name, job, standing, string.match(before, '^%a+ (.*)') or '') end
  end
end

function faults.note_success(layer, lease, index, failures)
  if not lease.praised and redis.call('DEL', faults.node_key(lease.node)) == 1 then
    faults.forgive(lease.node)
  end
  lease.praised = true -- one look for all results of a settle
  if failures == 0 then return end
  local names = failed_elsewhere(layer, lease, index)
  stand_elsewhere(names, layer.job, 'proved')
  for _, name in ipairs(names) do
    redis.call('HINCRBY', faults.blamed_key(layer.job), name, 1)
    redis.call('SADD', faults.news_of_jobs, layer.job)
    wake()
  end
end

-- `memory` is what the attempt had, in KiB, when it ran out of memory: too little was booked, which
-- is neither the node's fault nor the scene's.
function faults.note_failure(layer, lease, index, event, memory, story)
  if memory > 0 then
    local kib = math.max(memory, math.ceil(tonumber(lease.memory_bytes) / 1024))
    local known = tonumber(redis.call('HGET', layer.key, 'oom_kib') or 0)
    if kib > known then redis.call('HSET', layer.key, 'oom_kib', kib) end
    redis.call('HINCRBY', layer.key, 'oom', 1)
  else
    local names = failed_elsewhere(layer, lease, index)
    local reason = story ~= '' and cjson.decode(story).reason or ''
    faults.stand(lease.node, layer.job, #names > 0 and 'refuted' or 'open', reason)
    stand_elsewhere(names, layer.job, 'refuted')
    redis.call('SADD', faults.failed_on_key(layer.job), lease.node)
  end
  if event == 'fail' then
    redis.call('HINCRBY', job_key(layer.job), 'failed_since', 1)
    redis.call('SADD', faults.news_of_jobs, layer.job)
    wake()
  end
end
end

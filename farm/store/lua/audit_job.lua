-- Everything the audit of one job recomputes from, at one instant.
-- KEYS  1 {farm}
-- ARGV  1 job
-- Returns {job hash, 1 when listed as open, when it is listed to begin or "", layers}; a layer is {its hash, {state, tasks, …} as
-- counted, {"index:attempt" of running tasks}, ready tasks that nothing leads to, its leases as
-- {id, hash}, its place among the waiting or "", succeeded tasks that lack the image they must
-- have, {what it waits for: source, match, release, frames and state bytes of the source, or state
-- of the source job}, its own state bytes if it waits for any}; hashes are flat arrays.
local function count_states(bytes)
  local counts = {}
  for name, pattern in pairs(BYTE_PATTERN) do
    local _, count = string.gsub(bytes, pattern, '')
    table.insert(counts, name)
    table.insert(counts, count)
  end
  return counts
end

local function running_tasks(layer, bytes)
  local found, at = {}, 0
  while true do
    at = string.find(bytes, TASK_BYTES.running, at + 1, true)
    if not at then return found end
    table.insert(found, (at - 1) .. ':' .. (read_head(layer, at - 1)))
  end
end

-- Ready tasks behind the cursor that are not in the list of returned ones would never be taken.
local function stranded(layer, bytes)
  local listed, at, count = {}, 0, 0
  for _, index in ipairs(redis.call('LRANGE', returned_key(layer.id), 0, -1)) do
    listed[tonumber(index)] = true
  end
  while true do
    at = string.find(bytes, TASK_BYTES.ready, at + 1, true)
    if not at or at > layer.cursor then return count end
    if not listed[at - 1] then count = count + 1 end
  end
end

redis.register_function{function_name = 'farm_audit_job', flags = {'no-writes'},
  callback = function(keys, argv)
    local job, layers = redis.call('HGETALL', job_key(argv[1])), {}
    local number = tonumber(redis.call('HGET', job_key(argv[1]), 'layers') or 0)
    for n = 1, number do
      local layer, leases = open_layer(argv[1] .. '.' .. n), {}
      local bytes = redis.call('GET', layer.states)
      for _, id in ipairs(redis.call('SMEMBERS', layer_leases_key(layer.id))) do
        table.insert(leases, {id, redis.call('HGETALL', lease_key(id))})
      end
      table.insert(layers, {redis.call('HGETALL', layer.key), count_states(bytes),
        running_tasks(layer, bytes), stranded(layer, bytes), leases,
        redis.call('ZSCORE', waiting_key(layer.production), layer.id) or '',
        without_image(layer, bytes), audited_sources(layer), layer.after ~= '' and bytes or ''})
    end
    return {job, redis.call('SISMEMBER', OPEN_JOBS, argv[1]),
      redis.call('ZSCORE', STARTING, argv[1]) or '', layers}
  end}

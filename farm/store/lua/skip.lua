-- Take tasks of a layer as done without an image, those that are named. Attempts
-- in hand are stopped, and what they tell later does not count.
-- KEYS  1 {farm}
-- ARGV  1 request id   2 layer   3 by whom   4 JSON [index, …]
-- Returns {tasks skipped}.
local function accept_job(job)
  local f = redis.call('HMGET', job_key(job), 'open', 'failed', 'cancelled')
  if f[1] == '0' and f[2] == '0' and f[3] == '0' then move_job(job, 'succeed') end
end

register_once('farm_skip', function(argv)
  local layer, count = open_layer(argv[2]), 0
  if not layer then return {0} end
  for _, index in ipairs(cjson.decode(argv[4])) do
    local state = task_state(layer, index)
    if move_task(layer, index, state, 'skip') then
      if state == 'running' then layer.stopped[index] = true end
      count = count + 1
    end
  end
  if count > 0 then
    fact('tasks_skipped', 'job', layer.job, 'layer', layer.id, 'count', count, 'by', argv[3])
  end
  close_layer(layer)
  accept_job(layer.job) -- skipping what failed leaves nothing that did
  return {count}
end)

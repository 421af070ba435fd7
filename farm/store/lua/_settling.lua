-- What settling an attempt leaves behind: tasks given back, facts.
-- KEYS: derived, see _keys.lua. Returns: helpers for settle.lua.
local FIRST_RESULT, PER_RESULT = 6, 11 -- where results are among the arguments of settle.lua
local SETTLED_AS = {succeed = 'succeeded', fail = 'failed'}

-- How long an attempt took that succeeded, as sums that tell mean and spread, and the most memory.
local function note_use(layer, ms, peak_kib)
  layer.rendered, layer.render_ms = layer.rendered + 1, layer.render_ms + ms
  layer.render_squares = layer.render_squares + ms * ms / 1e6 -- s²
  layer.peak_kib = math.max(layer.peak_kib, peak_kib)
end

local function give_back(layer, lease, index, event, elsewhere)
  if event == 'lose' then
    redis.call('LPUSH', returned_key(layer.id), index)
    redis.call('HINCRBY', COUNTERS, 'lost_attempts', 1)
    return
  end
  if elsewhere then
    local names = redis.call('HGET', avoid_key(layer.id), index) or ' '
    redis.call('HSET', avoid_key(layer.id), index, names .. lease.node .. ' ')
  end
  redis.call('RPUSH', returned_key(layer.id), index)
end

-- Tasks that ended alike and lie side by side are told as one run, "0-511:1:succeed": else the log
-- of facts would be larger than all that it tells of.
local function note_ended(runs, index, attempt, event)
  local run = runs[#runs]
  if run and run.last == index - 1 and run.attempt == attempt and run.event == event then
    run.last = index
  else
    table.insert(runs, {first = index, last = index, attempt = attempt, event = event})
  end
end

local function tell_ended(layer, lease, argv, flags)
  if #flags == 0 then return end
  local runs, avoided = {}, redis.call('EXISTS', avoid_key(layer.id)) == 1
  for n, flag in ipairs(flags) do
    local i = FIRST_RESULT + (n - 1) * PER_RESULT
    local event = flag == 1 and argv[i + 2] or (flag == 2 and 'repeated' or 'superseded')
    note_ended(runs, tonumber(argv[i]), argv[i + 1], event)
    if avoided and SETTLED_AS[event] then redis.call('HDEL', avoid_key(layer.id), argv[i]) end
  end
  for n, run in ipairs(runs) do
    local last = run.last > run.first and '-' .. run.last or ''
    runs[n] = run.first .. last .. ':' .. run.attempt .. ':' .. run.event
  end
  fact('tasks_ended', 'job', layer.job, 'layer', layer.id, 'node', lease and lease.node or '',
    'tasks', table.concat(runs, ' '))
end

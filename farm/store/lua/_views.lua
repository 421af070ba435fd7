-- What the lines of _lines.lua tell; farm/store/views.py reads them.
-- KEYS: derived, see _keys.lua. Returns: helpers for snapshot.lua.
local NODE_SEEN = {'name', 'epoch', 'state', 'mute_until_ms', 'free_cores', 'free_memory_bytes',
  'free_gpus', 'limits', 'warm', 'view', 'unfit', 'closed'}
local LAYER_SEEN = {'id', 'job', 'production', 'ready', 'unstarted', 'served_ms', 'rendered',
  'render_ms', 'peak_kib', 'oom_kib', 'view', 'unjudged'}
local JOB_SEEN = {'priority', 'created_ms', 'deadline_ms', 'least_tasks', 'group', 'held_tasks',
  'most_tasks', 'held_cores', 'most_cores'}

local function node_line(name)
  local words = fields_line(node_key(name), NODE_SEEN)
  -- That it is unfit, locked or quarantined, not the free text of why.
  words[11], words[12] = (words[11] .. words[12]) == '' and '' or '1', accounts.seen(name)
  return table.concat(words, WORDS)
end

-- Of each ready task that should rather run elsewhere, the nodes it failed on; of very many a sample,
-- since a pass cannot serve them all. Returns how many there are, and them as one word.
local AVOIDED_SEEN = 256
local function avoided(id)
  local names, layer, key = {}, {states = states_key(id)}, avoid_key(id)
  local count = redis.call('HLEN', key)
  if count == 0 then return 0, '' end
  local all = redis.call('HRANDFIELD', key, AVOIDED_SEEN, 'WITHVALUES')
  for i = 1, #all, 2 do
    if task_state(layer, all[i]) == 'ready' then table.insert(names, all[i + 1])
    else count = count - 1 end
  end
  table.sort(names)
  return count, table.concat(names, '/')
end

local function layer_line(id)
  local words = fields_line(layer_key(id), LAYER_SEEN)
  words[13], words[14] = avoided(id)
  return table.concat(words, WORDS)
end

local function job_line(id)
  local words, shunned = fields_line(job_key(id), JOB_SEEN), redis.call('SMEMBERS',
    faults.blocked_key(id))
  table.sort(shunned)
  table.insert(words, table.concat(shunned, ' '))
  return table.concat(words, WORDS)
end

local function job_of(layer_id) return string.match(layer_id, '^%d+') end

-- Does a layer want more slots than are on their way to it?
local function wants(line)
  local ready, unstarted = string.match(line, '^[^\31]*\31[^\31]*\31[^\31]*\31(%d+)\31(%d+)\31')
  return tonumber(ready) > tonumber(unstarted)
end

-- News go to what waits for them, and on from there. What waits frame by frame hears only of its own
-- frames, so a success costs as much as it has dependents.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function update_some(id, indices, source)
  local layer = open_waiting(id)
  if not layer then return end
  local shared = shared_status(layer)
  for index in pairs(indices) do obey(layer, index, task_status(layer, index, shared)) end
  tell_cancelled(layer, source)
  close_layer(layer)
end

local function spread_frames(layer, edge)
  if layer.all_touched then return update_all(edge.other, 'layer ' .. layer.id) end
  local users, any = {}, false
  for _, index in ipairs(layer.touched) do
    for _, user in ipairs(users_of(layer, edge, index)) do users[user], any = true, true end
  end
  if any then update_some(edge.other, users, 'layer ' .. layer.id) end
end

-- A layer's counters are written; `changed` says how many more of it are open than before.
function spread(layer, changed)
  local done = (layer.moved.succeeded or 0) + (layer.moved.skipped or 0)
  for _, edge in ipairs(edges(layer.followers)) do
    if edge.match == 'frame' then
      if edge.other ~= layer.id then spread_frames(layer, edge) end
    else
      local tasks, open, good = counts_of(layer.id)
      local before = layer_status(edge, tasks, open - changed, good - done)
      local after = layer_status(edge, tasks, open, good)
      if before ~= after then update_all(edge.other, 'layer ' .. layer.id) end
    end
  end
end

-- A layer that waits for its own frames: each that moves may move others of it.
function spread_own(layer)
  if not layer.framed then return end
  layer.mended = redis.call('HEXISTS', job_key(layer.job), 'ended_by') == 0
  for _, edge in ipairs(edges(layer.followers)) do
    if edge.other == layer.id then
      local shared, at = shared_status(layer), layer.own_spread
      while at < #layer.touched do
        at = at + 1
        for _, user in ipairs(users_of(layer, edge, layer.touched[at])) do
          obey(layer, user, task_status(layer, user, shared))
        end
      end
      layer.own_spread = at
    end
  end
end

function spread_job(job, before, after)
  for _, edge in ipairs(edges(redis.call('HGET', job_key(job), 'followers'))) do
    local changed = job_status(before, edge.release) ~= job_status(after, edge.release)
    if changed then update_all(edge.other, 'job ' .. job) end
  end
end

-- All of a layer follows from what it waits for (see _obey.lua): at news of a source of all its tasks.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function update_each(layer, shared)
  for _, edge in ipairs(edges(layer.after)) do
    if edge.match == 'frame' and not edge.shift then
      -- Read once: there are as many questions as tasks.
      layer.edges = layer.edges or edges(layer.after)
      layer.edges[tonumber(edge.number)].whole =
        numbers(sources_key(layer.id, edge.number), 0, layer.tasks)
    end
  end
  for index = 0, layer.tasks - 1 do obey(layer, index, task_status(layer, index, shared)) end
end

local function release_every(layer)
  if layer.mended then move_every(layer, 'cancelled', 'hold') end
  if move_every(layer, 'blocked', 'release') > 0 then layer.cursor = 0 end
end

local function tell_cancelled(layer, source)
  local count = layer.moved.cancelled or 0
  if count <= 0 then return end
  fact('tasks_cancelled', 'job', layer.job, 'layer', layer.id, 'count', count,
    'why', source .. ' did not succeed')
end

-- Let all tasks of a layer follow from what they wait for, on news of `source`.
local function update_all(id, source)
  local layer = open_waiting(id)
  if not layer then return end
  local shared = shared_status(layer)
  if shared == 'broken' then move_every(layer, 'blocked', 'cancel')
  elseif string.find(layer.after, ':frame:', 1, true) then update_each(layer, shared)
  elseif shared == 'waits' then hold_every(layer)
  else release_every(layer) end
  tell_cancelled(layer, source)
  close_layer(layer)
end

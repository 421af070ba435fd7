-- What waits for what. A layer's `after` and its source's `followers` are words, one per dependency,
-- "other:match:release:shift:number": the layer (or j17, a job) at the other end; all, frame or any;
-- success or end; of a frame by frame one, how far task numbers are apart; its place in `after`.
-- Where tasks are not a plain shift apart there is no number: then two strings of u32 map them, the
-- source of each task, and for each source where its users begin, with the users behind that.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local NOBODY = 4294967295
local EDGE = '^([^:]+):(%a+):(%a+):(%-?%d*):(%d+)$'

local function edges(words)
  local found = {}
  for word in string.gmatch(words or '', '%S+') do
    local other, match, release, shift, number = string.match(word, EDGE)
    table.insert(found, {other = other, match = match, release = release,
      shift = tonumber(shift), number = number})
  end
  return found
end

local function tasks_of(layer_id) return tonumber(redis.call('HGET', layer_key(layer_id), 'tasks')) end

-- `count` numbers from place `at` on, of the string at `key`.
local function numbers(key, at, count)
  local raw, found = redis.call('GETRANGE', key, 4 * at, 4 * (at + count) - 1), {}
  for i = 1, #raw, 4 do table.insert(found, (struct.unpack('<I4', raw, i))) end
  return found
end

-- The task that task `index` of `layer` waits for by `edge`, or nil. A source that ends earlier
-- stands in with its last one, but a layer never waits for a later frame of its own by that.
local function source_of(layer, edge, index)
  if not edge.shift then
    if edge.whole then return edge.whole[index + 1] ~= NOBODY and edge.whole[index + 1] or nil end
    local at = numbers(sources_key(layer.id, edge.number), index, 1)[1]
    return at ~= NOBODY and at or nil
  end
  local at = index + edge.shift
  if at < 0 then return nil end
  edge.tasks = edge.tasks or tasks_of(edge.other)
  if at < edge.tasks then return at end
  return edge.other ~= layer.id and edge.tasks - 1 or nil
end

-- The tasks at the other end of `edge` that wait for task `index` of `layer`.
local function users_of(layer, edge, index)
  if not edge.shift then
    local key = users_key(edge.other, edge.number)
    local bounds = numbers(key, index, 2)
    return numbers(key, layer.tasks + 1 + bounds[1], bounds[2] - bounds[1])
  end
  edge.tasks = edge.tasks or tasks_of(edge.other)
  local first, last, users = index - edge.shift, index - edge.shift, {}
  if index == layer.tasks - 1 and edge.other ~= layer.id then last = edge.tasks - 1 end
  for user = math.max(0, first), math.min(last, edge.tasks - 1) do table.insert(users, user) end
  return users
end

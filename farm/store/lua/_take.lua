-- Taking tasks inside a lease: first those that came back, then the next untouched ones.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local FIRST_SCAN_BYTES = 256
local MOST_SCAN_BYTES = 65536
local RETURNED_SCANNED = 256

-- A retry that should rather run elsewhere names the nodes it failed on, between spaces.
local function avoids(layer, lease, index)
  -- Few layers have such retries at all: asked once per step, and only read while taking.
  if layer.picky == nil then layer.picky = redis.call('EXISTS', avoid_key(layer.id)) == 1 end
  if lease.anywhere or not layer.picky then return false end
  local names = redis.call('HGET', avoid_key(layer.id), index)
  return names and string.find(names, ' ' .. lease.node .. ' ', 1, true) ~= nil
end

local function take_one(layer, lease, index, taken)
  local attempt, failures = read_head(layer, index)
  move_task(layer, index, 'ready', 'take')
  write_head(layer, index, attempt + 1, failures)
  lease.hand[index] = attempt + 1
  table.insert(lease.held, index)
  table.insert(taken, index .. ':' .. (attempt + 1) .. ':' .. failures)
end

local function take_returned(layer, lease, want, taken)
  local key, passed = returned_key(layer.id), {}
  for _ = 1, RETURNED_SCANNED do
    if #taken >= want then break end
    local index = redis.call('LPOP', key)
    if not index then break end
    index = tonumber(index)
    if task_state(layer, index) == 'ready' then -- an entry that is not ready any more is dropped
      if avoids(layer, lease, index) then table.insert(passed, index)
      else take_one(layer, lease, index, taken) end
    end
  end
  -- To the far end: else a node would meet the same ones each time, and never what is behind them.
  for _, index in ipairs(passed) do redis.call('RPUSH', key, index) end
end

local function take_fresh(layer, lease, want, taken)
  local span = FIRST_SCAN_BYTES
  while #taken < want and layer.cursor < layer.tasks do
    local first = layer.cursor
    local block = redis.call('GETRANGE', layer.states, first, first + span - 1)
    local at = string.find(block, TASK_BYTES.ready, 1, true)
    -- A stretch of tasks that are done: look further at a time.
    if not at then span = math.min(span * 8, MOST_SCAN_BYTES) end
    while at and #taken < want do
      local index = first + at - 1
      layer.cursor = index + 1
      if avoids(layer, lease, index) then redis.call('RPUSH', returned_key(layer.id), index)
      else take_one(layer, lease, index, taken) end
      at = string.find(block, TASK_BYTES.ready, at + 1, true)
    end
    if not at then layer.cursor = first + #block end
  end
end

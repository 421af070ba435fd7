-- The stories of tasks: each attempt that did not succeed, one JSON object a line.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local STORY_BYTES = 32768  -- of one task; then the oldest lines go
local FULL_STORIES = 1000  -- tasks of a layer whose log lines are kept; the logs lie beside the images

local function without_log(story)
  local told = cjson.decode(story)
  told.log_tail = nil
  return cjson.encode(told)
end

local function tell_story(layer, index, story)
  local key = stories_key(layer.id)
  local before = redis.call('HGET', key, index)
  if not before and redis.call('HLEN', key) >= FULL_STORIES then story = without_log(story) end
  if before then story = before .. '\n' .. story end
  while #story > STORY_BYTES and string.find(story, '\n', 1, true) do
    story = string.sub(story, string.find(story, '\n', 1, true) + 1)
  end
  redis.call('HSET', key, index, story)
end

local function tell_loss(layer, index, attempt, node, why)
  tell_story(layer, index, cjson.encode({attempt = attempt, node = node, outcome = 'lost',
    reason = why}))
end

-- Nodes, layers and jobs as a decision sees them: a line of words each, kept beside them until they
-- change. A large farm is read by a few calls: only what changed since the last look is read anew.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local WORDS = '\31' -- between the words of a line; free text among them is JSON, which has none
local AT_ONCE = 1000 -- Lua hands a call no more than some thousands of words

-- Whoever changes what a line tells says so: the next look reads it anew.
local function touch_node(name) redis.call('HDEL', NODE_LINES, name) end
local function touch_layer(id) redis.call('HDEL', LAYER_LINES, id) end
local function touch_job(id) redis.call('HDEL', JOB_LINES, id) end

local function fields_line(key, names)
  local words = redis.call('HMGET', key, unpack(names))
  for i = 1, #names do words[i] = words[i] or '' end
  return words
end

-- The lines of `ids` in their order, from the hash `key`; `read` makes those that are missing.
local function lines_of(key, ids, read)
  local told = {}
  for first = 1, #ids, AT_ONCE do
    local last = math.min(first + AT_ONCE - 1, #ids)
    local lines = redis.call('HMGET', key, unpack(ids, first, last))
    for i = first, last do
      local line = lines[i - first + 1]
      if not line then
        line = read(ids[i])
        redis.call('HSET', key, ids[i], line)
      end
      told[i] = line
    end
  end
  return told
end

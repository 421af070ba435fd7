-- A new job's layers are linked with what they wait for, in this job and in others; then those that
-- wait for nothing any more are let go.
-- KEYS: derived, see _keys.lua. Returns: helpers for submit.lua.
-- A source is a layer's number in this job, the id of another job's layer, or j17, a job.
local function link(job, number, after)
  local id, words = job .. '.' .. number, {}
  for place, edge in ipairs(after) do
    local source = string.match(edge.source, '^%d+$') and job .. '.' .. edge.source or edge.source
    local how = string.format(':%s:%s:%%s:%d', edge.match, edge.release, place)
    local other = string.match(source, '^j(%d+)$')
    local key = other and job_key(other) or layer_key(source)
    local followers = redis.call('HGET', key, 'followers') or ''
    redis.call('HSET', key, 'followers', followers .. ' ' .. id .. string.format(how, edge.shift))
    table.insert(words, source .. string.format(how, edge.shift))
  end
  redis.call('HSET', layer_key(id), 'after', table.concat(words, ' '))
end

-- `maps` holds, four at a time from `i` on: number of a layer, place in its `after`, and the strings
-- of _edges.lua.
local function keep_maps(job, maps, i)
  for at = i, #maps, 4 do
    local id = job .. '.' .. maps[at]
    redis.call('SET', sources_key(id, maps[at + 1]), maps[at + 2])
    redis.call('SET', users_key(id, maps[at + 1]), maps[at + 3])
  end
end

local function link_all(job, layers, maps, i)
  keep_maps(job, maps, i)
  for number, layer in ipairs(layers) do link(job, number, layer.after) end
  for number, layer in ipairs(layers) do
    if #layer.after > 0 then update_all(job .. '.' .. number, 'what it comes after') end
  end
end

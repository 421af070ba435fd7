-- Answers that are remembered: the client repeats a command whose answer was lost, and must get the
-- first answer again, not a second effect.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function remembered(request)
  local packed = redis.call('GET', request_key(request))
  return packed and cjson.decode(packed)
end

local function remember(request, reply, seconds)
  redis.call('SET', request_key(request), cjson.encode(reply), 'EX', seconds or REPLY_SECONDS)
  return reply
end

-- Register a step whose first argument is a request id and whose answer is remembered.
local function register_once(name, step)
  redis.register_function(name, function(keys, argv)
    local first = remembered(argv[1])
    if first then return first end
    return remember(argv[1], step(argv))
  end)
end

-- A lease is served by one slot, one call after the other: its last answer is enough. It is kept in
-- the lease, and for a while after the lease has ended.
local function last_answer(lease_id, request)
  local f = redis.call('HMGET', lease_key(lease_id), 'request', 'reply')
  return f[1] == request and cjson.decode(f[2])
end

local function keep_answer(lease_id, request, reply)
  local key = lease_key(lease_id)
  redis.call('HSET', key, 'request', request, 'reply', cjson.encode(reply))
  if redis.call('HEXISTS', key, 'node') == 0 then redis.call('EXPIRE', key, REPLY_SECONDS) end
  return reply
end

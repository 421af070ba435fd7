-- Who wants a node drained: an operator ("held"), the hours it keeps ("asleep"), the leader since nobody
-- needs it ("resting"), a restart that was asked for, or its own worker that leaves. It is drained as
-- long as anybody does. What people said outlives the worker; but a restart, which is done by then, and
-- a rest: a node that registers is awake.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local WISHES = {'held', 'asleep', 'resting', 'restarting', 'leaving'}

local function drain(name, why)
  if not move_node(name, 'drain') then return end
  for _, id in ipairs(redis.call('SMEMBERS', node_leases_key(name))) do
    recall_lease(open_lease(id), why)
  end
end

local function set_wish(name, wish, why)
  redis.call('HSET', node_key(name), wish, why)
  drain(name, why)
  nudge(name)
end

local function drop_wish(name, wish)
  redis.call('HDEL', node_key(name), wish)
  for _, one in ipairs(WISHES) do
    if redis.call('HEXISTS', node_key(name), one) == 1 then return end
  end
  move_node(name, 'undrain')
end

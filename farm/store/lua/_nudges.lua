-- The store's clock, the log of facts, and the nudges that wake others.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local FACTS_KEPT = 100000
local REPLY_SECONDS = 600 -- a repeated request is answered alike for this long

-- The store's own clock, ms since 1970: no caller's clock decides anything.
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function fact(kind, ...)
  redis.call('XADD', FACTS, 'MAXLEN', '~', FACTS_KEPT, '*', 'kind', kind, ...)
end

-- Wake the scheduler; one nudge is enough, however many events there were. It is an order when with one of
-- them somebody changed what is due to whom, so that leases may have to give way.
local function wake(is_order)
  if redis.call('LLEN', WAKE) == 0 then redis.call('LPUSH', WAKE, is_order and 'order' or 'event')
  elseif is_order then redis.call('LSET', WAKE, 0, 'order') end
end

-- Tell a node to send a heartbeat now: there are orders for it.
local function nudge(node)
  local key = node_nudge_key(node)
  if redis.call('LLEN', key) == 0 then redis.call('LPUSH', key, 1) end
end

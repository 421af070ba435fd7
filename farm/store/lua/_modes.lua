-- What a node may do, as its account needs to know: it is open to leases, closed, or offline.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function mode_of(name)
  local f = redis.call('HMGET', node_key(name), 'state', 'unfit', 'closed', 'mute_until_ms')
  if not f[1] or f[1] == 'offline' then return accounts.OFFLINE end
  local shut = f[1] ~= 'online' or (f[2] or '') ~= '' or (f[3] or '') ~= ''
  return (shut or tonumber(f[4] or 0) >= now_ms()) and accounts.CLOSED or accounts.OPEN
end

-- After a change of what a node may do. One that opens is of use until it is judged.
function accounts.follow(name)
  local t, mode = up_to_now(name), mode_of(name)
  if t[MODE] ~= mode and mode == accounts.OPEN then
    for b in pairs(KINDS) do
      t[b + USABLE], t[b + STRANDED] = t[b + ALL] - t[b + BUSY], 0
    end
  end
  t[MODE] = mode
  accounts.save(name, t)
end

-- A node beats that did so last at `before`. Its silence is counted, and a clock that was set back is
-- followed; else nothing has changed.
function accounts.beats(name, before, at)
  if at >= before and at - before <= accounts.ALIVE_MS then return end
  accounts.count(name, at)
  if at < before then
    for _, kind in pairs(KINDS) do demand.follow(kind, '', true) end
  end
end

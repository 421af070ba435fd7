-- After a settle: does the lease go on, and with which tasks?
-- KEYS: derived, see _keys.lua. Returns: helpers for settle.lua.
-- Why a lease takes no further task, or nil when it may go on.
local function stop_reason(lease, want)
  if lease.state == 'recalled' then return 'recalled' end
  if want == 0 then return 'given up' end
  if lease.left == 0 then return 'its tasks are done' end
  local kept = kept_back(lease.job)
  if kept then return kept end
  local node = redis.call('HMGET', node_key(lease.node), 'state', 'unfit')
  if node[1] ~= 'online' then return node[1] end
  if node[2] ~= '' then return 'node unfit' end
end

local function next_tasks(layer, lease, want)
  if want < 0 then
    save_hand(lease)
    return 'ok', {}
  end
  lose_hand(layer, lease)
  local why, taken = stop_reason(lease, want), {}
  if not why then
    taken = take(layer, lease, want)
    if #taken == 0 then why = 'no task was left' end
  end
  if why then end_lease(lease, why) else save_hand(lease, taken) end
  return why or 'ok', taken
end

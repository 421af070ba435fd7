-- How leases end early: lost with their node, or recalled.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- Tasks in hand are ready again, first in line. `why` is told in their story: a frame that takes its
-- node down each time can be found by it.
local function lose_hand(layer, lease, why)
  local lost = 0
  for i = #lease.held, 1, -1 do
    local index = lease.held[i]
    if lease.hand[index] and task_state(layer, index) == 'running' then
      move_task(layer, index, 'running', 'lose')
      redis.call('LPUSH', returned_key(layer.id), index)
      if why then tell_loss(layer, index, lease.hand[index], lease.node, why) end
      lost = lost + 1
    end
  end
  lease.hand, lease.held = {}, {}
  if lost > 0 then
    usage.credit_rest(lease, 'lost', lost)
    redis.call('HINCRBY', COUNTERS, 'lost_attempts', lost)
    fact('tasks_lost', 'job', lease.job, 'layer', lease.layer, 'node', lease.node, 'count', lost)
  end
end

local function lose_lease(lease, why)
  local layer = open_layer(lease.layer)
  lose_hand(layer, lease, why)
  end_lease(lease, why)
  close_layer(layer)
end

-- A recalled lease ends at its next task boundary, at once when it has not started.
local function recall_lease(lease, why)
  if lease.state == 'granted' then
    lose_lease(lease, why)
    return 'ended'
  end
  if lease.state == 'started' then
    lease.state = 'recalled'
    redis.call('HSET', lease.key, 'state', 'recalled', 'why', why)
    show_lease(lease)
    fact('lease_recalled', 'lease', lease.id, 'node', lease.node, 'why', why)
    nudge(lease.node)
  end
  return 'recalled'
end

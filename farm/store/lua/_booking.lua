-- Booking a lease and giving it back: the same figures, up and down.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- Book (sign 1) or give back (sign -1) what a lease holds, wherever it counts.
local function book(lease, sign)
  accounts.book(lease, sign, lease.at)
  for _, what in ipairs({'cores', 'memory_bytes', 'gpus'}) do
    add(node_key(lease.node), 'free_' .. what, lease[what], -sign)
    add(pools_key(lease.production), lease.pool .. ':' .. what, lease[what], sign)
  end
  usage.count_booked(lease, sign)
  touch_node(lease.node)
  touch_job(lease.job)
  redis.call('HINCRBY', job_key(lease.job), 'held_tasks', sign)
  add(job_key(lease.job), 'held_cores', lease.cores, sign)
  for _, path in ipairs(groups_around(lease.production, lease.group)) do
    count_group(lease.production, path, lease.cores, sign)
  end
  if lease.limits ~= '' then count_limits(lease, sign) end
end

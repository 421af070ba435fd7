-- Settle attempts and take the next tasks: one fenced step. Only the attempt that owns a task ends
-- it; anything late is counted and never applied.
-- KEYS  1 {farm}
-- ARGV  1 request id   2 lease id   3 layer id   4 epoch of the node   5 tasks wanted next: 0 gives the
--       lease up, -1 keeps what is in hand; otherwise whatever is still in hand is lost
--       6… per result, 11 values: index, attempt, event, started s, elapsed ms, peak memory KiB,
--       image KiB, "1" to retry elsewhere, story JSON or "", digest of the image in hex or "",
--       memory in KiB that did not do, 0 when it did not run out of memory
-- Returns {"ok" | why the lease ended, how many results, 1 applied | 2 applied before | 0 late each,
-- "index:attempt:failures" of each task taken, …}.
local function settle_one(layer, lease, argv, i)
  local index, attempt = tonumber(argv[i]), tonumber(argv[i + 1])
  local state, last, failures = task_state(layer, index), read_head(layer, index)
  if lease and lease.hand[index] == attempt and state == 'running' and last == attempt then
    lease.hand[index] = nil
    return apply(layer, lease, index, attempt, failures, argv, i)
  end
  if last == attempt and state == SETTLED_AS[argv[i + 2]] then return 2 end
  usage.tally(usage.counters_key(layer.production, lease and lease.pool or layer.pool),
    usage.COUNTER['attempts superseded'], 1)
  redis.call('HINCRBY', COUNTERS, 'superseded', 1)
  return 0
end

local function settle(layer, lease, argv)
  local flags, status, taken = {}, 'gone', {}
  for i = FIRST_RESULT, #argv, PER_RESULT do flags[#flags + 1] = settle_one(layer, lease, argv, i) end
  tell_ended(layer, lease, argv, flags)
  spread_own(layer) -- a frame that waits for the one before may be taken at once
  if lease then status, taken = next_tasks(layer, lease, tonumber(argv[5])) end
  close_layer(layer)
  local reply = {status, #flags}
  for _, word in ipairs(flags) do table.insert(reply, word) end
  for _, word in ipairs(taken) do table.insert(reply, word) end
  return reply
end

redis.register_function('farm_settle', function(keys, argv)
  local lease = open_lease(argv[2])
  -- A lease that goes on knows its last request; what has ended is asked for it.
  local first = (not lease or lease.request == argv[1]) and last_answer(argv[2], argv[1])
  if first then return first end
  local layer = open_layer(argv[3])
  if not layer then return {'gone', 0} end
  -- A lease that has not started has no attempts: a store that went back in time forgot the start.
  if not lease or lease.epoch ~= argv[4] or lease.layer ~= argv[3] or lease.state == 'granted' then
    return settle(layer, nil, argv)
  end
  return keep_answer(lease.id, argv[1], settle(layer, lease, argv))
end)

-- Count free room as the leader judged it, after a plan that came to its end: what could be used by
-- work that waits, what is stranded. A node of which anything else is free by now is left as it is.
-- KEYS  1 {farm}
-- ARGV  1 token of the leader   2 mark of raised bounds that are judged with it, or ""
--       3 how many layers are judged with it   4… of each its id and mark, in pairs; then of each
--       node: name, epoch, free cores, free bytes, free GPUs as they were seen, usable and stranded
--       quarters of cores, usable GPUs
-- Returns how many nodes are counted so, or -1 when not the leader.
local SEEN = {'epoch', 'free_cores', 'free_memory_bytes', 'free_gpus'}

local function is_as_seen(name, argv, i)
  local f = redis.call('HMGET', node_key(name), unpack(SEEN))
  for n = 1, 4 do
    if tonumber(f[n]) ~= tonumber(argv[i + n]) then return false end
  end
  return true
end

local function judge(name, argv, i)
  if not is_as_seen(name, argv, i) then return 0 end
  accounts.follow(name) -- one that was muted for a while is open again by itself
  local t = accounts.load(name)
  local free = t[CORES + ALL] - t[CORES + BUSY]
  t[CORES + USABLE] = math.min(tonumber(argv[i + 5]), free)
  t[CORES + STRANDED] = math.min(tonumber(argv[i + 6]), free - t[CORES + USABLE])
  t[GPUS + USABLE] = math.min(tonumber(argv[i + 7]), t[GPUS + ALL] - t[GPUS + BUSY])
  accounts.save(name, t)
  touch_node(name)
  return 1
end

redis.register_function('farm_free_room', function(keys, argv)
  if redis.call('GET', LEADER) ~= argv[1] then return -1 end
  local nodes, counted = 4 + 2 * argv[3], 0
  for i = nodes, #argv, 8 do counted = counted + judge(argv[i], argv, i) end
  for i = 4, nodes - 1, 2 do demand.judged(argv[i], argv[i + 1]) end
  demand.opening_judged(argv[2])
  return counted
end)

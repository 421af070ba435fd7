-- The names of all keys. Every key carries the hash tag {farm}, so that one Cluster slot holds them
-- all and a step may derive the keys it needs from the ids it finds on the way.
-- KEYS  of every step: 1 the hash tag itself, "{farm}". ARGV differ. Returns: see each step.
local ROOT = '{farm}:'
local JOBS = ROOT .. 'jobs'                            -- ZSET job id -> created, ms
local OPEN_JOBS = ROOT .. 'jobs:open'                  -- SET of job ids that are active or paused
local PRODUCTIONS = ROOT .. 'productions'              -- SET of names
local NODES = ROOT .. 'nodes'                          -- HASH node name -> ordinal in records
local ALIVE = ROOT .. 'nodes:alive'                    -- ZSET node name -> last heartbeat, ms
local LEASES = ROOT .. 'leases'                        -- ZSET lease id -> granted, ms
local UNSTARTED = ROOT .. 'leases:unstarted'           -- ZSET lease id -> start deadline, ms
local FACTS = ROOT .. 'facts'                          -- STREAM, bounded
local COUNTERS = ROOT .. 'counters'                    -- HASH superseded, reaped_leases, ...
local WAKE = ROOT .. 'wake'                            -- LIST of at most one nudge to the scheduler
local LEADER = ROOT .. 'leader'                        -- STRING token of the leading scheduler
local LEADER_EPOCH = ROOT .. 'leader:epoch'            -- STRING counts the takeovers

local function job_key(id) return ROOT .. 'job:' .. id end                 -- HASH
local function layer_key(id) return ROOT .. 'layer:' .. id end             -- HASH
local function states_key(id) return ROOT .. 'layer:' .. id .. ':states' end     -- STRING
local function records_key(id) return ROOT .. 'layer:' .. id .. ':records' end   -- STRING
local function returned_key(id) return ROOT .. 'layer:' .. id .. ':returned' end -- LIST
local function images_key(id) return ROOT .. 'layer:' .. id .. ':images' end     -- STRING
local function avoid_key(id) return ROOT .. 'layer:' .. id .. ':avoid' end       -- HASH
local function stories_key(id) return ROOT .. 'layer:' .. id .. ':stories' end   -- HASH
local function layer_leases_key(id) return ROOT .. 'layer:' .. id .. ':leases' end -- SET
local function node_key(name) return ROOT .. 'node:' .. name end           -- HASH
local function node_leases_key(name) return ROOT .. 'node:' .. name .. ':leases' end -- SET
local function node_nudge_key(name) return ROOT .. 'node:' .. name .. ':nudge' end   -- LIST
local function lease_key(id) return ROOT .. 'lease:' .. id end             -- HASH
local function production_key(name) return ROOT .. 'production:' .. name end -- HASH
local function waiting_key(name) return ROOT .. 'production:' .. name .. ':waiting' end -- ZSET
local function request_key(id) return ROOT .. 'request:' .. id end         -- STRING, expires

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

-- Wake the scheduler; one nudge is enough, however many events there were.
local function wake()
  if redis.call('LLEN', WAKE) == 0 then redis.call('LPUSH', WAKE, 1) end
end

-- Tell a node to send a heartbeat now: there are orders for it.
local function nudge(node)
  local key = node_nudge_key(node)
  if redis.call('LLEN', key) == 0 then redis.call('LPUSH', key, 1) end
end

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
local STARTING = ROOT .. 'jobs:starting'               -- ZSET job id -> when it may begin, ms
local NODE_LINES = ROOT .. 'nodes:lines'               -- HASH node name -> line, see _lines.lua
local LAYER_LINES = ROOT .. 'layers:lines'             -- HASH layer id -> line
local JOB_LINES = ROOT .. 'jobs:lines'                 -- HASH job id -> line
local ACCOUNTS = ROOT .. 'accounts'                    -- HASH "node <name>", "cores <pool>", …
local POOLS = ROOT .. 'pools'                          -- SET of pools that nodes were ever in
local RESERVED = ROOT .. 'nodes:reserved'              -- SET of node names
local BOUNDED = ROOT .. 'groups:bounded'               -- SET of groups that have a bound
local LIMITS = ROOT .. 'limits'                        -- SET of names
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
local function sources_key(id, edge) return ROOT .. 'layer:' .. id .. ':sources:' .. edge end -- STRING
local function users_key(id, edge) return ROOT .. 'layer:' .. id .. ':users:' .. edge end -- STRING
local function layer_leases_key(id) return ROOT .. 'layer:' .. id .. ':leases' end -- SET
local function node_key(name) return ROOT .. 'node:' .. name end           -- HASH
local function node_leases_key(name) return ROOT .. 'node:' .. name .. ':leases' end -- SET
local function node_nudge_key(name) return ROOT .. 'node:' .. name .. ':nudge' end   -- LIST
local function past_key(pool) return ROOT .. 'pool:' .. pool .. ':past' end -- HASH, _eras.lua
local function lease_key(id) return ROOT .. 'lease:' .. id end             -- HASH
local function production_key(name) return ROOT .. 'production:' .. name end -- HASH
local function waiting_key(name) return ROOT .. 'production:' .. name .. ':waiting' end -- ZSET
-- HASH "<pool>:<what>": booked cores, memory_bytes, gpus; weight, guarantee, ceiling of its share
local function pools_key(name) return ROOT .. 'production:' .. name .. ':pools' end
local function held_key(name) return ROOT .. 'production:' .. name .. ':leases' end -- HASH, _leases.lua
local function groups_key(name) return ROOT .. 'production:' .. name .. ':groups' end -- SET
local function group_key(id) return ROOT .. 'group:' .. id end -- HASH; "<production>/<group>"
local function limit_key(name) return ROOT .. 'limit:' .. name end         -- HASH
local function request_key(id) return ROOT .. 'request:' .. id end         -- STRING, expires

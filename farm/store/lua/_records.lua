-- One record of 24 bytes per task that was ever taken: attempt, failed attempts, node, start, times
-- and sizes of the last attempt. farm/store/records.py reads the same layout.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local RECORD_BYTES = 24
local HEAD_FORMAT = '<I4B'        -- attempt, failed attempts
-- … node ordinal, started s, elapsed ms, peak memory KiB, image KiB
local RECORD_FORMAT = '<I4BI3I4I4I4I4'
local HEAD_BYTES = 5

-- Returns the number of the last attempt and how many attempts failed.
local function read_head(layer, index)
  local at = index * RECORD_BYTES
  local head = redis.call('GETRANGE', layer.records, at, at + HEAD_BYTES - 1)
  if #head < HEAD_BYTES then return 0, 0 end
  return struct.unpack(HEAD_FORMAT, head)
end

local function write_head(layer, index, attempt, failures)
  redis.call('SETRANGE', layer.records, index * RECORD_BYTES,
    struct.pack(HEAD_FORMAT, attempt, failures))
end

local function clamp(value, most)
  return math.max(0, math.min(tonumber(value), most))
end

-- The whole record of an attempt that ended. `argv` has from `i` on: started s, elapsed ms, peak
-- memory KiB, image KiB.
local function write_record(layer, index, attempt, failures, node, argv, i)
  redis.call('SETRANGE', layer.records, index * RECORD_BYTES, struct.pack(RECORD_FORMAT, attempt,
    failures, clamp(node, 16777215), clamp(argv[i], 4294967295), clamp(argv[i + 1], 4294967295),
    clamp(argv[i + 2], 4294967295), clamp(argv[i + 3], 4294967295)))
end

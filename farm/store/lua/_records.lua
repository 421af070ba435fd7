-- One record of 22 bytes per task that was ever taken: attempt, failed attempts, node, start, times
-- and sizes of the last attempt. farm/store/records.py reads the same layout.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local RECORD_BYTES = 22
local HEAD_FORMAT = '<I2B'        -- attempt, failed attempts
local TAIL_FORMAT = '<I3I4I4I4I4' -- node ordinal, started s, elapsed ms, peak memory KiB, image KiB
local HEAD_BYTES = 3

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

local function write_tail(layer, index, node, started_s, elapsed_ms, peak_kib, image_kib)
  redis.call('SETRANGE', layer.records, index * RECORD_BYTES + HEAD_BYTES, struct.pack(TAIL_FORMAT,
    clamp(node, 16777215), clamp(started_s, 4294967295), clamp(elapsed_ms, 4294967295),
    clamp(peak_kib, 4294967295), clamp(image_kib, 4294967295)))
end

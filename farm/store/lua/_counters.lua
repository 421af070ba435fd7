-- Counters of a production in a pool: a string of 64-bit numbers, farm/store/counters.py tells what
-- stands where. A step gathers what it counts, and writes it when it closes a layer: one call for all
-- numbers of a string.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local UNITS = {[1] = '1', [-1] = '-1'} -- the server writes other numbers out at a price

local gathered = {} -- key -> {place -> amount}

-- What is gathered for the counters with this key: amounts by places, which are words of
-- usage.COUNTER or of a histogram.
function usage.tallied(key)
  local counters = gathered[key]
  if not counters then
    counters = {}
    gathered[key] = counters
  end
  return counters
end

function usage.tally(key, place, amount)
  local counters = usage.tallied(key)
  counters[place] = (counters[place] or 0) + amount
end

-- Count `value` among the observations of a histogram, in `counters`.
function usage.observe(counters, histogram, value)
  local bounds, bucket = histogram.bounds, 1
  while value > bounds[bucket] do bucket = bucket + 1 end
  local place, sum = histogram[bucket], histogram.sum
  counters[place], counters[sum] = (counters[place] or 0) + 1, (counters[sum] or 0) + value
end

function usage.write()
  for key, counters in pairs(gathered) do
    local words = {}
    for place, amount in pairs(counters) do
      if amount ~= 0 then
        local n = #words
        words[n + 1], words[n + 2], words[n + 3] = 'INCRBY', 'i64', place
        words[n + 4] = UNITS[amount] or amount
      end
    end
    if words[1] then redis.call('BITFIELD', key, unpack(words)) end
    gathered[key] = nil
  end
  usage.write_spent()
end

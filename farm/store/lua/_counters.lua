-- Counters of a production in a pool: a string of 64-bit numbers, farm/store/counters.py tells what
-- stands where. A step gathers what it counts, and writes it when it closes a layer: one call for all
-- numbers of a string.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local UNITS = {[1] = '1', [-1] = '-1'} -- the server writes other numbers out at a price

-- What is gathered: entry by entry a key, a place and an amount. Tables that are used again, since a
-- settle has less to do than the server has with tables that are thrown away.
local gathered, keys_of, places_of, amounts_of, tally_words = 0, {}, {}, {}, {}

-- Raise the counter at `place`, a word of usage.COUNTER, usage.TASKS or a histogram.
function usage.tally(key, place, amount)
  for i = 1, gathered do
    if places_of[i] == place and keys_of[i] == key then
      amounts_of[i] = amounts_of[i] + amount
      return
    end
  end
  gathered = gathered + 1
  keys_of[gathered], places_of[gathered], amounts_of[gathered] = key, place, amount
end

-- The number of the bucket of a histogram into which `value` falls.
function usage.bucket(histogram, value)
  local bounds, bucket = histogram.bounds, 1
  while value > bounds[bucket] do bucket = bucket + 1 end
  return bucket
end

-- Count `count` observations, `sum` in all, of a bucket.
function usage.observe(key, histogram, bucket, count, sum)
  usage.tally(key, histogram[bucket], count)
  usage.tally(key, histogram.sum, sum)
end

-- Take all that is gathered for the key of entry `first`, as words for BITFIELD; how many.
local function take_words(first)
  local key, n = keys_of[first], 0
  for i = first, gathered do
    if keys_of[i] == key then
      if amounts_of[i] ~= 0 then
        tally_words[n + 1], tally_words[n + 2], tally_words[n + 3] = 'INCRBY', 'i64', places_of[i]
        tally_words[n + 4] = UNITS[amounts_of[i]] or amounts_of[i]
        n = n + 4
      end
      amounts_of[i] = 0
    end
  end
  return n
end

function usage.write()
  for first = 1, gathered do
    local n = take_words(first)
    if n > 0 then redis.call('BITFIELD', keys_of[first], unpack(tally_words, 1, n)) end
  end
  gathered = 0
  usage.write_exemplars()
  usage.write_spent()
end

-- Sums of what is booked.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function add(key, field, amount, sign)
  if amount == '0' then return 0 end
  if sign < 0 then amount = '-' .. amount end
  local sum = redis.pcall('HINCRBY', key, field, amount)
  if type(sum) == 'number' then return sum end
  -- Parts of cores, which are exact as well; whole ones, the rule, cost a third so.
  return tonumber(redis.call('HINCRBYFLOAT', key, field, amount))
end

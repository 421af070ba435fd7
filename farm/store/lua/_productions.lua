-- A production is there from its first job on, or since somebody set its share.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local function add_production(name, created_ms)
  if redis.call('SADD', PRODUCTIONS, name) == 1 then
    redis.call('HSET', production_key(name), 'name', name, 'weight', 1, 'created_ms', created_ms)
  end
end

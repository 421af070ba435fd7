"""Time that passes on a real store without waiting: each instant that accounts go by moves back.

For the steps it is as if the server's clock had gone on by so much, or was set back.
"""

from collections.abc import Collection

from farm.store import Store
from farm.store.counters import place

_SHIFT = """
local ms = tonumber(ARGV[1])
local silent = {}
for i = 2, #ARGV do silent[ARGV[i]] = true end
for _, name in ipairs(redis.call('HKEYS', '{farm}:nodes')) do
  local key, field = '{farm}:node:' .. name, 'node ' .. name
  local packed = redis.call('HGET', '{farm}:accounts', field)
  local at, since, back, mode, beat = struct.unpack('<i8i8i8i8i8', packed, 2)
  if ms < 0 or silent[name] then
    redis.call('HINCRBY', key, 'heartbeat_ms', -ms)
    beat = beat - ms
    if redis.call('ZSCORE', '{farm}:nodes:alive', name) then
      redis.call('ZINCRBY', '{farm}:nodes:alive', -ms, name)
    end
  end
  redis.call('HSET', '{farm}:accounts', field, string.sub(packed, 1, 1)
    .. struct.pack('<i8i8i8i8i8', at - ms, since - ms, back, mode, beat) .. string.sub(packed, 42))
  if redis.call('HEXISTS', key, 'mute_until_ms') == 1 then
    redis.call('HINCRBY', key, 'mute_until_ms', -ms)
    redis.call('HDEL', '{farm}:nodes:lines', name) -- it tells that instant
  end
end
local integrals = redis.call('HGETALL', '{farm}:accounts')
for i = 1, #integrals, 2 do
  local packed = integrals[i + 1]
  if string.sub(integrals[i], 1, 5) ~= 'node ' then
    redis.call('HSET', '{farm}:accounts', integrals[i],
      struct.pack('<i8', struct.unpack('<i8', packed) - ms) .. string.sub(packed, 9))
  end
end
for _, id in ipairs(redis.call('ZRANGE', '{farm}:leases', 0, -1)) do
  local key = '{farm}:lease:' .. id
  local since, rest = string.match(redis.call('HGET', key, 'account'), '^(%d+)(.*)$')
  redis.call('HSET', key, 'account', string.format('%.0f', since - ms) .. rest)
end
local booked, booked_at = KEYS[1], KEYS[2]
for _, pair in ipairs(redis.call('SMEMBERS', '{farm}:usage:pairs')) do
  local key = string.gsub(pair, '^(%S+) (.*)$', '{farm}:production:%1:counters:%2')
  local cores = redis.call('BITFIELD', key, 'GET', 'i64', booked)[1]
  redis.call('BITFIELD', key, 'INCRBY', 'i64', booked_at, -cores * ms)
end
"""


def let_pass(store: Store, ms: int, *, silent: Collection[str] = ()) -> None:
    """Let `ms` pass in which all nodes beat but those that are `silent`.

    A negative `ms` sets the clock back.
    """
    places = (place("booked"), place("booked_at"))
    store.connection.client.eval(_SHIFT, len(places), *places, ms, *silent)

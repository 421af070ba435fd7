-- How many tasks one call hands out, and handing them out.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
-- Take at most `want` tasks, fewer when many slots share few: near the end of a layer nobody should
-- sit on a chunk while another slot is idle (guided self-scheduling, Polychronopoulos and Kuck 1987).
local function take(layer, lease, want)
  local taken = {}
  local ready = layer.ready + (layer.moved.ready or 0)
  if layer.chunk > 0 then want = layer.chunk
  else
    local slots = redis.call('SCARD', layer_leases_key(layer.id))
    want = math.max(1, math.min(want, math.floor(ready / (2 * math.max(1, slots)))))
  end
  if lease.left then want = math.min(want, lease.left) end
  if ready > 0 and want > 0 then
    take_returned(layer, lease, want, taken)
    take_fresh(layer, lease, want, taken)
  end
  if lease.left then lease.left = lease.left - #taken end
  return taken
end

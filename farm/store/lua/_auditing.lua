-- What a layer waits for, as the audit needs it to judge again.
-- KEYS: derived, see _keys.lua. Returns: helpers for audit_job.lua.
local function audited_sources(layer)
  local found = {}
  for _, edge in ipairs(edges(layer.after)) do
    local job = string.match(edge.other, '^j(%d+)$')
    local frames, bytes = '', nil
    if job then bytes = redis.call('HGET', job_key(job), 'state')
    else
      frames = redis.call('HGET', layer_key(edge.other), 'frames')
      bytes = redis.call('GET', states_key(edge.other))
    end
    table.insert(found, {edge.other, edge.match, edge.release, frames, bytes})
  end
  return found
end

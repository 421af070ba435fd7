-- Which jobs the farm's histograms counted last, at one instant: for a scrape.
-- KEYS  1 {farm}
-- ARGV  none
-- Returns {{"<place of the bucket> <pool>", "<layer> <task or -> <value> <when, ms> <node>", …}, {id of
-- each layer among them, its name, its frames, …}}.
redis.register_function{function_name = 'farm_exemplars', flags = {'no-writes'},
  callback = function(keys, argv)
    local told, layers, seen = redis.call('HGETALL', usage.exemplars), {}, {}
    for i = 2, #told, 2 do
      local id = string.match(told[i], '^%S+')
      if not seen[id] then
        seen[id] = true
        local f = redis.call('HMGET', layer_key(id), 'name', 'frames')
        for _, word in ipairs({id, f[1] or '', f[2] or ''}) do table.insert(layers, word) end
      end
    end
    return {told, layers}
  end}

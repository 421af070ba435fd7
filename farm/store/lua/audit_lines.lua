-- What is kept for a look at the farm, beside what it would be if it were read anew.
-- KEYS  1 {farm}
-- ARGV  none
-- Returns {"node n1", line kept, line anew, …}.
redis.register_function{function_name = 'farm_audit_lines', flags = {'no-writes'},
  callback = function(keys, argv)
    local told = {}
    for kind, from in pairs({node = {NODE_LINES, node_line}, layer = {LAYER_LINES, layer_line},
      job = {JOB_LINES, job_line}}) do
      local lines = redis.call('HGETALL', from[1])
      for i = 1, #lines, 2 do
        for _, word in ipairs({kind .. ' ' .. lines[i], lines[i + 1], from[2](lines[i])}) do
          table.insert(told, word)
        end
      end
    end
    return told
  end}

-- Do these attempts still own their tasks? Asked after an image is written and before it is moved
-- to its final name.
-- KEYS  1 {farm}
-- ARGV  1 lease id   2 epoch of the node   3… index, attempt, in pairs
-- Returns 1 or 0 for each pair.
redis.register_function{function_name = 'farm_confirm', flags = {'no-writes'},
  callback = function(keys, argv)
    local lease, answers = open_lease(argv[1]), {}
    local layer = lease and lease.epoch == argv[2] and open_layer(lease.layer)
    for i = 3, #argv, 2 do
      local owns = layer and lease.hand[tonumber(argv[i])] == tonumber(argv[i + 1])
        and task_state(layer, argv[i]) == 'running'
      table.insert(answers, owns and 1 or 0)
    end
    return answers
  end}

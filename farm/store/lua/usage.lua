-- What the farm's cores were spent on and what its leader does, at one instant: for a scrape, which
-- costs as much as there are productions and pools that they use, however many jobs there are.
-- KEYS  1 {farm}
-- ARGV  none
-- Returns {now ms, {"<production> <pool>", its counters, …}, counters of the farm, jobs by state, what
-- the leader noted}; counters are as farm/store/counters.py reads them, the last three flat hashes.
redis.register_function{function_name = 'farm_usage', flags = {'no-writes'},
  callback = function(keys, argv)
    return {now_ms(), usage.all_counters(), redis.call('HGETALL', COUNTERS),
      redis.call('HGETALL', usage.jobs), redis.call('HGETALL', usage.plan)}
  end}

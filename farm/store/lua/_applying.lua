-- A result that counts: the task moves, its record is written, and all learn from it.
-- KEYS: derived, see _keys.lua. Returns: helpers for settle.lua.
-- How an attempt ended that told a result.
local function ending(event, story, memory)
  if event == 'succeed' then return 'succeeded' end
  if event == 'lose' then return 'lost' end
  if memory > 0 then return 'out_of_memory' end
  return string.find(story, '"outcome":"timed_out"', 1, true) and 'timed_out' or 'failed'
end

local function apply(layer, lease, index, attempt, failures, argv, i)
  local event = argv[i + 2]
  local failed = event == 'fail' or event == 'again'
  if failed then failures = math.min(failures + 1, 255) end
  local after = move_task(layer, index, 'running', event)
  if not after then return error('no such move: running, ' .. event) end
  write_record(layer, index, attempt, failures, lease.ordinal, argv, i + 3)
  if argv[i + 8] ~= '' then tell_story(layer, index, argv[i + 8]) end
  local ms, peak_kib = tonumber(argv[i + 4]), tonumber(argv[i + 5])
  local how = ending(event, argv[i + 8], tonumber(argv[i + 10]))
  usage.credit_result(lease, index, how, ms, peak_kib)
  if event == 'succeed' then
    note_use(layer, ms, peak_kib)
    note_image(layer, index, argv[i + 9])
    faults.note_success(layer, lease, index, failures)
  end
  if failed then faults.note_failure(layer, lease, index, event, tonumber(argv[i + 10]), argv[i + 8]) end
  if after == 'ready' then give_back(layer, lease, index, event, argv[i + 7] == '1') end
  return 1
end

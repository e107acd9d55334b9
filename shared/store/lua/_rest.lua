-- For how long a run that is paused, that waits, or that is queued after either, has had
-- nobody at work, in ms: since it was told to rest, and the last shard was given back,
-- and the last segment began.
local function rested(run, step)
  local at = redis.call('HMGET', run, 'started_ms', 'rest_ms', 'idle_ms')
  if not at[1] or not at[2] then return 0 end
  local began = redis.call('HGET', step, 'segment_start_ms')
  return math.max(0, now - math.max(tonumber(at[2]), tonumber(at[3] or '0'),
                                    tonumber(began or '0')))
end

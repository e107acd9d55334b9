-- What is owed to the truth when the work on a step ends: its shards whose worker has
-- gone silent and which nobody needed to take over. Each counts once.
local function count_silent(run, step)
  local silent = 0
  for j = 0, tonumber(redis.call('HGET', step, 'shards') or '0') - 1 do
    local s = redis.call('HMGET', step, 'owner:' .. j, 'exp:' .. j)
    if s[1] and tonumber(s[2] or '0') <= now then
      redis.call('HDEL', step, 'owner:' .. j)
      silent = silent + 1
    end
  end
  if silent > 0 then plus(run, 'interrupted', silent) end
end

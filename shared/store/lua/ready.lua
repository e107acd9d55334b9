-- Keep a lease that has not begun yet, and fix when its segment begins: when who holds
-- it is ready, and with due times, which all shards share, when all are or after a
-- while. Asked again and again until then.
-- KEYS run, step
-- ARGV shard, epoch, lease_ms, ready ('1' | ''), patience_ms (how long to wait for
--      other shards once one is ready), lead_ms (until the start, once it is fixed)
-- -> {0, the run's state, its step} lost
--    {1, the run's state, its step, start_ms (0 = not fixed yet), segment_start_ms}
local j, lease_ms = ARGV[1], whole(ARGV[3])
local patience_ms, lead_ms = whole(ARGV[5]), whole(ARGV[6])
local run = redis.call('HMGET', KEYS[1], 'status', 'step')
local function mine(i)
  local s = redis.call('HMGET', KEYS[2], 'epoch:' .. i, 'exp:' .. i, 'ready:' .. i)
  return s[1], tonumber(s[2] or '0') >= now, s[3]
end
local epoch, alive = mine(j)
if epoch ~= ARGV[2] or not alive then
  return {0, run[1] or 'gone', tonumber(run[2] or '0')}
end
redis.call('HSET', KEYS[2], 'exp:' .. j, now + lease_ms)
local at = redis.call('HMGET', KEYS[2], 'start_ms', 'segment_start_ms', 'shards',
                      'left_ms')
if not at[2] and ARGV[4] == '1' then
  redis.call('HSET', KEYS[2], 'ready:' .. j, epoch)
  redis.call('HSETNX', KEYS[2], 'ready_ms', now)
  local since = tonumber(redis.call('HGET', KEYS[2], 'ready_ms'))
  local all = true
  for i = 0, tonumber(at[3]) - 1 do
    local has, lives, ready = mine(i)
    local over = redis.call('HEXISTS', KEYS[2], 'finished:' .. i) == 1
    all = all and (over or (lives and ready == has))
  end
  if all or now - since >= patience_ms then
    at[2] = now + lead_ms
    at[1] = at[1] or at[2]
    redis.call('HSET', KEYS[2], 'start_ms', at[1], 'segment_start_ms', at[2])
    if at[4] then plus(KEYS[1], 'gap_ms', at[2] - at[4]) end
    redis.call('HDEL', KEYS[2], 'ready_ms', 'left_ms')
    for i = 0, tonumber(at[3]) - 1 do redis.call('HDEL', KEYS[2], 'ready:' .. i) end
  end
end
return {1, run[1], tonumber(run[2]), tonumber(at[2] and at[1] or '0'),
        tonumber(at[2] or '0')}

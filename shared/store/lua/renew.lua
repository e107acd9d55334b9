-- Keep a lease. -> {1 kept | 0 lost, the run's state, its step}
-- KEYS run, step   ARGV shard, epoch, lease_ms
local lease_ms = whole(ARGV[3])
local run = redis.call('HMGET', KEYS[1], 'status', 'step')
local s = redis.call('HMGET', KEYS[2], 'epoch:' .. ARGV[1], 'exp:' .. ARGV[1])
if s[1] ~= ARGV[2] or tonumber(s[2] or '0') < now then
  return {0, run[1] or 'gone', tonumber(run[2] or '0')}
end
redis.call('HSET', KEYS[2], 'exp:' .. ARGV[1], now + lease_ms)
return {1, run[1], tonumber(run[2])}

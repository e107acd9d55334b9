-- include _silent
-- A shard has nothing left that does not wait for an outage. When no other one has,
-- the run waits, and says for what; after too long it ends.
-- KEYS run, events, step
-- ARGV shard, epoch, step, until (ms), words, since (ms), longest outage (ms), the
--      sentence of such an end
-- -> the run's state
local until_ms, since_ms, most_ms = whole(ARGV[4]), whole(ARGV[6]), whole(ARGV[7])
local run = redis.call('HMGET', KEYS[1], 'status', 'step', 'down', 'until_ms')
if run[2] ~= ARGV[3] or redis.call('HGET', KEYS[3], 'epoch:' .. ARGV[1]) ~= ARGV[2]
   or not (run[1] == 'running' or (run[1] == 'waiting' and run[3])) then
  return run[1] or 'gone'
end
redis.call('HSET', KEYS[3], 'idle:' .. ARGV[1], ARGV[2])
for j = 0, tonumber(redis.call('HGET', KEYS[3], 'shards')) - 1 do
  local s = redis.call('HMGET', KEYS[3], 'exp:' .. j, 'idle:' .. j, 'epoch:' .. j)
  if tonumber(s[1] or '0') > now and s[2] ~= s[3] then return run[1] end
end
local to = 'waiting'
if now - since_ms >= most_ms then
  to = 'reducing'
  redis.call('HSET', KEYS[1], 'status', to, 'ending', 'upstream_down', 'error', ARGV[8])
  redis.call('HDEL', KEYS[1], 'until_ms', 'down')
  plus(KEYS[1], 'outages', 1)
  plus(KEYS[1], 'outage_ms', now - since_ms)
  count_silent(KEYS[1], KEYS[3])
elseif run[1] == to and tonumber(run[4]) == until_ms then
  return to
else
  if run[1] ~= to then redis.call('HSET', KEYS[1], 'rest_ms', now) end
  redis.call('HSET', KEYS[1], 'status', to, 'until_ms', until_ms, 'down', ARGV[5])
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'kind', 'state', 'status', to)
return to

-- include _money
-- Leave that was given and not used: the call was never sent.
-- KEYS run, holds, held, spend, then for each limit: log, days, flight   ARGV id
if redis.call('HGET', KEYS[3], ARGV[1]) then
  settle(KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[1], 0, false)
end
for i = 5, #KEYS, 3 do
  local at = redis.call('ZSCORE', KEYS[i], ARGV[1])
  if at then
    redis.call('ZREM', KEYS[i], ARGV[1])
    plus(KEYS[i + 1], math.floor(at / 86400000), -1)
  end
  redis.call('ZREM', KEYS[i + 2], ARGV[1])
end
return 1

-- What `GET /key` says of today: the account's cap, and the calls it has counted.
-- KEYS days   ARGV per day ('' = it does not say), used today ('' = it does not say)
local day = math.floor(now / 86400000)
local per_day, used = perhaps(ARGV[1]), perhaps(ARGV[2])
if per_day then redis.call('HSET', KEYS[1], 'per_day', ARGV[1]) end
if used and tonumber(redis.call('HGET', KEYS[1], day) or '0') < used then
  -- calls of others with this account
  redis.call('HSET', KEYS[1], day, ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], 172800000)
return 1

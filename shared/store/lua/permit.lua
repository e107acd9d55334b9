-- Leave to send one call now, under every limit that it falls under, or when to ask
-- again. Asked twice with one id it is the same leave.
-- KEYS for each limit: log, days, flight, bar
-- ARGV id, span of a minute in ms, longest flight in ms,
--      then for each limit: per minute, per day, in flight ('' = any number)
-- -> {1} | {0, ask again at ms, which limit, why}
local day = math.floor(now / 86400000)
local function given(at) return tonumber(ARGV[at]) end
for i = 0, #KEYS / 4 - 1 do
  local log, days, flight, bar = KEYS[4 * i + 1], KEYS[4 * i + 2], KEYS[4 * i + 3],
                                 KEYS[4 * i + 4]
  local per_minute, per_day, in_flight = given(3 * i + 4), given(3 * i + 5),
                                         given(3 * i + 6)
  redis.call('ZREMRANGEBYSCORE', log, '-inf', now - ARGV[2])
  if redis.call('ZSCORE', log, ARGV[1]) then return {1} end
  local barred = tonumber(redis.call('GET', bar) or '0')
  if barred > now then return {0, barred, i, 'barred'} end
  -- what the account's own page has told counts where nothing is set
  local known = redis.call('HMGET', days, day, 'per_day')
  per_day = per_day or tonumber(known[2])
  if per_day and tonumber(known[1] or '0') >= per_day then
    return {0, (day + 1) * 86400000, i, 'day'}
  end
  if per_minute then
    local nth = redis.call('ZREVRANGE', log, per_minute - 1, per_minute - 1,
                           'WITHSCORES')
    if nth[2] then return {0, tonumber(nth[2]) + ARGV[2], i, 'minute'} end
  end
  if in_flight then
    redis.call('ZREMRANGEBYSCORE', flight, '-inf', now)
    if redis.call('ZCARD', flight) >= in_flight then
      return {0, now + 100, i, 'in_flight'}
    end
  end
end
for i = 0, #KEYS / 4 - 1 do
  local log, days, flight = KEYS[4 * i + 1], KEYS[4 * i + 2], KEYS[4 * i + 3]
  redis.call('ZADD', log, now, ARGV[1])
  redis.call('PEXPIRE', log, ARGV[2])
  redis.call('HINCRBY', days, day, 1)
  redis.call('HDEL', days, day - 2)
  redis.call('PEXPIRE', days, 172800000)
  if given(3 * i + 6) then
    redis.call('ZADD', flight, now + ARGV[3], ARGV[1])
    if redis.call('PTTL', flight) < tonumber(ARGV[3]) then
      redis.call('PEXPIRE', flight, ARGV[3])
    end
  end
end
return {1}

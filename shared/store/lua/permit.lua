-- include _money
-- Leave to send one call now, under every budget and limit that it falls under, or
-- when to ask again. Asked twice with one id it is the same leave.
-- KEYS run, holds, held, spend, pace, then for each limit: log, days, flight, bar
-- ARGV id, span of a minute in ms, longest flight in ms,
--      worst cost, the run's budget, the day's budget in nano-USD ('' = none),
--      target ('' = at no pace), the pace to begin with in calls a minute,
--      then for each limit: per minute, per day, in flight ('' = any number)
-- -> {1} | {0, ask again at ms, which limit (-1 = money, -2 = pace), why, ms between
--     two calls at this pace}
local day = today
local span_ms, flight_ms = whole(ARGV[2], 1), whole(ARGV[3], 1)
local first_pace = ARGV[7] ~= '' and tonumber(ARGV[8])
if first_pace and not (first_pace > 0 and first_pace <= MOST) then
  error('no pace that can be')
end
perhaps(ARGV[5])
perhaps(ARGV[6])
for at = 9, #ARGV do perhaps(ARGV[at]) end
local function given(at) return tonumber(ARGV[at]) end
-- A price beyond reason is dearer than any budget, and no error.
local worst = whole(ARGV[4] == '' and 0 or ARGV[4], 0,
                    (given(5) or given(6)) and math.huge)
if worst > 0 or ARGV[7] ~= '' then
  -- what is noted of a run goes with it; of one that ends or is gone nothing is
  local run = redis.call('HMGET', KEYS[1], 'status', 'judging')
  local status = run[1]
  -- a judge is asked in `reducing`, until that is over, and nobody else is any more
  local judges = string.sub(ARGV[1], 1, 6) == 'judge:' and run[2] == 'due'
  if not status or (status == 'reducing' and not judges) or status == 'done'
     or status == 'cancelled' or status == 'failed' then
    return {0, now + 1000, worst > 0 and -1 or -2, 'gone', 1000}
  end
end
if worst > 0 then
  if redis.call('HGET', KEYS[3], ARGV[1]) then return {1} end
  if redis.call('HGET', KEYS[1], 'broke') then return {0, 0, -1, 'budget'} end
  lapse(KEYS[1], KEYS[2], KEYS[3], KEYS[4], now)
  local function room(budget, said, why, until_ms)
    local held = tonumber(said[2] or '0')
    local sum = tonumber(said[1] or '0') + held + tonumber(said[3] or '0')
    if not budget or sum + worst <= budget then return nil end
    -- calls that are open may turn out cheaper
    if held > 0 then return {0, now + 250, -1, 'money'} end
    return {0, until_ms, -1, why}
  end
  local no = room(given(5), redis.call('HMGET', KEYS[1], 'spent_nano', 'held_nano',
                                       'unaccounted_nano'), 'budget', 0)
    or room(given(6), redis.call('HMGET', KEYS[4], day .. ':spent', day .. ':held',
                                 day .. ':unaccounted'),
            'day_budget', (day + 1) * 86400000)
  if no and no[4] == 'budget' then
    -- from here on no cheaper call slips in, which the end would cut
    redis.call('HSET', KEYS[1], 'broke', 1)
  end
  if no then return no end
end
local limits = (#KEYS - 5) / 4
for i = 0, limits - 1 do
  local log, days, flight, bar = KEYS[4 * i + 6], KEYS[4 * i + 7], KEYS[4 * i + 8],
                                 KEYS[4 * i + 9]
  local per_minute, per_day, in_flight = given(3 * i + 9), given(3 * i + 10),
                                         given(3 * i + 11)
  redis.call('ZREMRANGEBYSCORE', log, '-inf', now - span_ms)
  if redis.call('ZSCORE', log, ARGV[1]) then return {1} end
  local barred = tonumber(redis.call('GET', bar) or '0')
  if barred > now then return {0, barred, i, 'barred'} end
  -- the cap that `GET /key` has told counts where no other is set
  local known = redis.call('HMGET', days, day, 'per_day')
  per_day = per_day or tonumber(known[2])
  if per_day and tonumber(known[1] or '0') >= per_day then
    return {0, (day + 1) * 86400000, i, 'day'}
  end
  if per_minute then
    local nth = redis.call('ZREVRANGE', log, per_minute - 1, per_minute - 1,
                           'WITHSCORES')
    if nth[2] then return {0, tonumber(nth[2]) + span_ms, i, 'minute'} end
  end
  if in_flight then
    redis.call('ZREMRANGEBYSCORE', flight, '-inf', now)
    if redis.call('ZCARD', flight) >= in_flight then
      return {0, now + 100, i, 'in_flight'}
    end
  end
end
if ARGV[7] ~= '' then
  local p = redis.call('HMGET', KEYS[5], ARGV[7] .. ':rate', ARGV[7] .. ':next_ms')
  local apart = 60000 / (tonumber(p[1]) or first_pace)
  -- what a tenth of a second allows may go at once
  local next_ms = math.max(tonumber(p[2] or '0'), now - 100)
  if next_ms > now then
    redis.call('HSET', KEYS[5], ARGV[7] .. ':bound', 1)
    return {0, math.ceil(next_ms), -2, 'pace', math.ceil(apart)}
  end
  redis.call('HSET', KEYS[5], ARGV[7] .. ':next_ms',
             string.format('%.3f', next_ms + apart))
end
for i = 0, limits - 1 do
  local log, days, flight = KEYS[4 * i + 6], KEYS[4 * i + 7], KEYS[4 * i + 8]
  redis.call('ZADD', log, now, ARGV[1])
  redis.call('PEXPIRE', log, span_ms)
  plus(days, day, 1)
  redis.call('HDEL', days, day - 2)
  redis.call('PEXPIRE', days, 172800000)
  if given(3 * i + 11) then
    redis.call('ZADD', flight, now + flight_ms, ARGV[1])
    if redis.call('PTTL', flight) < flight_ms then
      redis.call('PEXPIRE', flight, flight_ms)
    end
  end
end
if worst > 0 then
  redis.call('ZADD', KEYS[2], now + flight_ms, ARGV[1])
  redis.call('HSET', KEYS[3], ARGV[1], ARGV[4] .. ' ' .. day)
  add(KEYS[1], KEYS[4], day, 'held', worst)
end
return {1}

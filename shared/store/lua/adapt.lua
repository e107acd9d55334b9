-- What became of a target's calls: its rate goes up a little after many that passed,
-- and down at once when one was throttled. Nothing of a run that has ended or is gone.
-- Repeated by a broken connection it counts those that passed twice, which moves the
-- rate a little early; a cut is made once for all calls that were sent before it.
-- KEYS run, pace, paces   ARGV target, rate to begin with, largest rate, calls that passed,
--      calls that were throttled, when the last of those was sent (store ms)
-- -> 1 | 0 there is nothing to tell it of
local start, most = tonumber(ARGV[2]), tonumber(ARGV[3])
local passes, cuts, sent_ms = whole(ARGV[4]), whole(ARGV[5]), whole(ARGV[6])
if not (start > 0 and most > 0 and start <= MOST and most <= MOST) then
  error('no rate that can be')
end
local status = redis.call('HGET', KEYS[1], 'status')
if not status or status == 'done' or status == 'cancelled' or status == 'failed' then
  return 0
end
local function field(what) return ARGV[1] .. ':' .. what end
local p = redis.call('HMGET', KEYS[2], field('rate'), field('passed'), field('cut_ms'),
                     field('top'), field('bound'))
local rate = tonumber(p[1]) or start
local passed = tonumber(p[2] or '0') + passes
local top = tonumber(p[4])
local new = rate
plus(KEYS[2], field('calls'), passes + cuts)
plus(KEYS[2], field('throttled'), cuts)
if top then
  plus(KEYS[2], field('held_calls'), passes + cuts)
  plus(KEYS[2], field('held_throttled'), cuts)
end
if cuts > 0 then
  if sent_ms > tonumber(p[3] or '0') then
    new, passed = math.max(rate * 0.8, 1), 0
    redis.call('HSET', KEYS[2], field('cut_ms'), now, field('top'), rate)
  end
elseif p[5] and passed >= (top and 100 or 10) then
  -- from 80 % of where it was throttled back to it: ten steps of a hundred calls
  new, passed = math.min(top and rate + top * 0.02 or rate * 1.25, most), 0
  -- only a rate that was waited for has been tried
  redis.call('HDEL', KEYS[2], field('bound'))
end
redis.call('HSET', KEYS[2], field('passed'), passed, field('rate'), new)
if new ~= rate then
  redis.call('RPUSH', KEYS[3], string.format('[%s,%.0f,%.6f]', ARGV[1], now, new))
  redis.call('LTRIM', KEYS[3], -1000, -1)
end
return 1

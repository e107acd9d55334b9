-- A call has shown that the upstream, or one target of it, is down: it rests, and at
-- each further try that fails twice as long. Who tells of a call that began before the
-- last such failure was told adds nothing.
-- Of a run that has ended or is gone nothing is noted.
-- KEYS run's outages, run
-- ARGV name, when the call began, words, first pause, longest pause, no try before (0 =
--      nobody says), forgotten after (all ms)
-- -> {since_ms, told_ms, until_ms}
local began_ms, hint_ms, forgotten_ms = whole(ARGV[2]), whole(ARGV[6]), whole(ARGV[7])
local first_ms, longest_ms = whole(ARGV[4], 1), whole(ARGV[5], 1)
local status = redis.call('HGET', KEYS[2], 'status')
if not status or status == 'done' or status == 'cancelled' or status == 'failed' then
  return {now, now, now + first_ms}
end
local function at(field) return ARGV[1] .. ':' .. field end
local d = redis.call('HMGET', KEYS[1], at('since'), at('told'), at('until'), at('tries'))
local since, told, tries = tonumber(d[1]), tonumber(d[2]), tonumber(d[4] or '0')
if told and now - told > forgotten_ms then since, told, tries = nil, nil, 0 end
if told and began_ms <= told then return {since, told, tonumber(d[3])} end
local pause = math.min(first_ms * 2 ^ math.min(tries, 60), longest_ms)
local until_ms = math.max(math.floor(now + pause), hint_ms)
since = since or now
redis.call('HSET', KEYS[1], at('since'), since, at('told'), now, at('until'), until_ms,
           at('tries'), tries + 1, at('words'), ARGV[3])
redis.call('HDEL', KEYS[1], at('probe'), at('probe_ms'))
return {since, now, until_ms}

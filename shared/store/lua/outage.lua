-- A call has shown that the upstream, or one target of it, is down: it rests, and at
-- each further try that fails twice as long. Who tells of a call that began before the
-- last such failure was told adds nothing.
-- KEYS run's outages
-- ARGV name, when the call began, words, first pause, longest pause, no try before (0 =
--      nobody says), forgotten after (all ms)
-- -> {since_ms, told_ms, until_ms}
local function at(field) return ARGV[1] .. ':' .. field end
local d = redis.call('HMGET', KEYS[1], at('since'), at('told'), at('until'), at('tries'))
local since, told, tries = tonumber(d[1]), tonumber(d[2]), tonumber(d[4] or '0')
if told and now - told > tonumber(ARGV[7]) then since, told, tries = nil, nil, 0 end
if told and tonumber(ARGV[2]) <= told then return {since, told, tonumber(d[3])} end
local pause = math.min(ARGV[4] * 2 ^ tries, ARGV[5])
local until_ms = math.max(math.floor(now + pause), tonumber(ARGV[6]))
since = since or now
redis.call('HSET', KEYS[1], at('since'), since, at('told'), now, at('until'), until_ms,
           at('tries'), tries + 1, at('words'), ARGV[3])
redis.call('HDEL', KEYS[1], at('probe'), at('probe_ms'))
return {since, now, until_ms}

-- A call that began after the last failure was answered: what was down is back, and a
-- run that waited for it goes on.
-- KEYS run, events, run's outages   ARGV name, when the call began (ms)
-- -> 1 | 0 it was not down, or has failed since
local began_ms = whole(ARGV[2])
local function at(field) return ARGV[1] .. ':' .. field end
local d = redis.call('HMGET', KEYS[3], at('since'), at('told'))
if not d[1] or began_ms < tonumber(d[2]) then return 0 end
redis.call('HDEL', KEYS[3], at('since'), at('told'), at('until'), at('tries'),
           at('words'), at('probe'), at('probe_ms'))
plus(KEYS[1], 'outages', 1)
plus(KEYS[1], 'outage_ms', now - d[1])
local run = redis.call('HMGET', KEYS[1], 'status', 'down')
if run[1] == 'waiting' and run[2] then
  redis.call('HSET', KEYS[1], 'status', 'running')
  redis.call('HDEL', KEYS[1], 'until_ms', 'down')
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'kind', 'state',
             'status', 'running')
end
return 1

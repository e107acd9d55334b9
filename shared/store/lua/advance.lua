-- include _silent
-- A step is over: go to the next one, or to the reduce. Once, whoever asks.
-- KEYS run, events, finished, step   ARGV from step, its goodput ('null' = none),
--      to step ('' = none), ending
-- -> 1 advanced | 0 somebody did, or the run has ended
local run = redis.call('HMGET', KEYS[1], 'status', 'step')
if run[2] ~= ARGV[1] then return 0 end
if run[1] ~= 'running' and run[1] ~= 'waiting' and run[1] ~= 'paused'
   and run[1] ~= 'queued' then return 0 end
count_silent(KEYS[1], KEYS[4])
redis.call('RPUSH', KEYS[3], ARGV[2])
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'step', ARGV[3])
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'kind', 'progress')
else
  redis.call('HSET', KEYS[1], 'status', 'reducing', 'ending', ARGV[4])
  redis.call('HDEL', KEYS[1], 'until_ms', 'down')
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'kind', 'state',
             'status', 'reducing')
end
return 1

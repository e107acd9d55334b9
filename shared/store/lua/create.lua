-- Write a new run, once.
-- KEYS run, plan, events, runs, open   ARGV job_id, plan, created_ms, field, value, ...
-- -> 1, also when the same id was written before (a repeated command)
if redis.call('EXISTS', KEYS[1]) == 1 then return 1 end
local fields = {'status', 'queued', 'step', 0, 'segment', 0, 'closed', 0, 'failed', 0,
                'created_ms', ARGV[3]}
for i = 4, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[3], ARGV[1])
redis.call('XADD', KEYS[3], '*', 'kind', 'state', 'status', 'queued')
return 1

-- Write a new run, once for each idempotency key.
-- KEYS run, plan, events, runs, open, idempotency key, runs of its owner
-- ARGV job_id, plan, created_ms, '' or the body's hash, its keep_ms, field, value, ...
-- -> {1 created | 0 there before | -1 the key was used for another body, job_id}
local created_ms, keep_ms = whole(ARGV[3]), whole(ARGV[5], 1)
if ARGV[4] ~= '' then
  local used = redis.call('HMGET', KEYS[6], 'job_id', 'body')
  if used[1] then
    return {used[2] == ARGV[4] and 0 or -1, used[1]}
  end
end
if redis.call('EXISTS', KEYS[1]) == 1 then return {1, ARGV[1]} end
local fields = {'status', 'queued', 'step', 0, 'segment', 0, 'closed', 0, 'failed', 0,
                'created_ms', ARGV[3]}
for i = 6, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('ZADD', KEYS[4], created_ms, ARGV[1])
redis.call('ZADD', KEYS[7], created_ms, ARGV[1])
redis.call('ZADD', KEYS[5], created_ms, ARGV[1])
redis.call('XADD', KEYS[3], '*', 'kind', 'state', 'status', 'queued')
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[6], 'job_id', ARGV[1], 'body', ARGV[4])
  redis.call('PEXPIRE', KEYS[6], keep_ms)
end
return {1, ARGV[1]}

-- Give a lease back: what is still in hand is offered again, at once.
-- KEYS run, step, taken, back, closed
-- ARGV shard, epoch, finished ('1' = this shard's time is over), when it began its
--      last call at the latest (ms; '' = it has begun none)
-- -> 1 released | 2 and every shard of the step has finished | 0 held by another
local j, began_ms = ARGV[1], perhaps(ARGV[4])
if redis.call('HGET', KEYS[2], 'epoch:' .. j) ~= ARGV[2] then return 0 end
local has = redis.call('HGETALL', KEYS[3])
for i = 1, #has, 2 do
  if has[i + 1] == j then
    if redis.call('GETBIT', KEYS[5], has[i]) == 0 then
      redis.call('ZADD', KEYS[4], 'NX', 0, has[i])
    end
    redis.call('HDEL', KEYS[3], has[i])
  end
end
-- of a run that has ended meanwhile it goes when that goes
local left_ms = redis.call('PTTL', KEYS[2])
if left_ms > 0 then redis.call('PEXPIRE', KEYS[4], left_ms) end
redis.call('HDEL', KEYS[2], 'owner:' .. j, 'exp:' .. j, 'full_ms', 'idle:' .. j)
redis.call('HSET', KEYS[1], 'idle_ms', now)
if began_ms then
  local still = tonumber(redis.call('HGET', KEYS[2], 'still_ms') or '0')
  redis.call('HSET', KEYS[2], 'still_ms', string.format('%.0f', math.max(still, began_ms)))
end
if ARGV[3] ~= '1' then return 1 end
redis.call('HSET', KEYS[2], 'finished:' .. j, 1)
for i = 0, tonumber(redis.call('HGET', KEYS[2], 'shards') or '0') - 1 do
  if not redis.call('HGET', KEYS[2], 'finished:' .. i) then return 1 end
end
return 2

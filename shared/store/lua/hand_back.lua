-- Offer slots again, no earlier than told, that were taken and not begun.
-- KEYS step, taken, back, closed   ARGV shard, epoch, then slot, not before ms, ...
-- -> 1 | 0 the shard is held by another, who has them offered already
for i = 3, #ARGV, 2 do
  whole(ARGV[i], 0, 4294967295)
  whole(ARGV[i + 1])
end
if redis.call('HGET', KEYS[1], 'epoch:' .. ARGV[1]) ~= ARGV[2] then return 0 end
for i = 3, #ARGV, 2 do
  local slot = ARGV[i]
  if redis.call('HGET', KEYS[2], slot) == ARGV[1] then
    redis.call('HDEL', KEYS[2], slot)
    if redis.call('GETBIT', KEYS[4], slot) == 0 then
      redis.call('ZADD', KEYS[3], ARGV[i + 1], slot)
    end
  end
end
-- of a run that has ended meanwhile it goes when that goes
local left_ms = redis.call('PTTL', KEYS[1])
if left_ms > 0 then redis.call('PEXPIRE', KEYS[3], left_ms) end
return 1

-- Hand out slots to a shard: those offered again first, then fresh ones.
-- KEYS run, step, taken, back, attempts
-- ARGV shard, epoch, n, step, count ('' = open end), stride (0 = shared cursor),
--      ticket (the same for a repeated command)
-- -> {-1} no live lease, or not running. One that waits for an upstream that is down
--    gives one slot, to try it
--    {0 | next not-before ms of offered slots,
--     1 | 0 no slot is left that another shard could take,
--     then slot, attempt, retries, ...}
local j = ARGV[1]
local n, count, stride = whole(ARGV[3], 0, 2000), perhaps(ARGV[5]), whole(ARGV[6])
local run = redis.call('HMGET', KEYS[1], 'status', 'step', 'down')
local probes = run[1] == 'waiting' and run[3]
local s = redis.call('HMGET', KEYS[2], 'epoch:' .. j, 'exp:' .. j, 'ticket:' .. j,
                     'handed:' .. j)
if (run[1] ~= 'running' and not probes) or run[2] ~= ARGV[4] or s[1] ~= ARGV[2]
   or tonumber(s[2] or '0') < now then
  return {-1}
end
local field = stride > 0 and 'cursor:' .. j or 'cursor'
-- `from`: a rerun of what failed has no fresh slots
local at = redis.call('HMGET', KEYS[2], field, 'from')
local cursor = tonumber(at[1] or at[2] or (stride > 0 and j or 0))
local slots = {}
if s[3] == ARGV[7] then
  -- the answer to this ticket was lost on its way: give the same slots again
  for slot in string.gmatch(s[4], '%d+') do slots[#slots + 1] = slot end
else
  if probes then n = math.min(n, 1) end
  local back = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now, 'LIMIT', 0, n)
  for _, slot in ipairs(back) do slots[#slots + 1] = slot end
  if #back > 0 then redis.call('ZREM', KEYS[4], unpack(back)) end
  local from = cursor
  while #slots < n and (not count or cursor < count) do
    slots[#slots + 1] = string.format('%.0f', cursor)
    cursor = cursor + math.max(stride, 1)
  end
  if cursor ~= from then redis.call('HSET', KEYS[2], field, cursor) end
  redis.call('HSET', KEYS[2], 'ticket:' .. j, ARGV[7],
             'handed:' .. j, table.concat(slots, ' '))
  for i = 1, #slots, 1000 do
    local pairs_ = {}
    for k = i, math.min(i + 999, #slots) do
      pairs_[#pairs_ + 1] = slots[k]
      pairs_[#pairs_ + 1] = j
    end
    redis.call('HSET', KEYS[3], unpack(pairs_))
  end
end
if #slots > 0 then redis.call('HDEL', KEYS[2], 'idle:' .. j) end
local left = not count or cursor < count or redis.call('ZCARD', KEYS[4]) > 0
local answer = {0, left and 1 or 0}
if #slots == 0 then
  local next = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
  if next[2] then answer[1] = tonumber(next[2]) end
end
for _, slot in ipairs(slots) do
  answer[#answer + 1] = tonumber(slot)
  local had = redis.call('HMGET', KEYS[5], slot, slot .. ':retries')
  answer[#answer + 1] = tonumber(had[1] or '0')
  answer[#answer + 1] = tonumber(had[2] or '0')
end
return answer

-- include _money _silent
-- Append rows, then close their slots. A row is counted, shown and streamed only when
-- this has said 1 for it. A row before its mark: an error does not roll back, so no
-- slot may be marked whose row is not there.
-- KEYS run, step, taken, back, closed, attempts, rows, answers, events, holds, held,
--      spend
-- ARGV shard, epoch, step, count ('' = open end), counted ('1' = not warm-up),
--      answers cap in bytes, largest share of failures ('' = any), then for each row:
--      slot, attempt, kind ('ok' | 'failed': the slot is closed; 'retry' | 'again':
--      it is offered again, as a retry or not), not before ms, row, answer,
--      cost in nano-USD ('' = the row does not say), its hold ('' = none)
-- -> {-1, status} the run takes no rows, or
--    {1 | 2 the step is over, status, '1' accepted or '0' refused, ...}
local count, most_bytes = perhaps(ARGV[4]), whole(ARGV[6])
local most_bad = tonumber(ARGV[7])
for i = 8, #ARGV, 8 do
  -- a slot is a place in a bitmap
  whole(ARGV[i], 0, 4294967295)
  whole(ARGV[i + 1])
  whole(ARGV[i + 3])
  perhaps(ARGV[i + 6], 0, math.huge)
end
local run = redis.call('HMGET', KEYS[1], 'status', 'step', 'answers_bytes', 'total')
local status = run[1] or 'gone'
-- `queued` after a resume: calls that the pause let finish are still coming in
if (status ~= 'running' and status ~= 'waiting' and status ~= 'paused'
    and status ~= 'queued') or run[2] ~= ARGV[3] then
  return {-1, status}
end
local answer, fresh, refused, marks, failed, ok = {1, status}, {}, {}, {}, 0, 0
local kept = tonumber(run[3] or '0')
local before = kept
local function is_final(kind) return kind == 'ok' or kind == 'failed' end
for i = 8, #ARGV, 8 do
  local slot, attempt, kind = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local tries = redis.call('HGET', KEYS[6], slot) or '0'
  if redis.call('GETBIT', KEYS[5], slot) == 1 or marks[slot]
     or (not is_final(kind) and tries ~= attempt) then
    answer[#answer + 1] = '0'
    refused[#refused + 1] = i
  else
    answer[#answer + 1] = '1'
    fresh[#fresh + 1] = i
    marks[slot] = true
  end
end
if #refused > 0 then plus(KEYS[1], 'duplicates', #refused) end
for _, i in ipairs(fresh) do
  redis.call('RPUSH', KEYS[7], ARGV[i + 4])
  local text = ARGV[i + 5]
  if text ~= '' and kept + #text <= most_bytes then
    redis.call('RPUSH', KEYS[8], text)
    kept = kept + #text
  end
end
for _, i in ipairs(fresh) do
  local slot, kind = ARGV[i], ARGV[i + 2]
  if is_final(kind) then
    redis.call('SETBIT', KEYS[5], slot, 1)
    redis.call('ZREM', KEYS[4], slot)
    if kind == 'ok' then ok = ok + 1 else failed = failed + 1 end
  else
    plus(KEYS[6], slot, 1)
    if kind == 'retry' then plus(KEYS[6], slot .. ':retries', 1) end
    redis.call('ZADD', KEYS[4], ARGV[i + 3], slot)
  end
  redis.call('HDEL', KEYS[3], slot)
end
local spent = 0
for _, i in ipairs(fresh) do
  local nano = tonumber(ARGV[i + 6])
  if ARGV[i + 7] ~= '' then
    settle(KEYS[1], KEYS[10], KEYS[11], KEYS[12], ARGV[i + 7], nano, true)
  else
    spent = spent + (nano or 0)
  end
end
add(KEYS[1], KEYS[12], today, 'spent', spent)
for _, i in ipairs(refused) do
  if ARGV[i + 7] ~= '' then
    -- its call was made all the same
    settle(KEYS[1], KEYS[10], KEYS[11], KEYS[12], ARGV[i + 7], tonumber(ARGV[i + 6]),
           false)
  end
end
if #fresh > 0 then
  redis.call('HDEL', KEYS[1], 'takeovers')
  if redis.call('HGET', KEYS[2], 'epoch:' .. ARGV[1]) ~= ARGV[2]
     and redis.call('HSETNX', KEYS[2], 'overlapped:' .. ARGV[1], 1) == 1 then
    plus(KEYS[1], 'overlaps', 1)
  end
end
if kept ~= before then redis.call('HSET', KEYS[1], 'answers_bytes', kept) end
local closed = plus(KEYS[2], 'closed', ok + failed)
if ARGV[5] == '1' and ok + failed > 0 then
  local all = plus(KEYS[1], 'closed', ok + failed)
  local bad = plus(KEYS[1], 'failed', failed)
  -- Over the limit whatever comes: of all slots, or of the first hundred at least
  -- where nobody knows how many there will be.
  if most_bad and bad > most_bad * (tonumber(run[4]) or math.max(all, 100)) then
    redis.call('HSET', KEYS[1], 'status', 'reducing', 'ending', 'error_limit')
    count_silent(KEYS[1], KEYS[2])
    redis.call('XADD', KEYS[9], 'MAXLEN', '~', 1000, '*', 'kind', 'state',
               'status', 'reducing')
    answer[2] = 'reducing'
    return answer
  end
  -- at most four a second, whoever commits
  if now - tonumber(redis.call('HGET', KEYS[1], 'told_ms') or '0') >= 250 then
    redis.call('HSET', KEYS[1], 'told_ms', now)
    redis.call('XADD', KEYS[9], 'MAXLEN', '~', 1000, '*', 'kind', 'progress')
  end
end
if closed == count then answer[1] = 2 end
return answer

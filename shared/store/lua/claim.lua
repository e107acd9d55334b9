-- include _silent _beside _rest
-- Take a shard of a run's current step under a lease.
-- The first claim of a step fixes the number of its shards; `ready.lua` fixes when it
-- starts. A shard whose lease lapsed unreleased is taken over: what it had in hand is
-- offered again.
-- Where nobody was at work, or the run was paused or waited, a new segment begins: the
-- step's own time goes on from where it stood (`elapsed_ms`), whatever the gap.
-- KEYS run, events, step, taken, back, closed, counts, measured on each of its upstreams ...
-- ARGV owner, lease_ms, step, shards, count ('' = open end), open ('1' = due times),
--      poison (takeovers without a row),
--      timed ('1' = time may end the step: then each shard has to come to its end),
--      exclusive ('1'; '' = it does not matter who is measured beside it), yields
--      ('1' = to an older exclusive run that waits), job_id
-- -> {0, why}  or  {1, shard, shards, epoch, segment, start_ms, segment_start_ms,
--                   elapsed_ms, 1 = to probe, what is new of the run, who had the shard
--                   before and went silent}; a start that is not fixed yet is 0
-- A run that waits for an upstream that is down is given to one worker at a time, which
-- tries a call; it waits until that is answered (`recover.lua`).
local lease_ms, count = whole(ARGV[2]), perhaps(ARGV[5])
local asked, poison = whole(ARGV[4], 1, 100000), whole(ARGV[7])
local run = redis.call('HMGET', KEYS[1], 'status', 'step', 'segment', 'until_ms',
                       'down')
local status = run[1]
local probes = status == 'waiting' and run[5] and 1 or 0
if status ~= 'queued' and status ~= 'running' and status ~= 'waiting' then
  return {0, status or 'gone'}
end
if run[2] ~= ARGV[3] then return {0, 'step'} end
if status == 'waiting' and tonumber(run[4] or '0') > now then return {0, 'waiting'} end

local function get(field) return redis.call('HGET', KEYS[3], field) end
-- Workers that wait look all the time. Where all shards were alive, nothing is free
-- before one is released (`release.lua`) or the first of their leases could lapse.
if tonumber(get('full_ms') or '0') > now then return {0, 'full'} end
local live, others, alone, mine = {}, false, false, false
if ARGV[9] ~= '' then
  for k = 8, #KEYS do
    local l, o, a, m = beside(KEYS[k], KEYS[1], ARGV[11], lease_ms)
    live[k], others, alone, mine = l, others or o, alone or a, mine or m
  end
  if not mine and (alone or ARGV[10] == '1' or (others and ARGV[9] == '1')) then
    return {0, 'beside'}
  end
end
local shards = tonumber(get('shards') or '0')
if shards == 0 then
  shards = asked
  redis.call('HSET', KEYS[3], 'shards', shards)
end
local offered = redis.call('ZCARD', KEYS[5]) > 0
local free, lapsed, alive, soonest = nil, nil, 0, math.huge
local left_ms = tonumber(get('still_ms') or '0')  -- when calls were last begun
for j = 0, shards - 1 do
  local s = redis.call('HMGET', KEYS[3], 'exp:' .. j, 'owner:' .. j, 'finished:' .. j,
                       ARGV[6] == '1' and 'cursor:' .. j or 'cursor', 'from')
  local cursor = tonumber(s[4] or s[5] or (ARGV[6] == '1' and j or 0))
  if tonumber(s[1] or '0') > now then
    alive, soonest = alive + 1, math.min(soonest, tonumber(s[1]))
  else
    -- who went silent was heard of for the last time when it renewed its lease
    if s[2] then left_ms = math.max(left_ms, tonumber(s[1] or '0') - lease_ms) end
    if not s[3] and not free
       and (s[2] or offered or not count or cursor < count or ARGV[8] == '1') then
      free, lapsed = j, s[2]
    end
  end
end
if probes == 1 and alive > 0 then return {0, 'probing'} end
if not free then
  if alive == shards then redis.call('HSET', KEYS[3], 'full_ms', soonest) end
  return {0, 'full'}
end

if lapsed then
  local has = redis.call('HGETALL', KEYS[4])
  for i = 1, #has, 2 do
    if has[i + 1] == tostring(free) then
      if redis.call('GETBIT', KEYS[6], has[i]) == 0 then
        redis.call('ZADD', KEYS[5], 'NX', 0, has[i])
      end
      redis.call('HDEL', KEYS[4], has[i])
    end
  end
  plus(KEYS[1], 'interrupted', 1)
  plus(KEYS[7], 'takeovers', 1)
  -- In a row: only the silence of one that had claimed after the last silence counts,
  -- so that workers which die together, or one with many shards, die of it once.
  local silent = tonumber(redis.call('HGET', KEYS[1], 'takeovers') or '0')
  if tonumber(get('after:' .. free) or '0') >= silent then
    silent = plus(KEYS[1], 'takeovers', 1)
  end
  if silent >= poison then
    redis.call('HSET', KEYS[1], 'status', 'reducing', 'ending', 'poison', 'error',
      'Workers went silent ' .. silent .. ' times while they had this run, without'
      .. ' one row in between. Look at their logs before you run it again.')
    redis.call('HDEL', KEYS[3], 'owner:' .. free)  -- it is counted already
    count_silent(KEYS[1], KEYS[3])
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'kind', 'state',
               'status', 'reducing')
    return {0, 'poison'}
  end
end

local segment, began = tonumber(run[3]), tonumber(get('segment_start_ms') or '0')
if began > 0 and (alive == 0 or status ~= 'running') then
  segment = plus(KEYS[1], 'segment', 1)
  left_ms = math.max(began, math.min(left_ms, now))
  plus(KEYS[3], 'elapsed_ms', left_ms - began)
  redis.call('HSET', KEYS[3], 'left_ms', left_ms)
  redis.call('HDEL', KEYS[3], 'segment_start_ms', 'still_ms', 'ready_ms')
end
if began == 0 and status ~= 'running' then  -- it rested between two steps
  plus(KEYS[1], 'gap_ms', rested(KEYS[1], KEYS[3]))
end
local epoch = plus(KEYS[3], 'epoch:' .. free, 1)
redis.call('HDEL', KEYS[3], 'ticket:' .. free, 'handed:' .. free, 'idle:' .. free)
redis.call('HSET', KEYS[3], 'owner:' .. free, ARGV[1], 'exp:' .. free, now + lease_ms,
           'after:' .. free, redis.call('HGET', KEYS[1], 'takeovers') or 0)
if ARGV[9] ~= '' then
  for k = 8, #KEYS do
    measures(KEYS[k], KEYS[1], ARGV[11], ARGV[3] .. ' ' .. free,
             epoch .. (ARGV[9] == '1' and ' 1' or ''), live[k])
  end
end
local news = ''
if redis.call('HSETNX', KEYS[1], 'started_ms', now) == 1 then
  news = 'started'
elseif segment > tonumber(run[3]) then
  news = 'resumed'
end
if status ~= 'running' and probes == 0 then
  redis.call('HSET', KEYS[1], 'status', 'running')
  redis.call('HDEL', KEYS[1], 'until_ms')
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'kind', 'state',
             'status', 'running')
end
local at = redis.call('HMGET', KEYS[3], 'start_ms', 'segment_start_ms', 'elapsed_ms')
return {1, free, shards, epoch, segment, tonumber(at[1] or '0'), tonumber(at[2] or '0'),
        tonumber(at[3] or '0'), probes, news, lapsed or ''}

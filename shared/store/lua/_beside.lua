-- Who is measured on an upstream. `measured` is a hash, one field for each shard that
-- was claimed to be measured on it: 'JOB STEP SHARD' -> 'EPOCH EXCLUSIVE'. A shard is
-- live while its lease is. A run is under way while one of its shards is live, and for
-- two leases more while it is `running`: between two steps nobody shall come in.
-- Fields of shards that are neither are removed.
-- -> other runs that are live, whether others are under way, whether one of these is
--    exclusive, whether this run is under way itself
local function beside(measured, run, job, lease_ms)
  local live, others, alone, mine = {}, false, false, false
  local of = string.sub(run, 1, #run - #job)
  local all = redis.call('HGETALL', measured)
  for i = 1, #all, 2 do
    local who, step, shard = string.match(all[i], '^(%S+) (%d+) (%d+)$')
    local epoch, exclusive = string.match(all[i + 1], '^(%d+) ?(1?)$')
    local r = redis.call('HMGET', of .. who, 'status', 'idle_ms')
    local s = redis.call('HMGET', of .. who .. ':step:' .. step, 'epoch:' .. shard,
                         'exp:' .. shard)
    local open = r[1] == 'running' or r[1] == 'waiting' or r[1] == 'paused'
                 or r[1] == 'queued'
    local expires = s[1] == epoch and tonumber(s[2] or '0') or 0
    local is_live = open and expires > now
    local last = math.max(expires, tonumber(r[2] or '0'))
    if not is_live and not (r[1] == 'running' and last + 2 * lease_ms > now) then
      redis.call('HDEL', measured, all[i])
    elseif who == job then
      mine = true
    else
      others = true
      alone = alone or exclusive == '1'
      if is_live then live[who] = true end
    end
  end
  return live, others, alone, mine
end
-- This run's shard is measured there from now on, and each of those that are live beside
-- it is told so, as it is.
local function measures(measured, run, job, shard, said, live)
  redis.call('HSET', measured, job .. ' ' .. shard, said)
  redis.call('PEXPIRE', measured, 30 * 24 * 3600 * 1000)
  local of = string.sub(run, 1, #run - #job)
  for other in pairs(live) do
    redis.call('SADD', run .. ':beside', other)
    redis.call('SADD', of .. other .. ':beside', job)
  end
end

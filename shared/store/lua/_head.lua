-- Stands before every script: the store's clock in whole milliseconds, and what keeps
-- a script whole. An error undoes nothing, so a script takes the numbers of its
-- arguments by `whole` before its first write, and counts by `plus`, which cannot fail.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local MOST = 9007199254740991  -- 2^53 - 1: up to there a double is exact

local function whole(value, least, most)
  local n = tonumber(value)
  if not n or n ~= math.floor(n) or n < (least or 0) or n > (most or MOST) then
    error('no number that can be: ' .. string.sub(tostring(value), 1, 40))
  end
  return n
end

-- '' is none
local function perhaps(value, least, most)
  return value ~= '' and whole(value, least, most) or nil
end

-- Adds to a field of a hash. What passes the last exact number stays there, where
-- HINCRBY would fail.
local function plus(key, field, more)
  local sum = (tonumber(redis.call('HGET', key, field) or '0') or 0) + more
  sum = math.max(-MOST, math.min(MOST, sum))
  redis.call('HSET', key, field, string.format('%.0f', sum))
  return sum
end

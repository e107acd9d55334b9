-- What people say of a run: its name, tags and note; or a summary that was made again.
-- Of a run that is gone nothing is kept; '' takes a field away.
-- KEYS run   ARGV field, value, ...   -> 1 said | 0 there is no such run
if not redis.call('HGET', KEYS[1], 'status') then return 0 end
for i = 1, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
return 1

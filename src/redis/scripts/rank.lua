-- KEYS: a rank
-- ARGV: number of members to set, then score and member of each, then members to remove; at most 1000 arguments
-- {"ok"}
local key, set, n = KEYS[1], 2 * tonumber(ARGV[1]), #ARGV
if is_foreign(key, 'zset') then
	redis.call('DEL', key)
end
if set > 0 then
	redis.call('ZADD', key, unpack(ARGV, 2, set + 1))
end
if n > set + 1 then
	redis.call('ZREM', key, unpack(ARGV, set + 2))
end
return {'ok'}

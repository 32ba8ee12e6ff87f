-- KEYS: a rank
-- ARGV: number of members to set, then score and member of each, then members to remove; at most 1000 arguments
-- {"ok"}
local key, set, n = KEYS[1], 2 * tonumber(ARGV[1]), #ARGV
for try = 1, 2 do
	local out, done = nil, nil
	if n > set + 1 then
		out = redis.pcall('ZREM', key, unpack(ARGV, set + 2))
	end
	if set > 0 then
		done = redis.pcall('ZADD', key, unpack(ARGV, 2, set + 1))
	end
	if type(out) ~= 'table' and type(done) ~= 'table' then
		break
	end
	redis.call('DEL', key) -- not a sorted set: npsd did not write it
end
return {'ok'}

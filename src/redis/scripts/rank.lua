-- KEYS: a rank
-- ARGV: how many are set, then score, member of each, then members to be taken out; at most 1000 words
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
	redis.call('DEL', key) -- no sorted set: somebody else's doing
end
return {'ok'}

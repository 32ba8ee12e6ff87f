-- KEYS: an index set
-- ARGV: `SADD` or `SREM`, then members, at most 1000
-- {"ok"}
local done = redis.pcall(ARGV[1], KEYS[1], unpack(ARGV, 2))
if type(done) == 'table' then -- no set: somebody else's doing
	redis.call('DEL', KEYS[1])
	if ARGV[1] == 'SADD' then
		redis.call('SADD', KEYS[1], unpack(ARGV, 2))
	end
end
return {'ok'}

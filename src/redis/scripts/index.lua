-- KEYS: an index set
-- ARGV: `SADD` or `SREM`, then at most 1000 members
-- {"ok"}
local done = redis.pcall(ARGV[1], KEYS[1], unpack(ARGV, 2))
if type(done) == 'table' then -- not a set: npsd did not write it
	redis.call('DEL', KEYS[1])
	if ARGV[1] == 'SADD' then
		redis.call('SADD', KEYS[1], unpack(ARGV, 2))
	end
end
return {'ok'}

-- KEYS: an index set
-- ARGV: `SADD` or `SREM`, then at most 1000 members
-- {"ok"}
if is_foreign(KEYS[1], 'set') then
	redis.call('DEL', KEYS[1])
end
redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))
return {'ok'}

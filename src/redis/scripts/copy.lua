-- KEYS: a public hash
-- ARGV: field, value ...: the new content
-- {"ok"}
redis.call('DEL', KEYS[1])
for i = 1, #ARGV, 1000 do
	redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
return {'ok'}

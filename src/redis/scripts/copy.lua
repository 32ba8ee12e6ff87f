-- KEYS: a public hash
-- ARGV: field, value ...: the new content
-- {"ok"}
if not is_foreign(KEYS[1], 'hash') then
	redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) -- what Redis may refuse comes before the deletion
end
redis.call('DEL', KEYS[1])
for i = 1, #ARGV, 1000 do
	redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
return {'ok'}

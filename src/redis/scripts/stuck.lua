-- KEYS: a public hash
-- ARGV: NAME, `SINCE_MS WHY` or empty ...: what is stuck, and what is not
-- Keeps the fields of other processes. The key ends when nobody writes it any more.
-- {"ok"}
if is_foreign(KEYS[1], 'hash') then
	redis.call('DEL', KEYS[1])
end
for i = 1, #ARGV, 2 do
	if ARGV[i + 1] ~= '' then
		redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
	else
		redis.call('HDEL', KEYS[1], ARGV[i])
	end
end
redis.call('PEXPIRE', KEYS[1], '30000')
return {'ok'}

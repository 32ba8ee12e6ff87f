-- KEYS: a series
-- ARGV: `1` (these are all its fields) or `0` (other fields stay), number of fields to set, field and value of each, then
--       fields to delete
-- {"ok"} {"again"}: the key is not a hash, so all fields are needed
local key, last = KEYS[1], 2 + 2 * tonumber(ARGV[2])
local foreign = is_foreign(key, 'hash')
if ARGV[1] == '1' then
	if last > 2 and not foreign then
		redis.call('HSET', key, ARGV[3], ARGV[4]) -- what Redis may refuse comes before the deletion
	end
	redis.call('DEL', key)
elseif foreign then
	return {'again'}
end
for i = 3, last, 1000 do
	redis.call('HSET', key, unpack(ARGV, i, math.min(i + 999, last)))
end
for i = last + 1, #ARGV, 1000 do
	redis.call('HDEL', key, unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
return {'ok'}

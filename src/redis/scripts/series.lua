-- KEYS: a series
-- ARGV: `1` these are all its fields | `0` beside what it holds, how many are set, then field, value of each, then fields
-- that go
-- {"ok"} {"again"}: it is no hash; all of it is wanted
local key, last = KEYS[1], 2 + 2 * tonumber(ARGV[2])
if ARGV[1] == '1' then
	redis.call('DEL', key)
elseif type(redis.pcall('HLEN', key)) == 'table' then
	return {'again'}
end
for i = 3, last, 1000 do
	redis.call('HSET', key, unpack(ARGV, i, math.min(i + 999, last)))
end
for i = last + 1, #ARGV, 1000 do
	redis.call('HDEL', key, unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
return {'ok'}

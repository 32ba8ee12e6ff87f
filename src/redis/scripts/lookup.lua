-- KEYS: an index or a rank
-- ARGV: SMISMEMBER of an index, ZMSCORE of a rank; at most 1000 members
-- {"ok", ...}: for each member `1`, or its score; empty where it is no member, or the key has another type
local found = {}
if not is_foreign(KEYS[1], ARGV[1] == 'SMISMEMBER' and 'set' or 'zset') then
	found = redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))
end
local out = {'ok'}
for i = 1, #ARGV - 1 do
	out[i + 1] = found[i] == 1 and '1' or type(found[i]) == 'string' and found[i] or ''
end
return out

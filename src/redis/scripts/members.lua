-- KEYS: an index or a rank
-- ARGV: SSCAN of an index, ZSCAN of a rank; cursor, about how many members to scan
-- {"ok", next cursor, member, ...}; no member if the key has another type: `index` and `rank` repair it
if is_foreign(KEYS[1], ARGV[1] == 'SSCAN' and 'set' or 'zset') then
	return {'ok', '0'}
end
local page = redis.call(ARGV[1], KEYS[1], ARGV[2], 'COUNT', ARGV[3])
local out = {'ok', page[1]}
for i = 1, #page[2], ARGV[1] == 'ZSCAN' and 2 or 1 do -- SSCAN returns a small set whole, ZSCAN also scores
	out[#out + 1] = page[2][i]
end
return out

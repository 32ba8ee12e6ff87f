-- KEYS: a rank
-- ARGV: cursor, about how many members to scan
-- {next cursor, member, ...}; no member if the key is not a sorted set: `rank` repairs it
local page = redis.pcall('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
if page.err then
	return {'0'}
end
local out = {page[1]}
for i = 1, #page[2], 2 do
	out[#out + 1] = page[2][i]
end
return out

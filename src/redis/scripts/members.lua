-- KEYS: an index set
-- ARGV: cursor, about how many members to scan
-- {next cursor, member, ...}; no member if the key is not a set: `index` repairs it
local page = redis.pcall('SSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
if page.err then
	return {'0'}
end
local out = {page[1]}
for _, member in ipairs(page[2]) do -- may be more than that: SSCAN returns a small set whole
	out[#out + 1] = member
end
return out

-- KEYS: an index set
-- ARGV: cursor, how many to look at, about
-- {next cursor, member, ...}; nothing where the key is no set: `index` makes it right
local page = redis.pcall('SSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
if page.err then
	return {'0'}
end
local out = {page[1]}
for _, member in ipairs(page[2]) do -- a small set comes whole, and what small is the server's configuration says
	out[#out + 1] = member
end
return out

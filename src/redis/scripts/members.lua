-- KEYS: an index set
-- ARGV: cursor, how many to look at, about
-- {next cursor, member, ...}; nothing where the key is no set: `index` makes it right
local page = redis.pcall('SSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
if page.err then
	return {'0'}
end
return {page[1], unpack(page[2])}

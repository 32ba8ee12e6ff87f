-- ARGV: cursor, pattern, about how many keys to scan
-- {next cursor, key, rev or empty, number of fields (0: not a hash), ...}
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local out = {page[1]}
for _, key in ipairs(page[2]) do
	local rev, n = redis.pcall('HGET', key, 'rev'), redis.pcall('HLEN', key)
	out[#out + 1] = key
	out[#out + 1] = type(rev) == 'string' and rev or ''
	out[#out + 1] = type(n) == 'number' and n or 0
end
return out

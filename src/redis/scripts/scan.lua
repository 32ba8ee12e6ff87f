-- ARGV: cursor, pattern, about how many keys to scan
-- {"ok", next cursor, key, rev or empty, number of fields (0: not a hash), ...}
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local out = {'ok', page[1]}
for _, key in ipairs(page[2]) do
	local foreign = is_foreign(key, 'hash')
	out[#out + 1] = key
	out[#out + 1] = not foreign and redis.call('HGET', key, 'rev') or ''
	out[#out + 1] = foreign and 0 or redis.call('HLEN', key)
end
return out

-- KEYS: fence, dict, keys:K
-- ARGV: header, K, epoch, cursor, about how many names to read
-- {"ok", next cursor, name, ...}
-- {"refused", "epoch", stored epoch or empty} or the header's refusals
local no = header_mismatch() or epoch_mismatch(ARGV[4], ARGV[5])
if no then return no end
local page = redis.call('SSCAN', KEYS[3], ARGV[6], 'COUNT', ARGV[7])
local out = {'ok', page[1]}
for i, name in ipairs(page[2]) do -- a small set comes whole
	out[i + 2] = name
end
return out

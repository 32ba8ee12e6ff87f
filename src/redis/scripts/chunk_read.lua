-- KEYS: fence, dict, chunk:NAME ...
-- ARGV: header, K, epoch, bytes after which no further chunk is read
-- {"ok", {bytes of the first, second ...}}, at least one; {"refused", "epoch", stored} {"refused", "chunk", key that is missing}
local no = header_mismatch() or epoch_mismatch(ARGV[4], ARGV[5])
if no then return no end
local out, bytes = {}, 0
for i = 3, #KEYS do
	local chunk = redis.call('GET', KEYS[i])
	if not chunk then
		return {'refused', 'chunk', KEYS[i]}
	end
	out[#out + 1] = chunk
	bytes = bytes + #chunk
	if bytes >= tonumber(ARGV[6]) then
		break
	end
end
return {'ok', out}

-- KEYS: fence, dict, chunks:K, chunk:NAME ...
-- ARGV: header, K, epoch, and for each chunk: its name, its bytes
-- {"ok"} {"refused", "epoch", stored}
local no = header_mismatch() or epoch_mismatch(ARGV[4], ARGV[5])
if no then return no end
want_type('set', KEYS[3])
for i = 4, #KEYS do
	redis.call('SADD', KEYS[3], ARGV[2 * i - 2])
	redis.call('SET', KEYS[i], ARGV[2 * i - 1])
end
return {'ok'}

-- KEYS: fence, dict, keys:K, keys of another shard
-- ARGV: header, K, epoch, then at most 1000 names
-- Hands names over to the shard that their segments are of since a rebuild gave another number of shards.
-- {"ok"}
-- {"refused", "epoch", stored epoch or empty} or the header's refusals
local no = header_mismatch() or epoch_mismatch(ARGV[4], ARGV[5])
if no then return no end
redis.call('SADD', KEYS[4], unpack(ARGV, 6))
redis.call('SREM', KEYS[3], unpack(ARGV, 6))
return {'ok'}

-- Functions for the scripts of a shard.

-- The refusal, with what is stored, or nil if this epoch of the shard is stored.
local function epoch_mismatch(k, epoch)
	local stored = redis.call('HGET', KEYS[1], 'epoch:' .. k) or ''
	if stored ~= epoch then
		return {'refused', 'epoch', stored}
	end
	return nil
end

-- The key of a chunk. It has the hash tag of all private keys.
local function chunk_key(name)
	return string.sub(KEYS[1], 1, -6) .. 'chunk:' .. name
end

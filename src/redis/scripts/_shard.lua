-- What the scripts of a shard need.

-- nil where the shard's epoch is stored as said, else the refusal, with what is stored.
local function taken(k, epoch)
	local stored = redis.call('HGET', KEYS[1], 'epoch:' .. k) or ''
	if stored ~= epoch then
		return {'refused', 'epoch', stored}
	end
	return nil
end

-- The key of a chunk: in the slot of all private keys.
local function chunk_key(name)
	return string.sub(KEYS[1], 1, -6) .. 'chunk:' .. name
end

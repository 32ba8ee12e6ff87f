-- KEYS: fence, dict, rulings:TP, lost, history:TP
-- ARGV: header, TP, claim and position read before, new position, reason (one word), the history from now on
-- The range from the old position to the new one is lost. A new incarnation begins at its position: where the topic was cut
-- (reason `truncated`), the range from there to the old position is what was counted and is gone; else the range before it.
-- Writes a ruling `gap` and a line in `lost`, and moves the position.
-- {"ok", new position} {"refused", "claim" | "position", TP, stored claim, stored position} or the header's refusals
local tp, claim, pos, to, reason = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local no = header_mismatch() or fence_mismatch(tp, claim, pos)
if no then return no end
local inc, from = split_pos(pos)
local to_inc, to_offset = split_pos(to)
if tonumber(to_inc) < tonumber(inc) or (to_inc == inc and tonumber(to_offset) < tonumber(from)) then
	return redis.error_reply('ERR a position never goes back')
end
local range = to_inc .. ':' .. (to_inc == inc and from or '0') .. ' ' .. to_offset
if reason == 'truncated' then
	range = inc .. ':' .. to_offset .. ' ' .. from
end
want_type('list', KEYS[3])
want_type('list', KEYS[4])
want_type('list', KEYS[5])
local line = 'gap ' .. range .. ' ' .. int(wall_ms()) .. ' ' .. reason
redis.call('HSET', KEYS[1], 'pos:' .. tp, to)
if to_inc ~= inc then
	redis.call('HSET', KEYS[1], 'state:' .. tp, '- - -') -- stream time and horizon follow from the records before it
	redis.call('DEL', KEYS[5])
	if reason ~= 'truncated' then
		redis.call('HDEL', KEYS[1], 'marks:' .. tp)
	end
end
for i = 9, #ARGV do
	redis.call('RPUSH', KEYS[5], ARGV[i])
end
redis.call('HSET', KEYS[1], 'lost_ms', int(wall_ms()))
redis.call('RPUSH', KEYS[3], line)
redis.call('RPUSH', KEYS[4], tp .. ' ' .. line)
redis.call('LTRIM', KEYS[4], '-1000', '-1')
return {'ok', to}

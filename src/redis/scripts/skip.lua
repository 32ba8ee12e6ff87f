-- KEYS: fence, dict, rulings:TP, lost
-- ARGV: header, TP, claim and position read before, new position, reason (one word), `1` if stream time and horizon begin
--       again (a new incarnation), else empty
-- The range from the old position to the new one is lost; in a new incarnation, the range before the new position. Writes a
-- ruling `gap` and a line in `lost`, and moves the position.
-- {"ok", new position} {"refused", "claim" | "position", TP, stored claim, stored position} or the header's refusals
local tp, claim, pos, to, reason, fresh = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local no = header_mismatch() or fence_mismatch(tp, claim, pos)
if no then return no end
local inc, from = split_pos(pos)
local to_inc, to_offset = split_pos(to)
if tonumber(to_inc) < tonumber(inc) or (to_inc == inc and tonumber(to_offset) < tonumber(from)) then
	return redis.error_reply('ERR a position never goes back')
end
if to_inc ~= inc then
	from = '0'
end
want_type('list', KEYS[3])
want_type('list', KEYS[4])
local line = 'gap ' .. to_inc .. ':' .. from .. ' ' .. to_offset .. ' ' .. int(wall_ms()) .. ' ' .. reason
redis.call('HSET', KEYS[1], 'pos:' .. tp, to)
if fresh == '1' then
	redis.call('HSET', KEYS[1], 'state:' .. tp, '- - -')
end
redis.call('HSET', KEYS[1], 'lost_ms', int(wall_ms()))
redis.call('RPUSH', KEYS[3], line)
redis.call('RPUSH', KEYS[4], tp .. ' ' .. line)
redis.call('LTRIM', KEYS[4], '-1000', '-1')
return {'ok', to}

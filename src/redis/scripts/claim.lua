-- KEYS: fence, dict, claims:TP, rulings:TP
-- ARGV: header, TP, claim and position read before, the new claim
-- {"ok", claim, pos, base, state, dict_len, claims, rulings, told}, the list with the new claim
-- {"refused", "claim" | "position", TP, stored claim, stored position} or the header's refusals
local tp, claim, pos, mine = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local no = misfit() or moved(tp, claim, pos)
if no then
	return no
end
redis.call('HSET', KEYS[1], 'claim:' .. tp, mine)
if redis.call('RPUSH', KEYS[3], mine .. ' ' .. pos) > 10000 then
	redis.call('LTRIM', KEYS[3], '-10000', '-1')
end
return state_of(tp, KEYS[3], KEYS[4])

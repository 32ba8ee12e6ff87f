-- KEYS: fence, dict, rulings:TP
-- ARGV: header, TP, claim and position read before, the new claim
-- {"ok", claim, pos, base, state, rulings, told}
-- {"refused", "claim" | "position", TP, stored claim, stored position} or the header's refusals
local tp, claim, pos, mine = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local no = header_mismatch() or fence_mismatch(tp, claim, pos)
if no then return no end
local reply = part_reply(tp, KEYS[3])
redis.call('HSET', KEYS[1], 'claim:' .. tp, mine)
reply[2] = mine
return reply

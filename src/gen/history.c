#include "gen/history.h"

#define TRIES 6
#define INVITE_TRIES 8
#define CURRENT_MS (GEN_NEAR_MS - GEN_JITTER_MS)

struct gen_response *gen_history_add_response(struct gen_history *h)
{
	struct gen_response *r = &h->responses[h->nresponses++ % GEN_RESPONSES];

	*r = (struct gen_response){.updated_ms = GEN_NO_TIME};
	return r;
}

struct gen_invite *gen_history_add_invite(struct gen_history *h)
{
	struct gen_invite *i = &h->invites[h->ninvites++ % GEN_INVITES];

	*i = (struct gen_invite){0};
	return i;
}

void gen_history_add_withdrawn(struct gen_history *h, const struct gen_response *r)
{
	h->withdrawn[h->nwithdrawn++ % GEN_WITHDRAWN] = (uint32_t)(r - h->responses);
}

static uint32_t entries(uint64_t added, uint32_t size)
{
	return added < size ? (uint32_t)added : size;
}

struct gen_response *gen_history_response(
    struct gen_history *h, uint64_t *rand, int64_t record_ms, int64_t min_age, int64_t max_age)
{
	uint64_t n = entries(h->nresponses, GEN_RESPONSES);

	for (int tries = 0; n && tries < TRIES; tries++) {
		uint64_t u = gen_rand(rand) >> 44, back = (u * u >> 20) * u >> 20; /* cubed: less than 2^20 */
		struct gen_response *r =
		    &h->responses[(h->nresponses - 1 - (back * n >> 20)) % GEN_RESPONSES];
		int64_t age = record_ms - r->last_ms;

		if (age >= min_age && age <= max_age)
			return r;
	}
	return NULL;
}

struct gen_response *gen_history_current(struct gen_history *h, uint64_t *rand, int64_t record_ms)
{
	return gen_history_response(h, rand, record_ms, 0, CURRENT_MS);
}

struct gen_response *gen_history_withdrawn(struct gen_history *h, uint64_t *rand, int64_t record_ms)
{
	uint32_t n = entries(h->nwithdrawn, GEN_WITHDRAWN);

	for (int tries = 0; n && tries < TRIES; tries++) {
		struct gen_response *r = &h->responses[h->withdrawn[gen_below(rand, n)]];
		int64_t age = record_ms - r->last_ms;

		if (r->withdrawn && age >= 0 && age <= CURRENT_MS)
			return r;
	}
	return NULL;
}

struct gen_invite *gen_history_invite(struct gen_history *h, uint64_t *rand, int64_t record_ms, bool pending)
{
	uint64_t n = entries(h->ninvites, GEN_INVITES);

	for (int tries = 0; n && tries < INVITE_TRIES; tries++) {
		uint64_t u = gen_rand(rand) >> 44, back = u * u >> 20; /* squared: less than 2^20 */
		struct gen_invite *i = &h->invites[(h->ninvites - 1 - (back * n >> 20)) % GEN_INVITES];
		int64_t age = record_ms - i->last_ms;

		if (age >= 0 && age <= CURRENT_MS && (!pending || i->sent != i->plan))
			return i;
	}
	return NULL;
}

struct gen_invite *gen_history_unanswered(struct gen_history *h, uint64_t *rand)
{
	uint32_t n = entries(h->ninvites, GEN_INVITES);

	for (int tries = 0; n && tries < INVITE_TRIES; tries++) {
		struct gen_invite *i = &h->invites[gen_below(rand, n)];

		if (!i->answered && i->sent & GEN_STAGE_BIT(GEN_DELIVERED))
			return i;
	}
	return NULL;
}

/* The responses and invitations sent so far, which later records edit, repeat, withdraw or revive. */
#ifndef GEN_HISTORY_H
#define GEN_HISTORY_H

#include "gen/draft.h"

#define GEN_RESPONSES (1u << 16)
#define GEN_INVITES (1u << 14)
#define GEN_WITHDRAWN (1u << 10)
#define GEN_STAGE_BIT(type) (1u << ((type)-GEN_INVITED))

/* The state of a response after its records are applied in order. */
struct gen_response {
	uint64_t id_seed;
	struct gen_draft now, before; /* last applied record; the one before it if has_before */
	bool has_before, withdrawn;
	bool id_shared;	    /* an invitation has the same id */
	int64_t event_ms;   /* set by the record that creates or revives */
	int64_t revision;   /* of the latest applied record that has one; 0: none */
	int64_t updated_ms; /* likewise; GEN_NO_TIME: none */
	int64_t last_ms;    /* timestamp of the last counted record */
};

/* An invitation; `sent` is a subset of `plan`. */
struct gen_invite {
	uint64_t id_seed;
	struct gen_draft now; /* its last record */
	uint8_t plan, sent;   /* bits: GEN_STAGE_BIT */
	bool answered;
	int64_t last_ms; /* timestamp of the last counted record */
};

/* Rings of the latest responses, invitations and withdrawals; a number counts all entries ever added. */
struct gen_history {
	uint64_t nresponses, ninvites, nwithdrawn;
	struct gen_response responses[GEN_RESPONSES];
	struct gen_invite invites[GEN_INVITES];
	uint32_t withdrawn[GEN_WITHDRAWN]; /* indices into responses */
};

/* Thread: owner, for all functions */

/* A new entry, zeroed, in place of the oldest. */
struct gen_response *gen_history_add_response(struct gen_history *h);
struct gen_invite *gen_history_add_invite(struct gen_history *h);
/* Records that a response of the history is withdrawn. */
void gen_history_add_withdrawn(struct gen_history *h, const struct gen_response *r);

/* The functions below return NULL if a few random tries find no entry. */

/* A response whose last counted record is min_age to max_age old; recent ones more often. */
struct gen_response *gen_history_response(
    struct gen_history *h, uint64_t *rand, int64_t record_ms, int64_t min_age, int64_t max_age);
/* A response that later records may still change. */
struct gen_response *gen_history_current(struct gen_history *h, uint64_t *rand, int64_t record_ms);
/* The same, of the withdrawn responses. */
struct gen_response *gen_history_withdrawn(struct gen_history *h, uint64_t *rand, int64_t record_ms);
/* An invitation that may still be repeated; with stages left if `pending`. */
struct gen_invite *gen_history_invite(struct gen_history *h, uint64_t *rand, int64_t record_ms, bool pending);
/* An invitation that was delivered and not answered yet. */
struct gen_invite *gen_history_unanswered(struct gen_history *h, uint64_t *rand);

#endif

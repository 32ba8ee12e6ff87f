/*
 * What the parts of a shard's publisher share: configuration, the shard's view, the budget, and the calls in
 * flight. Each part has its own state; publish.c, above all parts, passes events from one to the others.
 *
 *   keyname
 *     context
 *     due  index_set  rank  pane_series  totals  sweep  key
 *     compare (of index_set and rank)  registry (of names of keys, series, indexes and ranks)
 *     round (registers)  verdict (of a name: asks rank, pane_series, key)
 *     orphans
 *     publish
 */
#ifndef NPSD_PUBLISH_CONTEXT_H
#define NPSD_PUBLISH_CONTEXT_H

#include "base/backoff.h"
#include "npsd/publish.h"
#include "publish/registered.h"
#include "script/build.h"
#include "script/result.h"

#define NPSD_KEYS_FLIGHT 128u /* window keys in flight, at most */
#define NPSD_REV_LEN 40	      /* EPOCH-SEQ-T: 13, 12 and 13 digits */

/* Calls that can be in flight at the same time; those below NPSD_KEYS_FLIGHT write window keys. */
enum npsd_flight {
	NPSD_FLIGHT_ROUND = NPSD_KEYS_FLIGHT,
	NPSD_FLIGHT_REMOVE,
	NPSD_FLIGHT_INDEX,
	NPSD_FLIGHT_TOTALS,
	NPSD_FLIGHT_SCAN,
	NPSD_FLIGHT_RANK,
	NPSD_FLIGHT_SERIES,
	NPSD_FLIGHT_COMPARE,
	NPSD_NFLIGHT
};

/* The shard's share of `publish.budget`, in keys. All shards write into one Redis and have equal shares. */
struct npsd_budget {
	double tokens;	/* keys that may be written now; below zero after ranks and series */
	double cost_us; /* time that Redis needs for a key: an upper bound, measured */
	int64_t filled_mono_ms;
	uint64_t keys; /* submitted since no key was in flight */
	int64_t keys_mono_ms;
};

struct npsd_pub_context {
	const struct npsd_config *cfg;
	const struct npsd_clock *clock;
	int shard;
	int nsteps;
	int64_t step_s[NPSD_MAX_STEPS];	   /* of the panes */
	int window_step[NPSD_MAX_WINDOWS]; /* of each window: place in step_s */

	/* set by each entry of publish.h; store: by npsd_pub_step alone */
	const struct npsd_shard_view *v;
	struct npsd_store *store;
	uint32_t connection; /* number of the store's, as of the last step */
	const struct npsd_registered *registered;
	int64_t now_mono_ms;

	bool flush; /* no interval and no budget until all is written */
	struct npsd_budget budget;

	enum npsd_pub_state state;
	int64_t seen; /* highest epoch in a refusal; 0: none */
	struct npsd_backoff backoff;
	int64_t logged_mono_ms;
	uint64_t calls;			/* number of the last call */
	uint64_t flight[NPSD_NFLIGHT];	/* number of the call in flight; 0: none */
	struct npsd_script_build build; /* the call that is built */
	struct npsd_buf name, text;	/* scratch: valid until the next call is built or name is judged */
};

/* Thread: owner, for all */
void npsd_pub_context_init(
    struct npsd_pub_context *c, const struct npsd_config *cfg, const struct npsd_clock *clock, int shard);
void npsd_pub_context_free(struct npsd_pub_context *c);
/* The shard was acquired: replies to calls from before are ignored from now on. */
void npsd_pub_context_reset(struct npsd_pub_context *c);

/* Begins a call on the public key in c->name. It runs on the present connection or never: there the key was
 * registered. */
static inline void npsd_pub_begin(struct npsd_pub_context *c, enum npsd_script script)
{
	npsd_script_begin(&c->build, script);
	c->build.connection = c->connection;
	npsd_script_key(&c->build, c->name.p, c->name.n);
}
/* Replaces c->name with `PFX:WORD{SEG}SUFFIX` of segment i. */
void npsd_pub_seg_name(struct npsd_pub_context *c, const char *word, uint32_t i, const char *suffix);
/* Adds the private key of a shard's registry. */
static inline void npsd_pub_add_registry(struct npsd_pub_context *c, int shard)
{
	npsd_script_private_key(&c->build, "keys:%d", shard);
}
/* Submits what stands in b. False: the store has no room now. */
bool npsd_pub_submit_build(struct npsd_pub_context *c, struct npsd_script_build *b, int flight);
static inline bool npsd_pub_submit(struct npsd_pub_context *c, int flight)
{
	return npsd_pub_submit_build(c, &c->build, flight);
}
/* The place in `flight` that the completion ends; -1: the call is none of the present ones. */
int npsd_pub_landed(struct npsd_pub_context *c, const struct npsd_done *done);
/*
 * Whether the script answered {"ok", ...} with at least that many elements. Otherwise nothing is submitted
 * for a while; after a refusal nothing is submitted until the shard is acquired again.
 */
bool npsd_pub_ok(struct npsd_pub_context *c, const struct npsd_done *done, size_t least);

static inline bool npsd_pub_paused(const struct npsd_pub_context *c)
{
	return c->state != NPSD_PUB_OK || npsd_backoff_waits(&c->backoff, c->now_mono_ms);
}

void npsd_budget_refill(struct npsd_budget *b, const struct npsd_pub_context *c);
/* The last key in flight was answered: measures the cost. */
void npsd_budget_measure(struct npsd_budget *b, int64_t now_mono_ms);
static inline void npsd_pub_spend(struct npsd_pub_context *c, double keys)
{
	if (!c->flush)
		c->budget.tokens -= keys;
}

/* The rev of what is written now: epoch, log position and t of the view. */
void npsd_pub_rev(char rev[NPSD_REV_LEN + 1], const struct npsd_pub_context *c);

#endif

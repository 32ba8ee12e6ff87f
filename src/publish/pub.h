/*
 * Inside of the publish room. A step looks, in this order, for: index members (index.c), ranks (rank.c),
 * series (series.c), totals and meta (totals.c, shard 0), a page of the sweep's scan (sweep.c), and the round
 * (round.c), whose keys are written by key.c.
 */
#ifndef NPSD_PUBLISH_PUB_H
#define NPSD_PUBLISH_PUB_H

#include "base/buf.h"
#include "npsd/publish.h"
#include "publish/due.h"

#define NPSD_ROUND_KEYS 500u   /* of one round, at most: log position and t stand still in it */
#define NPSD_SWEEP_KEYS 125u   /* of those, that nobody touched */
#define NPSD_SAVED_KEYS 2000u  /* that a quiet shard's budget saves up */
#define NPSD_KEYS_FLIGHT 128u  /* on their way at once */
#define NPSD_INDEX_MEMBERS 64u /* of one call */
#define NPSD_RANK_MEMBERS 64u  /* the same */
#define NPSD_ORPHANS 1024u     /* unknown names in hand; a page is scanned only with room for 512 */
#define NPSD_SCAN_PAGE "200"   /* names looked at by one call, about */
#define NPSD_REV_LEN 40	       /* EPOCH-SEQ-T: 13, 12 and 13 digits */
#define NPSD_PAUSE_MS 250      /* after a call that was lost or can't be served now */

/* Calls on their way; those below NPSD_KEYS_FLIGHT write keys. */
enum npsd_pub_slot {
	NPSD_SLOT_ROUND = NPSD_KEYS_FLIGHT,
	NPSD_SLOT_REMOVE,
	NPSD_SLOT_INDEX,
	NPSD_SLOT_TOTALS,
	NPSD_SLOT_COPY_TOTALS,
	NPSD_SLOT_COPY_META,
	NPSD_SLOT_SCAN,
	NPSD_SLOT_RANK,
	NPSD_SLOT_SERIES,
	NPSD_NSLOT
};

enum npsd_round_phase { NPSD_ROUND_NONE, NPSD_ROUND_RECORD, NPSD_ROUND_WRITE };

/* What is known of a segment's public key, beside when it is due. */
struct npsd_pub_key {
	uint32_t next_index; /* in the list of its set: its membership must be told */
	uint32_t swept;	     /* number of the last sweep that wrote it */
	uint32_t rank;	     /* its entry in the ranks + 1; 0: none */
	uint32_t series;     /* its entry in the series + 1; 0: not looked for; UINT32_MAX: none */
	uint16_t shown;	     /* windows in it as last submitted, bit w */
	bool may_hold;	     /* it may hold windows */
	bool holds;	     /* it holds windows: acknowledged */
	bool may_index;	     /* it may stand in its index */
	bool indexed;	     /* it stands in its index: acknowledged */
	bool index_due;	     /* in a list */
};

/* A name that should not be there, with its rev as scanned. */
enum npsd_orphan_what {
	NPSD_ORPHAN_KEY, /* with windows */
	NPSD_ORPHAN_SERIES,
	NPSD_ORPHAN_SET,    /* an index or a rank that is not made */
	NPSD_ORPHAN_MEMBER, /* of an index */
	NPSD_ORPHAN_RANKED  /* of a rank */
};
/* Which rank: place in cfg->sets, enum npsd_kind, level (0 but for locations), place in cfg->windows. */
struct npsd_rank_key {
	int set, kind, level, window;
};
struct npsd_orphan {
	enum npsd_orphan_what what;
	int set;		   /* MEMBER: of this set's index */
	struct npsd_rank_key rank; /* RANKED */
	char *text; /* the name: KEY, SET: the key; else the member; behind it, KEY: its rev as scanned */
	uint32_t len, rev_len;
};

/* What is scanned for orphans, in this order: all public names, then members. DONE: nothing more to scan. */
enum npsd_scan { NPSD_SCAN_NAMES, NPSD_SCAN_MEMBERS, NPSD_SCAN_RANKED, NPSD_SCAN_DONE };

/*
 * A sweep is whole when all segments that were there at its beginning are written (left == 0), all is
 * scanned, and no orphan is in hand.
 */
struct npsd_sweep {
	uint32_t number; /* of the last one begun; 0: none */
	bool running;
	bool whole_once;	  /* one is whole since the shard was taken, and since `anew` */
	bool anew;		  /* another server may be behind the address: those before do not count */
	uint32_t nkeys, at, left; /* segments it must write, next to look at, not yet acknowledged */
	enum npsd_scan scan;
	int set;		   /* MEMBERS: place in cfg->sets */
	struct npsd_rank_key rank; /* RANKED */
	char cursor[24];
	struct npsd_orphan orphan[NPSD_ORPHANS];
	uint32_t norphans, removed;
	int64_t
	    need_len;  /* the dictionary's length, read after the orphans in hand were scanned; 0: not yet */
	bool resolved; /* and the copy reaches so far: what it does not know is unknown */
	int64_t next_ms;	       /* when the next one begins */
	char began[NPSD_REV_LEN + 1];  /* rev of its beginning */
	char before[NPSD_REV_LEN + 1]; /* the same of the whole one before it; empty: none */
	char drop[NPSD_REV_LEN + 1];   /* records of rounds before it may go; empty: none */
};

/* Fields and values, as they lie behind each other in text. */
struct npsd_pairs {
	struct npsd_buf text;
	uint32_t at[8192]; /* n words; word k is text[at[k]] .. text[at[k + 1] - 1] */
	uint32_t n;
};

enum npsd_totals_phase { NPSD_TOTALS_REST, NPSD_TOTALS_READ, NPSD_TOTALS_COPY };

struct npsd_totals {
	enum npsd_totals_phase phase;
	bool wanted;		     /* something may have changed since the last read was submitted */
	bool left_totals, left_meta; /* COPY: still to be submitted */
	int64_t read_ms, beat_ms;    /* last read; when it is written even if nothing changed */
	struct npsd_pairs totals, meta;
	struct npsd_buf told; /* what was last written, without the heartbeat */
	struct npsd_arg args[8192];
};

struct npsd_pub {
	const struct npsd_config *cfg;
	int shard;
	int nsteps;
	int64_t step_s[NPSD_MAX_STEPS];
	int window_step[NPSD_MAX_WINDOWS];     /* place in step_s */
	uint16_t step_windows[NPSD_MAX_STEPS]; /* bit w */
	char shard_text[8];
	enum npsd_pub_state state;
	int64_t seen;
	int64_t pause_ms; /* nothing is submitted before */
	int64_t log_ms;
	uint32_t connection;
	bool flush;
	bool leaving;

	uint64_t calls;		   /* number of the last call */
	uint64_t slot[NPSD_NSLOT]; /* number of the call in it; 0: free */
	uint32_t slot_seg[NPSD_KEYS_FLIGHT];
	uint16_t slot_shown[NPSD_KEYS_FLIGHT];
	int32_t slot_lo[NPSD_KEYS_FLIGHT][NPSD_MAX_WINDOWS]; /* scores in the ranks */
	uint32_t nflight;				     /* keys on their way */
	uint64_t stretch_keys;				     /* submitted since nflight was 0 */
	int64_t stretch_ms;

	struct npsd_due due;
	struct npsd_pub_key *key;
	uint32_t nkeys, key_cap;
	struct npsd_due_list index[NPSD_MAX_SETS];
	uint32_t index_seg[NPSD_INDEX_MEMBERS], nindex; /* of the call on its way */
	int index_set;
	bool index_add;

	enum npsd_round_phase round;
	char rev[NPSD_REV_LEN + 1];	 /* of the round */
	char recorded[NPSD_REV_LEN + 1]; /* the last one whose record is acknowledged */
	uint32_t round_keys, round_swept;
	int64_t round_next_ms;
	double cost_us; /* of a key, in Redis's time: measured, never less */
	double tokens;	/* keys that the budget allows now */
	int64_t tokens_ms;

	struct npsd_ranks *ranks;
	struct npsd_series *series;
	struct npsd_sweep sweep;
	struct npsd_totals *totals; /* shard 0 */
	struct npsd_buf name, text;
};

/* --- calls.c: numbers and texts of calls --- */
/* Submits into the slot. False: the store has no room now. */
bool npsd_pub_submit(struct npsd_pub *p, struct npsd_store *store, int slot, enum npsd_script script,
    const struct npsd_arg *keys, size_t nkeys, const struct npsd_arg *args, size_t nargs);
struct npsd_arg npsd_arg_z(const char *z);
struct npsd_arg npsd_arg_buf(const struct npsd_buf *b, size_t from, size_t to);
/* Appends `{PFX:alerts}:NAME`, or `PFX:NAME`; what was appended is returned by npsd_arg_buf from the length
 * before. */
void npsd_pub_private(struct npsd_pub *p, struct npsd_buf *out, const char *name);
void npsd_pub_public(struct npsd_pub *p, struct npsd_buf *out, const char *name);
struct npsd_pub_header {
	char len[12];
	struct npsd_arg arg[3];
};
void npsd_pub_header(struct npsd_pub_header *h, const struct npsd_pub *p, const struct npsd_shard_view *v);
/* Whether an array whose first element is the text; el, if n > 0, the n elements that it must at least have.
 */
bool npsd_reply_is(const struct npsd_reply *r, const char *word, size_t n);
int64_t npsd_reply_int(const struct npsd_reply *r); /* of a number or of decimal text; 0 where it is none */
void npsd_rev_write(char rev[NPSD_REV_LEN + 1], int64_t epoch, int64_t seq, int64_t t_ms);
/* The call failed or answered what no script of ours answers: told, and nothing is submitted for a while. */
void npsd_pub_failed(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms);
/* {"refused", ...}: the shard must be taken anew. */
void npsd_pub_refused(struct npsd_pub *p, const struct npsd_reply *r);

/* --- round.c --- */
void npsd_round_init(struct npsd_pub *p);
bool npsd_round_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms);
void npsd_round_recorded(
    struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done, int64_t mono_ms);
/* Nothing more is submitted for now: the round ends as soon as nothing of it is on its way. */
void npsd_round_break_off(struct npsd_pub *p, int64_t mono_ms);

/* --- key.c --- */
struct npsd_pub_key *npsd_pub_key_at(struct npsd_pub *p, uint32_t i);
bool npsd_pub_seg_holds(const struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i);
int npsd_pub_class(const struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i);
/* Writes the key of segment i, in flight in `due`. False: the store has no room, it was given back. */
bool npsd_pub_key_write(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store,
    uint32_t i, int64_t mono_ms);
void npsd_pub_key_done(struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done,
    int slot, int64_t mono_ms);

/* --- index.c --- */
void npsd_pub_index_reset(struct npsd_pub *p);
void npsd_pub_index_due(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i);
bool npsd_pub_index_step(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store);
void npsd_pub_index_done(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms);
bool npsd_pub_index_clean(const struct npsd_pub *p);

/* --- rank.c --- */
#define NPSD_RANK_NONE INT32_MIN
struct npsd_ranks *npsd_ranks_new(void);
void npsd_ranks_free(struct npsd_ranks **r);
void npsd_ranks_reset(struct npsd_ranks *r);
/* nps_lo of a window in ten thousandths, as it is published; NPSD_RANK_NONE: it is not ranked. */
int32_t npsd_rank_score(const struct npsd_config *cfg, const int64_t now[NPSD_NCOUNTER]);
/* The key of segment i is acknowledged, with these scores of its windows; all: whatever was told before. */
void npsd_rank_told(
    struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, const int32_t *lo, bool all);
/* Whether segment i belongs into the rank, as last told. */
bool npsd_rank_holds(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, struct npsd_rank_key k);
/* Appends the key's name. */
void npsd_rank_name(struct npsd_pub *p, struct npsd_buf *out, struct npsd_rank_key k);
/* The next rank that is made, from {.window = -1} on; false: there is none. */
bool npsd_rank_next(const struct npsd_pub *p, struct npsd_rank_key *k);
bool npsd_rank_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms);
void npsd_rank_done(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms);
bool npsd_rank_clean(const struct npsd_pub *p);

/* --- series.c --- */
struct npsd_series *npsd_series_new(const struct npsd_pub *p);
void npsd_series_free(struct npsd_series **s);
void npsd_series_reset(struct npsd_series *s);
void npsd_series_touch(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, int64_t pane_s);
/* The key of segment i is acknowledged; all: whatever was told before. */
void npsd_series_told(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, bool all);
bool npsd_series_step(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store);
void npsd_series_done(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms);
bool npsd_series_clean(const struct npsd_pub *p);
/* Whether segment i has a series of the step of this name. */
bool npsd_series_holds(
    const struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, struct npsd_str step);

/* --- sweep.c --- */
void npsd_sweep_reset(struct npsd_sweep *s);
/* Begins one if it is time. */
void npsd_sweep_step(struct npsd_pub *p, const struct npsd_shard_view *v, int64_t mono_ms);
/* The next segment that the sweep wants written, in flight now; NPSD_DUE_NONE. */
uint32_t npsd_sweep_take(struct npsd_pub *p, int64_t mono_ms);
void npsd_sweep_wrote(struct npsd_pub *p, uint32_t i);

/* --- orphans.c --- */
/* A round is needed to remove what is in hand. */
bool npsd_orphans_wait(const struct npsd_pub *p, const struct npsd_shard_view *v);
/* The record of a round is written; dict_len is the dictionary's length then. */
void npsd_orphans_resolve(struct npsd_pub *p, const struct npsd_shard_view *v, int64_t dict_len);
bool npsd_orphans_scan(struct npsd_pub *p, struct npsd_store *store);
void npsd_orphans_scanned(
    struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done, int64_t mono_ms);
/* In a round: removes them one by one. True while there is one to be removed. */
bool npsd_orphans_remove(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store);
void npsd_orphans_removed(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms);
void npsd_sweep_check(struct npsd_pub *p); /* ends the sweep if it is whole */

/* --- totals.c --- */
struct npsd_totals *npsd_totals_new(void);
void npsd_totals_free(struct npsd_totals **t);
void npsd_totals_reset(struct npsd_totals *t);
bool npsd_totals_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms);
void npsd_totals_done(struct npsd_pub *p, const struct npsd_done *done, int slot, int64_t mono_ms);
void npsd_totals_touch(struct npsd_pub *p);
bool npsd_totals_clean(const struct npsd_pub *p);

#endif

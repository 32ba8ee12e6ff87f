/*
 * The group's room alone: the test plays the broker and the other rooms; a store of one fence answers for
 * Redis, at once or when the test says so.
 */
#ifndef HELP_GROUP_H
#define HELP_GROUP_H

#include "consume/group.h"

#define BED_PARTS 4
#define BED_CALLS 64

struct group_bed_part {
	char claim[NPSD_CLAIM_LEN + 1], pos[40], base[40]; /* as stored; "" for none */
	const char *rulings[8];
	size_t nrulings;
	int64_t low, high, committed;
};

struct group_bed_call {
	uint64_t tag;
	enum npsd_script script;
	int part;	      /* BASE, CLAIM, SKIP */
	char answer[8][40];   /* BASE, CLAIM: texts of the answer; POSITIONS: a position each */
	const char **rulings; /* BASE, CLAIM */
	size_t n, nrulings;
};

struct group_bed {
	struct npsd_config *cfg;
	struct npsd_pipeline pl;
	struct npsd_group *g;
	int64_t now_ms;
	uint64_t random;

	/* broker */
	struct npsd_broker_event event[BED_CALLS];
	size_t nevents;
	struct npsd_offset given[BED_PARTS]; /* of the ASSIGN on its way */
	int32_t parts;			     /* of the topic, as partitions() says; -1: not now */
	int parts_said, parts_fail_at;	     /* calls of it; the one that says -1 (0: none) */
	bool ends_fail;
	int64_t ends_take_ms; /* what a call of ends() waits */
	int ends_said;
	enum npsd_commit_answer commit_answer;
	int assigns, unassigns;
	enum npsd_compacted compacted;
	int compacted_later; /* calls that are told so, before */

	/* store */
	struct group_bed_part part[BED_PARTS];
	struct group_bed_call call[BED_CALLS]; /* that have run, and are not answered yet */
	size_t ncalls;
	const char *applied;	      /* text of another configuration that is in force; NULL: ours is */
	bool hold;		      /* answers nothing */
	enum npsd_outcome outcome;    /* of the calls that are answered */
	int calls_said[NPSD_NSCRIPT]; /* calls made */
	struct npsd_reply node[40];

	/* rooms */
	bool flushes_long; /* fold answers a FLUSH only by giving it up */
	struct npsd_command *flush;
	bool mute[NPSD_CMD_CHECK_FENCE + 1];  /* orders that they do not answer */
	int orders[NPSD_CMD_CHECK_FENCE + 1]; /* that came, over all rings */
	struct npsd_ruling taken[8];	      /* rulings of the last TAKE of a worker */
	size_t ntaken;
};

/* Options as `key=value`. One worker, one topic of two partitions, offsets 0 to 100. */
struct group_bed *group_bed_new(bool drain, const char *const *sets, int n);
void group_bed_free(struct group_bed **b);
/* A step of the group; then the rooms answer. */
bool group_bed_step(struct group_bed *b);
/* Steps until nothing moves; time stands still. */
void group_bed_settle(struct group_bed *b);
void group_bed_event(struct group_bed *b, enum npsd_broker_what what);
/* The group gives partitions first..first+n-1. */
void group_bed_assign(struct group_bed *b, int first, int n);
/* The first call that is not answered yet is, as the store was when it ran. */
void group_bed_answer(struct group_bed *b, size_t which);

#endif

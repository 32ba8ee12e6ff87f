/*
 * The group alone: the test plays the broker and the other components; a store of one fence replies for
 * Redis, at once or when the test says so.
 */
#ifndef HELP_GROUP_H
#define HELP_GROUP_H

#include "consume/group.h"

#define BED_PARTS 4
#define BED_CALLS 64
#define BED_RECORDS 200

struct group_bed_part {
	char claim[NPSD_CLAIM_LEN + 1], pos[40], base[40]; /* as stored; "" for none */
	const char *rulings[8];
	size_t nrulings;
	int64_t low, high, committed;
	int64_t after;			     /* high watermark: from high on there is an open transaction */
	bool ends_fail, silent;		     /* ends() fails; never completes */
	bool records_fail, records_silent;   /* the same of records() */
	char skipped[40];		     /* the reason of the last SKIP */
	uint64_t hash[BED_RECORDS];	     /* of each record that Kafka holds */
	struct npsd_mark found[BED_RECORDS]; /* of the last RECORDS */
	char history[16 + BED_RECORDS * NPSD_MARK_BYTES]; /* a piece, as stored */
	size_t nhistory;
};

struct group_bed_call {
	uint64_t tag;
	enum npsd_script script;
	struct group_bed_part *part; /* HISTORY */
	char answer[8][40];	     /* BASE, CLAIM: texts of the answer; POSITIONS: a position each */
	const char **rulings;	     /* BASE, CLAIM */
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
	struct npsd_offset given[BED_PARTS]; /* of the ASSIGN event in flight */
	int32_t parts;			     /* of the topic, as describe() says */
	int parts_said, parts_fail_at;	     /* calls of describe(); the one that fails (0: none) */
	bool ends_fail;
	bool missing[NPSD_MAX_TOPICS];
	int ends_said, records_said;
	enum npsd_commit_answer commit_answer;
	int assigns, joins, unassigns;		 /* joins: assignments of nothing */
	struct npsd_offset delivered[BED_PARTS]; /* by the last assign() */
	size_t ndelivered;
	enum npsd_compacted compacted;
	int compacted_later; /* calls that get LATER before */

	/* store */
	struct group_bed_part part[BED_PARTS];
	struct group_bed_call call[BED_CALLS]; /* that ran and have no reply yet */
	size_t ncalls;
	const char *applied;	      /* text of another configuration that is in force; NULL: ours is */
	bool hold;		      /* replies to nothing */
	enum npsd_outcome outcome;    /* of the replies */
	int calls_said[NPSD_NSCRIPT]; /* calls made */
	struct npsd_reply node[40];

	/* components */
	bool flushes_long; /* fold ends a FLUSH only by a RESET */
	struct npsd_command *flush;
	bool mute[NPSD_CMD_CHECK_FENCE + 1];	/* commands that they do not send back */
	int commands[NPSD_CMD_CHECK_FENCE + 1]; /* commands that came, over all rings */
	struct npsd_offset stands[64];		/* where the worker stands, in the reply to PAUSE */
	size_t nstands;
	struct npsd_ruling rulings[8]; /* rulings of the last ACQUIRE of a worker */
	size_t nrulings;
};

/* Options as `key=value`. One worker, one topic of two partitions, offsets 0 to 100. */
struct group_bed *group_bed_new(bool drain, const char *const *sets, int n);
void group_bed_free(struct group_bed **b);
/* A step of the group, then of the components. */
bool group_bed_step(struct group_bed *b);
/* Steps until nothing moves; time stands still. */
void group_bed_settle(struct group_bed *b);
void group_bed_event(struct group_bed *b, enum npsd_broker_what what);
/* Assigns partitions first..first+n-1. */
void group_bed_assign(struct group_bed *b, int first, int n);
/* Stores the marks of records from..to-1, as the broker holds them now. */
void group_bed_remember(struct group_bed *b, int part, int64_t from, int64_t to);
/* Replies to call `which` of those that wait, with the result of when it ran. */
void group_bed_answer(struct group_bed *b, size_t which);

#endif

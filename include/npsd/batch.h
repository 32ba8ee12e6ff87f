/*
 * What travels between the components, through rings. The component that popped one owns it until it pushes
 * it.
 *
 *   group  --command--> worker, commit, fold    and comes back done (the same struct)
 *   worker --request--> commit                  and comes back done
 *   fold   --request--> commit                  (only an admission without values: reads the dictionary's new
 * entries)
 *
 * `session` numbers the time between two recoveries. A component drops what carries an older number.
 */
#ifndef NPSD_BATCH_H
#define NPSD_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/marks.h"
#include "npsd/broker.h"
#include "npsd/names.h"
#include "npsd/segment.h"

#define NPSD_CLAIM_LEN 16    /* hex digits */
#define NPSD_MAX_PARTS 1024  /* partitions held by one process */
#define NPSD_BATCH_PARTS 256 /* partitions of one batch */
#define NPSD_BATCH_ALERTS 256
#define NPSD_ADMIT_VALUES 512
#define NPSD_RULINGS_TEXT 4096

/* Incarnation and next offset of a partition; compared as a pair. Written `0:12345`. */
struct npsd_pos {
	uint32_t inc;
	int64_t offset;
};

static inline int npsd_pos_cmp(struct npsd_pos a, struct npsd_pos b)
{
	if (a.inc != b.inc)
		return a.inc < b.inc ? -1 : 1;
	return a.offset < b.offset ? -1 : a.offset > b.offset;
}

/* The stored state of a partition, as of its position. */
struct npsd_part_state {
	struct npsd_tp tp;
	char claim[NPSD_CLAIM_LEN + 1];
	struct npsd_pos base;	 /* first position ever counted */
	struct npsd_pos pos;	 /* counted up to here */
	struct npsd_pos alerted; /* alerts before this position were emitted, by a count before this one */
	int64_t stream_ms;	 /* stream time; NPSD_TIME_NONE: none yet */
	int64_t horizon_ms;	 /* likewise */
	int64_t lateness_ms;	 /* in force at pos; 0: none yet */
};

/* A ruling: a decision that does not follow from the records. Every process that reads the offsets again
 * obeys it. */
enum npsd_ruling_what {
	NPSD_RULING_AHEAD,    /* records from..to-1 were stamped more than a day ahead of the clock */
	NPSD_RULING_LATENESS, /* from this offset on lateness is `ms` */
	NPSD_RULING_GAP,      /* from..to-1 were lost; ms 1: they were counted, and the topic was cut there */
	NPSD_RULING_HORIZON,  /* from this offset on the horizon is at least `ms` */
	NPSD_RULING_CONFIG,   /* before this offset the configuration at index `ms` of cfg->older was in force
				 (nolder: the present one) */
};

struct npsd_ruling {
	enum npsd_ruling_what what;
	struct npsd_pos from;
	int64_t to;
	int64_t ms;
};

enum npsd_command_what {
	NPSD_CMD_ACQUIRE, /* worker, commit: count this partition from state.pos on */
	NPSD_CMD_FETCH,	  /* worker: begin to fetch; comes after the ACQUIRE of every partition that is
			      delivered, so that no record is missed */
	NPSD_CMD_PAUSE,	  /* worker: read no more; done when all in hand is committed, or the session ends */
	NPSD_CMD_RELEASE, /* worker, commit: forget this partition */
	NPSD_CMD_RESET,	 /* all: drop all in hand (fold: its shards too), begin session `session` with `names`
			  */
	NPSD_CMD_SHARDS, /* fold: hold exactly the shards of the mask */
	NPSD_CMD_FLUSH,	 /* fold: done when all that is committed is folded and published (drain, stop) */
	NPSD_CMD_CHECK_FENCE, /* commit: done when every claim and position held is found stored */
};

struct npsd_command {
	enum npsd_command_what what;
	uint32_t session;
	struct npsd_part_state state; /* ACQUIRE, RELEASE (tp) */
	int64_t load_from; /* ACQUIRE: the offset at which delivery begins; up to state.pos.offset records are
			      not counted */
	struct npsd_ruling *rulings; /* ACQUIRE: oldest first, of all incarnations; the command owns them */
	size_t nrulings;
	uint64_t *cut; /* ACQUIRE: hashes, ascending, of records that were counted and then cut from the
				topic; one that comes again is loaded, not counted. The command owns them */
	size_t ncut;
	bool keep; /* ACQUIRE: claim and position are those of this worker's last batch: keep the ledger */
	struct npsd_names *names;   /* RESET, first ACQUIRE: the dictionary's copy of the session */
	uint8_t shards[32];	    /* SHARDS: bit k */
	bool ok;		    /* the result */
	struct npsd_offset *stands; /* PAUSE, the reply: the next offset of each partition that the worker
				       holds; the command owns them */
	size_t nstands;
};

enum npsd_request_what { NPSD_REQ_COMMIT, NPSD_REQ_ADMIT };
enum npsd_request_end { NPSD_REQ_PENDING, NPSD_REQ_DONE, NPSD_REQ_DROPPED };

struct npsd_request {
	enum npsd_request_what what;
	enum npsd_request_end end; /* the result */
	uint32_t session;
};

/* Values to be admitted to the dictionary; ancestors of a location come before it. Their ids are in the
 * dictionary's copy when it comes back. */
struct npsd_admission {
	struct npsd_request req;
	uint32_t n;
	struct {
		uint8_t dim;
		uint16_t len;
		uint32_t at; /* into text */
	} value[NPSD_ADMIT_VALUES];
	struct npsd_buf text;
};

struct npsd_batch_part {
	struct npsd_part_state end; /* claim; pos, stream_ms, horizon_ms, lateness_ms after the batch */
	struct npsd_pos from;	    /* the end of the batch before */
	int64_t first_ms; /* timestamp of the first record read for a base above 0; else NPSD_TIME_NONE */
	struct npsd_buf rulings; /* lines as stored (docs/formats.md) */
	struct npsd_buf marks;	 /* of its records, packed from marks_from on (base/marks.h) */
	int64_t marks_from;
};

/*
 * One commit. Invariant, asserted when it is sealed:
 * fate[consumed] == fate[counted] + fate[duplicate] + fate[late] + fate[rejected] + fate[ignored].
 */
struct npsd_batch {
	struct npsd_request req;
	int worker;
	uint32_t nparts;
	struct npsd_batch_part part[NPSD_BATCH_PARTS];
	uint32_t dict_len;	/* ids used are below dict_len + 2 */
	int64_t clock_ms;	/* highest event time added to a pane; NPSD_TIME_NONE: none */
	struct npsd_buf totals; /* msgpack map: name of the contract's totals -> integer to add */
	struct npsd_buf meta;	/* msgpack map: `undated`, `ahead`, `other:DIM` -> integer to add */
	struct npsd_buf alerts; /* msgpack array elements, docs/formats.md */
	uint32_t nalerts;
	bool urgent;	  /* holds a critical alert */
	uint32_t nshards; /* shards with deltas, ascending */
	struct {
		uint16_t shard;
		uint32_t at, len; /* into deltas */
	} shard[256];
	struct npsd_buf deltas; /* msgpack arrays, docs/formats.md */
	int64_t oldest_mono_ms; /* when its first event was read */
};

#endif

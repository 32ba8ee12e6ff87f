/*
 * The store: Redis as the rooms see it, a connection on which scripts run. Submit and complete: a submitted
 * call completes later, in any order. Production talks to a server (src/redis/), the simulator to a model
 * that fails, loses, delays and rolls back.
 */
#ifndef NPSD_STORE_H
#define NPSD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum npsd_script {
#define X(name, nkeys, does) NPSD_S_##name,
#include "tbl/scripts.def"
#undef X
	NPSD_NSCRIPT
};

struct npsd_arg {
	const void *p;
	size_t n;
};

struct npsd_call {
	uint64_t tag; /* the caller's; comes back with the completion */
	enum npsd_script script;
	const struct npsd_arg *keys;
	size_t nkeys;
	const struct npsd_arg *args;
	size_t nargs;
};

enum npsd_reply_type { NPSD_REPLY_NIL, NPSD_REPLY_INT, NPSD_REPLY_STR, NPSD_REPLY_ARRAY };

struct npsd_reply {
	enum npsd_reply_type type;
	int64_t integer; /* INT */
	const char *str; /* STR; zero-terminated behind len */
	size_t len;
	const struct npsd_reply *el; /* ARRAY */
	size_t n;
};

enum npsd_outcome {
	NPSD_DONE,     /* the script ran; reply is set */
	NPSD_LOST,     /* time-out or cut: it ran, or will run, or never will */
	NPSD_CANT_NOW, /* busy, loading, out of memory, read-only, too few replicas: nothing was done */
	NPSD_BROKEN,   /* the script failed: our own fault, or not our Redis; text says why */
};

struct npsd_done {
	uint64_t tag;
	enum npsd_outcome outcome;
	const struct npsd_reply *reply; /* NPSD_DONE: not NULL; belongs to the store until the next poll */
	const char *text;		/* else: one sentence */
};

/* Thread: owner (each room has a connection of its own), but wake: any */
struct npsd_store {
	void *self;
	/* False: no room now (bounded), try after the next poll. The bytes are copied. Waits: never */
	bool (*submit)(void *self, const struct npsd_call *call);
	/*
	 * At most one completion: true and *out, or false after wait_ms (0: at once), or earlier when woken.
	 * Connects, reconnects and loads scripts as needed.
	 */
	bool (*poll)(void *self, struct npsd_done *out, int wait_ms);
	/* Ends a poll that waits, or the next one. Thread: any */
	void (*wake)(void *self);
	/* Rises with every new connection; 0: never connected yet. */
	uint32_t (*connection)(void *self);
};

#endif

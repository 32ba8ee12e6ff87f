/*
 * The store: a connection to Redis on which scripts run. A submitted call completes later; calls complete in
 * any order. Production uses a server (src/redis/), the simulator a model that fails, loses, delays and rolls
 * back.
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
	uint64_t tag; /* the caller's; the completion has it too */
	enum npsd_script script;
	const struct npsd_arg *keys;
	size_t nkeys;
	const struct npsd_arg *args;
	size_t nargs;
	uint32_t
	    connection; /* the call is sent on the connection of this number, or ends CANT_NOW; 0: on any */
};

enum npsd_reply_type { NPSD_REPLY_NIL, NPSD_REPLY_INT, NPSD_REPLY_STR, NPSD_REPLY_ARRAY };

struct npsd_reply {
	enum npsd_reply_type type;
	int64_t integer; /* INT */
	const char *str; /* STR; a zero byte follows */
	size_t len;
	const struct npsd_reply *el; /* ARRAY */
	size_t n;
};

enum npsd_outcome {
	NPSD_DONE,     /* the script ran; reply is set */
	NPSD_LOST,     /* time-out or cut: it ran, will run, or never will */
	NPSD_CANT_NOW, /* busy, loading, out of memory, read-only, too few replicas: nothing was done */
	NPSD_BROKEN,   /* the script failed, or the server refuses this client */
};

struct npsd_done {
	uint64_t tag;
	enum npsd_outcome outcome;
	const struct npsd_reply *reply; /* NPSD_DONE: valid until the next poll */
	const char *text;		/* others: one sentence, valid until the next poll */
};

/* Each component has a connection of its own. Thread: owner; wake: any */
struct npsd_store {
	void *self;
	/* False: its queue is full; try again after the next poll. Owns: the bytes are copied; Waits: never
	 */
	bool (*submit)(void *self, const struct npsd_call *call);
	/*
	 * True: one completion, in *out. False: none within wait_ms, or until woken. Connects, reconnects and
	 * loads scripts as needed. Waits: wait_ms
	 */
	bool (*poll)(void *self, struct npsd_done *out, int wait_ms);
	/* Ends a poll that waits, or the next one. Thread: any */
	void (*wake)(void *self);
	/* Rises with every new connection; 0: none yet. */
	uint32_t (*connection)(void *self);
};

#endif

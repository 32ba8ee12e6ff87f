/*
 * The line of commands to the server: each is waiting, in_flight (its first byte was sent) or ended (its
 * completion is to be handed out). Commands of our own (login, loading of scripts) stand in the same line.
 *
 *   submit -> waiting -> in_flight -> handed out, with its reply
 *                 |         '----> ended: lost, or refused
 *                 '--------------> ended: the server is away for too long
 */
#ifndef NPSD_REDIS_QUEUE_H
#define NPSD_REDIS_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "npsd/store.h"

enum npsd_queue_what {
	NPSD_QUEUE_CALL,
	NPSD_QUEUE_AUTH,
	NPSD_QUEUE_SELECT,
	NPSD_QUEUE_INFO,
	NPSD_QUEUE_POLICY,
	NPSD_QUEUE_LOAD
};

struct npsd_queue_item {
	struct npsd_queue_item *next;
	enum npsd_queue_what what;
	enum npsd_script script; /* CALL, LOAD */
	uint64_t tag;		 /* CALL */
	int64_t since_ms;	 /* waiting: when it came; in_flight: when it was sent */
	int loads;		 /* CALL: times that the server did not know the script */
	enum npsd_outcome outcome;
	char text[200]; /* ended: why */
	size_t sent, n;
	char bytes[];
};

struct npsd_queue {
	struct npsd_queue_item *first, *last;
};

/* Thread: owner, for all; Owns: the caller frees an item with free() */
struct npsd_queue_item *npsd_queue_call(const struct npsd_call *call, const char *sha);
/* A command of our own. */
struct npsd_queue_item *npsd_queue_command(
    enum npsd_queue_what what, const char *const *words, size_t nwords);
void npsd_queue_append(struct npsd_queue *line, struct npsd_queue_item *item);
struct npsd_queue_item *npsd_queue_pop(struct npsd_queue *line);
/* All of `from` before all of `line`, in order; from is empty then. */
void npsd_queue_prepend(struct npsd_queue *line, struct npsd_queue *from);

#endif

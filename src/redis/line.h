/*
 * The line of commands to the server: each is waiting, flying (its first byte was sent) or ended (its
 * completion is to be handed out). Commands of our own (login, loading of scripts) stand in the same line.
 *
 *   submit -> waiting -> flying -> handed out, with its reply
 *                 |         '----> ended: lost, or refused
 *                 '--------------> ended: the server is away for too long
 */
#ifndef NPSD_REDIS_LINE_H
#define NPSD_REDIS_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "npsd/store.h"

enum npsd_line_what {
	NPSD_LINE_CALL,
	NPSD_LINE_AUTH,
	NPSD_LINE_SELECT,
	NPSD_LINE_INFO,
	NPSD_LINE_POLICY,
	NPSD_LINE_LOAD
};

struct npsd_line_item {
	struct npsd_line_item *next;
	enum npsd_line_what what;
	enum npsd_script script; /* CALL, LOAD */
	uint64_t tag;		 /* CALL */
	int64_t since_ms;	 /* waiting: when it came; flying: when it was sent */
	int loads;		 /* CALL: times that the server did not know the script */
	enum npsd_outcome outcome;
	char text[200]; /* ended: why */
	size_t sent, n;
	char bytes[];
};

struct npsd_line {
	struct npsd_line_item *first, *last;
};

/* Thread: owner, for all; Owns: the caller frees an item with free() */
struct npsd_line_item *npsd_line_call(const struct npsd_call *call, const char *sha);
/* A command of our own. */
struct npsd_line_item *npsd_line_command(enum npsd_line_what what, const char *const *words, size_t nwords);
void npsd_line_append(struct npsd_line *line, struct npsd_line_item *item);
struct npsd_line_item *npsd_line_pop(struct npsd_line *line);
/* All of `from` before all of `line`, in order; from is empty then. */
void npsd_line_prepend(struct npsd_line *line, struct npsd_line *from);

#endif

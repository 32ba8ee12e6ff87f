#include "redis/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"

#define HEAD 24 /* of an argument: `$`, its length, CR LF */

static struct npsd_queue_item *item_new(size_t room)
{
	struct npsd_queue_item *item = malloc(sizeof *item + room);

	npsd_assert(item);
	memset(item, 0, sizeof *item);
	return item;
}

static void add_arg(struct npsd_queue_item *item, const void *p, size_t n)
{
	item->n += (size_t)sprintf(item->bytes + item->n, "$%zu\r\n", n);
	if (n)
		memcpy(item->bytes + item->n, p, n);
	memcpy(item->bytes + item->n + n, "\r\n", 2);
	item->n += n + 2;
}

struct npsd_queue_item *npsd_queue_call(const struct npsd_call *call, const char *sha)
{
	size_t room = 8 * HEAD + 64;
	struct npsd_queue_item *item;
	char nkeys[24];
	int digits = snprintf(nkeys, sizeof nkeys, "%zu", call->nkeys);

	for (size_t i = 0; i < call->nkeys; i++)
		room += HEAD + 2 + call->keys[i].n;
	for (size_t i = 0; i < call->nargs; i++)
		room += HEAD + 2 + call->args[i].n;
	item = item_new(room);
	item->what = NPSD_QUEUE_CALL;
	item->script = call->script;
	item->tag = call->tag;
	item->n = (size_t)sprintf(item->bytes, "*%zu\r\n", 3 + call->nkeys + call->nargs);
	add_arg(item, "EVALSHA", 7);
	add_arg(item, sha, strlen(sha));
	add_arg(item, nkeys, (size_t)digits);
	for (size_t i = 0; i < call->nkeys; i++)
		add_arg(item, call->keys[i].p, call->keys[i].n);
	for (size_t i = 0; i < call->nargs; i++)
		add_arg(item, call->args[i].p, call->args[i].n);
	npsd_assert(item->n <= room);
	return item;
}

struct npsd_queue_item *npsd_queue_command(enum npsd_queue_what what, const char *const *words, size_t nwords)
{
	size_t room = HEAD;
	struct npsd_queue_item *item;

	for (size_t i = 0; i < nwords; i++)
		room += HEAD + 2 + strlen(words[i]);
	item = item_new(room);
	item->what = what;
	item->n = (size_t)sprintf(item->bytes, "*%zu\r\n", nwords);
	for (size_t i = 0; i < nwords; i++)
		add_arg(item, words[i], strlen(words[i]));
	npsd_assert(item->n <= room);
	return item;
}

void npsd_queue_append(struct npsd_queue *line, struct npsd_queue_item *item)
{
	item->next = NULL;
	if (line->last)
		line->last->next = item;
	else
		line->first = item;
	line->last = item;
}

struct npsd_queue_item *npsd_queue_pop(struct npsd_queue *line)
{
	struct npsd_queue_item *item = line->first;

	if (!item)
		return NULL;
	line->first = item->next;
	if (!line->first)
		line->last = NULL;
	item->next = NULL;
	return item;
}

void npsd_queue_prepend(struct npsd_queue *line, struct npsd_queue *from)
{
	if (!from->first)
		return;
	from->last->next = line->first;
	if (!line->first)
		line->last = from->last;
	line->first = from->first;
	*from = (struct npsd_queue){NULL, NULL};
}

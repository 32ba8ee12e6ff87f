#include "redis/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"

#define HEAD 24 /* bytes of `$LENGTH` CR LF before an argument, or of `*ARGUMENTS` CR LF */

static void add_arg(struct npsd_queue_item *item, const struct npsd_arg *arg)
{
	item->n += (size_t)sprintf(item->bytes + item->n, "$%zu\r\n", arg->n);
	if (arg->n)
		memcpy(item->bytes + item->n, arg->p, arg->n);
	memcpy(item->bytes + item->n + arg->n, "\r\n", 2);
	item->n += arg->n + 2;
}

/* The command's arguments are those of three lists. */
static struct npsd_queue_item *item_new(
    enum npsd_queue_what what, const struct npsd_arg *const list[3], const size_t n[3])
{
	struct npsd_queue_item *item;
	size_t size = HEAD;

	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < n[k]; i++)
			size += HEAD + 2 + list[k][i].n;
	item = malloc(sizeof *item + size);
	npsd_assert(item);
	*item = (struct npsd_queue_item){.what = what};
	item->n = (size_t)sprintf(item->bytes, "*%zu\r\n", n[0] + n[1] + n[2]);
	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < n[k]; i++)
			add_arg(item, &list[k][i]);
	npsd_assert(item->n <= size);
	return item;
}

struct npsd_queue_item *npsd_queue_call(const struct npsd_call *call, const char *sha)
{
	char nkeys[24];
	size_t digits = (size_t)snprintf(nkeys, sizeof nkeys, "%zu", call->nkeys);
	const struct npsd_arg head[3] = {{"EVALSHA", 7}, {sha, strlen(sha)}, {nkeys, digits}};
	struct npsd_queue_item *item =
	    item_new(NPSD_QUEUE_CALL, (const struct npsd_arg *const[3]){head, call->keys, call->args},
		(const size_t[3]){3, call->nkeys, call->nargs});

	item->script = call->script;
	item->tag = call->tag;
	item->connection = call->connection;
	return item;
}

struct npsd_queue_item *npsd_queue_command(enum npsd_queue_what what, const char *const *words, size_t nwords)
{
	struct npsd_arg list[NPSD_QUEUE_WORDS];

	npsd_assert(nwords <= NPSD_QUEUE_WORDS);
	for (size_t i = 0; i < nwords; i++)
		list[i] = (struct npsd_arg){words[i], strlen(words[i])};
	return item_new(what, (const struct npsd_arg *const[3]){list}, (const size_t[3]){nwords});
}

void npsd_queue_append(struct npsd_queue *queue, struct npsd_queue_item *item)
{
	item->next = NULL;
	if (queue->last)
		queue->last->next = item;
	else
		queue->first = item;
	queue->last = item;
}

struct npsd_queue_item *npsd_queue_pop(struct npsd_queue *queue)
{
	struct npsd_queue_item *item = queue->first;

	if (!item)
		return NULL;
	queue->first = item->next;
	if (!queue->first)
		queue->last = NULL;
	item->next = NULL;
	return item;
}

void npsd_queue_prepend(struct npsd_queue *queue, struct npsd_queue_item *item)
{
	item->next = queue->first;
	queue->first = item;
	if (!queue->last)
		queue->last = item;
}

void npsd_queue_free(struct npsd_queue *queue)
{
	struct npsd_queue_item *item;

	while ((item = npsd_queue_pop(queue)) != NULL)
		free(item);
}

#include "help_script.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MOST 4096

void help_bed_open(struct help_bed *b)
{
	help_redis_start(&b->redis, NULL);
	help_store_open(&b->store, &b->redis, 20000);
	b->config = "cfg";
	b->dict_len = "0";
	b->dict_chain = "";
}

void help_bed_close(struct help_bed *b)
{
	npsd_redis_close(&b->store);
	help_redis_stop(&b->redis);
}

static size_t header(const char **args, const struct help_bed *b)
{
	args[0] = b->config;
	args[1] = b->dict_len;
	args[2] = b->dict_chain;
	return 3;
}

static size_t rest(const char **args, size_t n, va_list ap)
{
	const char *arg;

	while (n < MOST && (arg = va_arg(ap, const char *)) != NULL)
		args[n++] = arg;
	return n;
}

const char *help_part(struct help_bed *b, enum npsd_script script, const char *tp, ...)
{
	char rulings[64];
	const char *keys[5] = {K("fence"), K("dict")}, *args[MOST];
	size_t n = header(args, b), nkeys = 2;
	va_list ap;

	snprintf(rulings, sizeof rulings, K("rulings:%s"), tp);
	if (script == NPSD_S_base) {
		keys[nkeys++] = K("config");
		args[n++] = "the text";
	}
	keys[nkeys++] = rulings;
	if (script == NPSD_S_skip)
		keys[nkeys++] = K("lost");
	if (script == NPSD_S_skip)
		keys[nkeys++] = K("history:t/0");
	args[n++] = tp;
	va_start(ap, tp);
	n = rest(args, n, ap);
	va_end(ap);
	if (script == NPSD_S_base) { /* of a topic `t` that has three partitions; later ones begin at 0:2 */
		args[n++] = "t";
		args[n++] = strchr(tp, '/') + 1;
		args[n++] = "3";
		args[n++] = "0:2";
	}
	return help_store_call(&b->store, script, keys, nkeys, args, n);
}

const char *help_plain(struct help_bed *b, enum npsd_script script, ...)
{
	static const char *const keys[] = {K("fence"), K("dict"), K("dictids"), K("dictcount")};
	const char *args[MOST];
	size_t n = header(args, b);
	va_list ap;

	va_start(ap, script);
	n = rest(args, n, ap);
	va_end(ap);
	return help_store_call(&b->store, script, keys, script == NPSD_S_admit ? 4 : 2, args, n);
}

static const char * or (const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

const char *help_commit(struct help_bed *b, const struct help_batch *batch)
{
	const char *keys[9] = {K("fence"), K("dict"), K("totals"), K("meta"), "nps:alerts", K("rulings:t/0")},
		   *args[32];
	size_t n = header(args, b), nkeys = 6;
	const char *const fixed[] = {"nps:alerts:", or (batch->wall_ms, "1"), or (batch->clock_ms, ""),
	    or (batch->totals, "\x80"), or (batch->meta, "\x80"), or (batch->alerts, "\x90"),
	    or (batch->keep, "100000"), or (batch->keep_bytes, "268435456"), "1", "t/0", batch->claim,
	    batch->from, batch->to, or (batch->state, "1 1 1"), or (batch->first_ms, ""),
	    or (batch->rulings, ""), or (batch->marks, "")};

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		args[n++] = fixed[i];
	if (batch->deltas0) {
		keys[nkeys++] = K("log:0");
		args[n++] = "0";
		args[n++] = batch->deltas0;
	}
	if (batch->deltas3) {
		keys[nkeys++] = K("log:3");
		args[n++] = "3";
		args[n++] = batch->deltas3;
	}
	keys[nkeys++] = K("history:t/0");
	return help_store_call(&b->store, NPSD_S_commit, keys, nkeys, args, n);
}

const char *help_fence(struct help_bed *b, const char *field)
{
	return help_redis_do(&b->redis, "HGET", K("fence"), field, (const char *)NULL);
}

/* The keys and arguments of the calls; their order stands at the head of each script. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "commit/commit.h"
#include "npsd/err.h"
#include "npsd/event.h"

#define FIXED_ROOM 4096
#define PART_ROOM 1024
#define SHARD_ROOM 192
#define VALUE_ROOM 48
#define WATCH_ROOM 400
#define TEXT_LIMIT (64u << 20)

static void begin(struct pack *p, size_t args, size_t text)
{
	if (!p->text.limit)
		npsd_buf_init(&p->text, TEXT_LIMIT);
	npsd_buf_clear(&p->text);
	npsd_assert(npsd_buf_reserve(&p->text, text));
	if (args > p->cap) {
		free(p->arg);
		p->arg = calloc(args, sizeof *p->arg);
		npsd_assert(p->arg);
		p->cap = args;
	}
	p->n = p->nkeys = 0;
}

void pack_free(struct pack *p)
{
	free(p->arg);
	npsd_buf_free(&p->text);
	*p = (struct pack){.n = 0};
}

/* Bytes that stay where they are until the call is answered. */
static void add(struct pack *p, const void *bytes, size_t n)
{
	npsd_assert(p->n < p->cap);
	p->arg[p->n++] = (struct npsd_arg){bytes, n};
}

static void addz(struct pack *p, const char *text)
{
	add(p, text, strlen(text));
}

/* Text of the pack's own; the room for it was made by begin. */
static void addf(struct pack *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void addf(struct pack *p, const char *fmt, ...)
{
	char *to = p->text.p + p->text.n;
	size_t room = p->text.cap - p->text.n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(to, room, fmt, ap);
	va_end(ap);
	npsd_assert(n >= 0 && (size_t)n < room);
	p->text.n += (size_t)n;
	add(p, to, (size_t)n);
}

static void add_key(const struct npsd_commit *c, struct pack *p, const char *name)
{
	addf(p, "{%s:alerts}:%s", c->pl->cfg->prefix, name);
}

static void add_header(const struct npsd_commit *c, struct pack *p, uint32_t dict_len)
{
	const char *chain = npsd_names_chain_any(c->names, dict_len);

	npsd_assert(chain);
	p->nkeys = p->n;
	addz(p, c->pl->cfg->hash);
	addf(p, "%" PRIu32, dict_len);
	addz(p, chain);
}

static void add_tp(const struct npsd_commit *c, struct pack *p, struct npsd_tp tp)
{
	addf(p, "%s/%" PRId32, c->pl->cfg->topics[tp.topic], tp.part);
}

static void add_pos(struct pack *p, struct npsd_pos pos)
{
	addf(p, "%" PRIu32 ":%" PRId64, pos.inc, pos.offset);
}

static const char *ms_text(char out[24], int64_t ms, int64_t none, const char *none_text)
{
	if (ms == none)
		return none_text;
	snprintf(out, 24, "%" PRId64, ms);
	return out;
}

static void add_ms(struct pack *p, int64_t ms)
{
	char text[24];

	addf(p, "%s", ms_text(text, ms, NPSD_TIME_NONE, ""));
}

static void add_state(struct pack *p, const struct npsd_part_state *s)
{
	char stream[24], horizon[24], lateness[24];

	addf(p, "%s %s %s", ms_text(stream, s->stream_ms, NPSD_TIME_NONE, "-"),
	    ms_text(horizon, s->horizon_ms, NPSD_TIME_NONE, "-"), ms_text(lateness, s->lateness_ms, 0, "-"));
}

/* A msgpack map, which may be missing. */
static void add_map(struct pack *p, const struct npsd_buf *map)
{
	npsd_assert(!map->full);
	if (map->n)
		add(p, map->p, map->n);
	else
		add(p, "\x80", 1);
}

static void add_alerts(struct pack *p, const struct npsd_batch *b)
{
	const unsigned char head[3] = {0xdc, (unsigned char)(b->nalerts >> 8), (unsigned char)b->nalerts};
	const char *from = p->text.p + p->text.n;

	npsd_assert(b->nalerts <= NPSD_BATCH_ALERTS && !b->alerts.full);
	npsd_buf_add(&p->text, head, sizeof head);
	npsd_buf_add(&p->text, b->alerts.p, b->alerts.n);
	add(p, from, sizeof head + b->alerts.n);
}

static void add_part(const struct npsd_commit *c, struct pack *p, const struct npsd_batch_part *part)
{
	add_tp(c, p, part->end.tp);
	addz(p, part->end.claim);
	add_pos(p, part->from);
	add_pos(p, part->end.pos);
	add_state(p, &part->end);
	add_ms(p, part->first_ms);
	npsd_assert(!part->rulings.full);
	add(p, part->rulings.p, part->rulings.n);
}

void pack_batch(struct npsd_commit *c, struct pack *p, const struct npsd_batch *b)
{
	static const char *const keys[] = {"fence", "dict", "totals", "meta"};
	const struct npsd_config *cfg = c->pl->cfg;

	begin(p, 32 + 8 * b->nparts + 3 * b->nshards,
	    FIXED_ROOM + PART_ROOM * b->nparts + SHARD_ROOM * b->nshards + b->alerts.n);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		add_key(c, p, keys[i]);
	addf(p, "%s:alerts", cfg->prefix);
	for (uint32_t i = 0; i < b->nparts; i++)
		addf(p, "{%s:alerts}:rulings:%s/%" PRId32, cfg->prefix, cfg->topics[b->part[i].end.tp.topic],
		    b->part[i].end.tp.part);
	for (uint32_t i = 0; i < b->nshards; i++)
		addf(p, "{%s:alerts}:log:%u", cfg->prefix, b->shard[i].shard);
	add_header(c, p, b->dict_len);
	addf(p, "%s:alerts:", cfg->prefix);
	add_ms(p, c->pl->clock.wall_ms(c->pl->clock.self));
	add_ms(p, b->clock_ms);
	add_map(p, &b->totals);
	add_map(p, &b->meta);
	add_alerts(p, b);
	addf(p, "%" PRId64, cfg->alerts_keep);
	addf(p, "%" PRId64, cfg->alerts_keep_bytes);
	addf(p, "%" PRIu32, b->nparts);
	for (uint32_t i = 0; i < b->nparts; i++)
		add_part(c, p, &b->part[i]);
	npsd_assert(!b->deltas.full);
	for (uint32_t i = 0; i < b->nshards; i++) {
		addf(p, "%u", b->shard[i].shard);
		add(p, b->deltas.p + b->shard[i].at, b->shard[i].len);
	}
}

void pack_ask(struct npsd_commit *c, struct pack *p, const struct npsd_admission *ask, bool more)
{
	static const char *const keys[] = {"fence", "dict", "dictids", "dictcount"};
	const struct npsd_config *cfg = c->pl->cfg;

	begin(p, 8 + 4 * ask->n, FIXED_ROOM + VALUE_ROOM * ask->n);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		add_key(c, p, keys[i]);
	add_header(c, p, npsd_names_len_any(c->names));
	for (uint32_t i = 0; i < ask->n && !more; i++) {
		addf(p, "%u", ask->value[i].dim);
		addz(p, npsd_dim_word(&cfg->sets, ask->value[i].dim));
		addf(p, "%" PRIu32, cfg->caps[ask->value[i].dim]);
		add(p, ask->text.p + ask->value[i].at, ask->value[i].len);
	}
}

void pack_watch(struct npsd_commit *c, struct pack *p)
{
	begin(p, 8 + 3 * c->nheld, FIXED_ROOM + WATCH_ROOM * c->nheld);
	add_key(c, p, "fence");
	add_key(c, p, "dict");
	add_header(c, p, npsd_names_len_any(c->names));
	for (size_t i = 0; i < c->nheld; i++) {
		if (c->held[i].busy)
			continue;
		add_tp(c, p, c->held[i].tp);
		addz(p, c->held[i].claim);
		add_pos(p, c->held[i].pos);
	}
}

bool pack_submit(struct npsd_commit *c, const struct pack *p, enum npsd_script script, uint64_t tag)
{
	const struct npsd_call call = {.tag = tag,
	    .script = script,
	    .keys = p->arg,
	    .nkeys = p->nkeys,
	    .args = p->arg + p->nkeys,
	    .nargs = p->n - p->nkeys};

	return c->pl->store_commit.submit(c->pl->store_commit.self, &call);
}

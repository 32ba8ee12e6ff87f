/* npsctl status: the contents of PREFIX:meta, PREFIX:totals and PREFIX:stuck, and the age of the heartbeat.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

#define DEAD_MS 30000 /* three missed heartbeats */

struct pair {
	char *field, *value;
};

/* A Redis hash, sorted by field. */
struct pairs {
	struct pair *at;
	size_t n;
};

static int by_field(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->field, ((const struct pair *)b)->field);
}

static void free_pairs(struct pairs *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->at[i].field);
		free(h->at[i].value);
	}
	free(h->at);
}

static bool read_pairs(struct ctl *c, struct pairs *h, const char *name)
{
	char key[80];
	const struct npsd_reply *r;

	snprintf(key, sizeof key, "%s:%s", c->cfg->prefix, name);
	r = npsd_client_command(c->redis, &c->err, 0, 2, (const char *const[]){"HGETALL", key});
	if (!r)
		return false;
	h->at = calloc(r->n / 2 + 1, sizeof *h->at);
	npsd_assert(h->at);
	for (size_t i = 0; i + 1 < r->n; i += 2) {
		struct pair *p = &h->at[h->n++];

		p->field = strdup(r->el[i].str);
		p->value = strdup(r->el[i + 1].str);
		npsd_assert(p->field && p->value);
	}
	qsort(h->at, h->n, sizeof *h->at, by_field);
	return true;
}

static const char *value_of(const struct pairs *h, const char *field)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->at[i].field, field) == 0)
			return h->at[i].value;
	return "";
}

/* The heartbeat is a time of the clock of Redis. */
static bool read_clock(struct ctl *c, int64_t *ms)
{
	const struct npsd_reply *r =
	    npsd_client_command(c->redis, &c->err, 0, 1, (const char *const[]){"TIME"});

	if (r && r->n == 2)
		*ms = strtoll(r->el[0].str, NULL, 10) * 1000 + strtoll(r->el[1].str, NULL, 10) / 1000;
	return r != NULL;
}

static const char *when(char out[40], int64_t ms)
{
	char time[32];

	snprintf(out, 40, "%s UTC", ctl_time(time, ms));
	return out;
}

/* --- table --- */

/* The fields `FATE:REASON` of the totals of all topics. */
static void print_reasons(const struct pairs *totals, const char *fate)
{
	size_t n = strlen(fate);

	for (size_t i = 0; i < totals->n; i++)
		if (strncmp(totals->at[i].field, fate, n) == 0 && totals->at[i].field[n] == ':')
			printf("    %-22s %14s\n", totals->at[i].field + n + 1, totals->at[i].value);
}

static void print_totals(const struct pairs *totals)
{
	static const char *const fates[] = {"counted", "duplicate", "late", "rejected", "ignored"};

	printf("%-26s %14s\n", "consumed", value_of(totals, "consumed"));
	for (size_t i = 0; i < sizeof fates / sizeof fates[0]; i++) {
		printf("  %-24s %14s\n", fates[i], value_of(totals, fates[i]));
		print_reasons(totals, fates[i]);
	}
}

static void print_lost(const char *lost)
{
	printf("lost        %s\n", *lost ? "ranges of records that were never consumed:" : "nothing");
	while (*lost) {
		size_t n = strcspn(lost, ";");

		printf("  %.*s\n", (int)n, lost);
		lost += n + (lost[n] == ';');
	}
}

static void print_sets(const struct pairs *meta)
{
	char text[40];

	printf("counted since\n");
	for (size_t i = 0; i < meta->n; i++) {
		const char *field = meta->at[i].field;
		int64_t ms = strtoll(meta->at[i].value, NULL, 10);

		if (strncmp(field, "since_ms:", 9) == 0)
			printf("  %-24s %s\n", field + 9, ms ? when(text, ms) : "the first record");
	}
}

static void print_counts(const struct pairs *meta, const char *prefix, const char *heading)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < meta->n; i++)
		if (strncmp(meta->at[i].field, prefix, n) == 0 && strcmp(meta->at[i].value, "0") != 0)
			printf("%s %-*s %14s\n", heading, 25 - (int)strlen(heading), meta->at[i].field + n,
			    meta->at[i].value);
}

/* When a topic gets partitions, keys move; their earlier responses stay in the old partition's ledger. */
static void print_grown(const struct pairs *meta)
{
	char text[40];

	for (size_t i = 0; i < meta->n; i++)
		if (strncmp(meta->at[i].field, "grown:", 6) == 0)
			printf("topic grew  %s, %s\n", meta->at[i].field + 6,
			    when(text, strtoll(meta->at[i].value, NULL, 10)));
}

/* Fields TOPIC or TOPIC/PARTITION, values `SINCE_MS WHY`. */
static void print_stuck(const struct pairs *stuck)
{
	char text[40];

	for (size_t i = 0; i < stuck->n; i++) {
		const char *why = strchr(stuck->at[i].value, ' ');

		printf("NOT COUNTED %s since %s: %s\n", stuck->at[i].field,
		    when(text, strtoll(stuck->at[i].value, NULL, 10)), why ? why + 1 : "");
	}
}

static void print_table(
    const struct pairs *meta, const struct pairs *totals, const struct pairs *stuck, int64_t age_ms)
{
	int64_t clock_ms = strtoll(value_of(totals, "clock_ms"), NULL, 10);
	char text[40];

	printf("%s       heartbeat %.1f s ago, %s\n", age_ms > DEAD_MS ? "DEAD " : "alive",
	    (double)age_ms / 1000, when(text, strtoll(value_of(meta, "heartbeat_ms"), NULL, 10)));
	printf("contract    %s; %s shards\n", value_of(meta, "contract"), value_of(meta, "shards"));
	printf("windows     %s\n", value_of(meta, "windows"));
	printf("dimensions  %s\n", value_of(meta, "dimensions"));
	printf("event clock %s\n", clock_ms ? when(text, clock_ms) : "nothing was counted");
	print_stuck(stuck);
	print_lost(value_of(meta, "lost"));
	print_grown(meta);
	print_totals(totals);
	print_counts(meta, "undated", "undated");
	print_counts(meta, "ahead", "ahead");
	print_counts(meta, "horizon_moved", "horizon moved by memory");
	print_counts(meta, "other:", "over cap:");
	print_sets(meta);
}

/* --- JSON --- */

static void print_json(
    const struct pairs *meta, const struct pairs *totals, const struct pairs *stuck, int64_t age_ms)
{
	json_t *m = json_object(), *t = json_object(), *s = json_object();
	json_t *o = json_pack("{s:b, s:I, s:o, s:o, s:o}", "alive", age_ms <= DEAD_MS, "heartbeat_age_ms",
	    (json_int_t)age_ms, "meta", m, "totals", t, "stuck", s);

	for (size_t i = 0; i < stuck->n; i++)
		json_object_set_new(s, stuck->at[i].field, json_string(stuck->at[i].value));
	for (size_t i = 0; i < meta->n; i++)
		json_object_set_new(m, meta->at[i].field, json_string(meta->at[i].value));
	for (size_t i = 0; i < totals->n; i++)
		json_object_set_new(
		    t, totals->at[i].field, json_integer(strtoll(totals->at[i].value, NULL, 10)));
	ctl_print_json(o);
}

int ctl_status(struct ctl *c)
{
	struct pairs meta = {0}, totals = {0}, stuck = {0};
	int64_t now_ms = 0, age_ms;
	int code = CTL_NOT_THERE;

	if (!read_pairs(c, &meta, "meta") || !read_pairs(c, &totals, "totals") ||
	    !read_pairs(c, &stuck, "stuck") || !read_clock(c, &now_ms)) {
		code = ctl_failed(c);
	} else if (meta.n == 0) {
		fprintf(stderr, "npsctl: %s:meta does not exist: npsd never published with this prefix\n",
		    c->cfg->prefix);
	} else {
		age_ms = now_ms - strtoll(value_of(&meta, "heartbeat_ms"), NULL, 10);
		if (c->json)
			print_json(&meta, &totals, &stuck, age_ms);
		else
			print_table(&meta, &totals, &stuck, age_ms);
		code = age_ms > DEAD_MS ? CTL_NOT_THERE : CTL_OK;
	}
	free_pairs(&meta);
	free_pairs(&totals);
	free_pairs(&stuck);
	return code;
}

/* npsctl alerts: the last entries of the alert stream, and new ones. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/backoff.h"
#include "ctl/ctl.h"

#define BLOCK_MS 1000

static const char *text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

static void print_row(const json_t *o, bool stale)
{
	const json_t *score = json_object_get(o, "score"), *prev = json_object_get(o, "prev_score");
	char when[32], scores[48] = "-";

	ctl_time(when, json_integer_value(json_object_get(o, "at_ms")));
	if (json_is_integer(score) && json_is_integer(prev))
		snprintf(scores, sizeof scores, "%lld<-%lld", (long long)json_integer_value(score),
		    (long long)json_integer_value(prev));
	else if (json_is_integer(score))
		snprintf(scores, sizeof scores, "%lld", (long long)json_integer_value(score));
	printf("%s %-9s %-8s %5s  ", when, text_of(o, "kind"), text_of(o, "severity"), scores);
	ctl_print(npsd_str(text_of(o, "location")), 40);
	printf("  ");
	ctl_print(npsd_str(text_of(o, "owner")), 24);
	printf("  ");
	ctl_print(npsd_str(text_of(o, "comment")), 60);
	printf("%s\n", stale ? "  (stale)" : "");
}

static const char *field_of(const struct npsd_reply *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->n; i += 2)
		if (strcmp(fields->el[i].str, name) == 0)
			return fields->el[i + 1].str;
	return NULL;
}

/* One entry: [id, [field, value, ...]] */
static void print_entry(const struct ctl *c, const struct npsd_reply *e)
{
	const char *text = field_of(&e->el[1], "json");
	bool stale = field_of(&e->el[1], "stale") != NULL;
	json_t *o = text ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;

	if (!o) {
		fprintf(stderr, "npsctl: entry %s of the stream is not JSON\n", e->el[0].str);
		return;
	}
	if (c->json) {
		json_object_set_new(o, "stream_id", json_string(e->el[0].str));
		if (stale)
			json_object_set_new(o, "stale", json_true());
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		print_row(o, stale);
	}
	json_decref(o);
}

/* Redis is away: waits until the next try. False: it refuses this client. */
static bool wait_for_redis(struct ctl *c, struct npsd_backoff *retry, const char *last)
{
	const struct npsd_clock *clock = &npsd_clock_system;
	int64_t now = npsd_mono_ms(clock);

	if (c->err.code != NPSD_RETRY)
		return false;
	if (retry->failures == 0)
		fprintf(stderr, "npsctl: %s; waiting for Redis, then the alerts after %s follow\n",
		    c->err.text, last);
	c->err = (struct npsd_err){0};
	npsd_backoff_fail(retry, clock, now);
	poll(NULL, 0, (int)(retry->retry_mono_ms - now));
	return true;
}

static void redis_is_back(struct npsd_backoff *retry)
{
	if (retry->failures)
		fprintf(stderr, "npsctl: Redis answers again\n");
	npsd_backoff_reset(retry);
}

/* Ends when stdout is closed, or Redis refuses this client. */
static int follow(struct ctl *c, const char *key, char last[64])
{
	struct npsd_backoff retry = {.first_ms = 100, .most_ms = 2000};
	char block[16];
	const char *const args[] = {"XREAD", "COUNT", "100", "BLOCK", block, "STREAMS", key, last};

	snprintf(block, sizeof block, "%d", BLOCK_MS);
	while (fflush(stdout) == 0) {
		const struct npsd_reply *r = npsd_client_command(c->redis, &c->err, BLOCK_MS, 8, args);
		const struct npsd_reply *entries;

		if (!r && wait_for_redis(c, &retry, last))
			continue;
		if (!r)
			return ctl_failed(c);
		redis_is_back(&retry);
		if (r->type != NPSD_REPLY_ARRAY || r->n == 0)
			continue;
		entries = &r->el[0].el[1];
		for (size_t i = 0; i < entries->n; i++)
			print_entry(c, &entries->el[i]);
		if (entries->n)
			snprintf(last, 64, "%s", entries->el[entries->n - 1].el[0].str);
	}
	return CTL_OK;
}

int ctl_alerts(struct ctl *c)
{
	char key[80], count[24], last[64] = "0";
	const char *const args[] = {"XREVRANGE", key, "+", "-", "COUNT", count};
	const struct npsd_reply *r;

	snprintf(key, sizeof key, "%s:alerts", c->cfg->prefix);
	/* --follow needs the id of the last entry, even with --count 0 */
	snprintf(count, sizeof count, "%ld", c->count ? c->count : 1);
	r = npsd_client_command(c->redis, &c->err, 0, 6, args);
	if (!r)
		return ctl_failed(c);
	if (r->n)
		snprintf(last, sizeof last, "%s", r->el[0].el[0].str);
	for (size_t i = c->count ? r->n : 0; i-- > 0;)
		print_entry(c, &r->el[i]);
	fflush(stdout);
	return c->follow ? follow(c, key, last) : CTL_OK;
}

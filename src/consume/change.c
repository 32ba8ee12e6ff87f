/* At start, before any room runs: the configuration meets the one that is stored. One call at a time. */
#include "npsd/change.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/log.h"
#include "npsd/event.h"
#include "npsd/panes.h"

#define AGAIN_MS 500
#define TELL_MS 5000
#define TRIES_MAX 1000 /* the clock goes on while a text is made for it: the next one fits */
#define LEAST_PANE_MS INT64_C(60000)
#define ARGS_MAX 12

struct change {
	struct npsd_config *cfg;
	struct npsd_err *err;
	struct npsd_store *store;
	const struct npsd_clock *clock;
	_Atomic int *stop;
	char key[3][128];
	uint64_t tag;
	int64_t told_ms;
};

static bool stopped(const struct change *c)
{
	return npsd_load_relaxed(c->stop) != 0;
}

static void pause_ms(const struct change *c, int ms)
{
	int64_t until = c->clock->mono_ms(c->clock->self) + ms;
	struct npsd_done done;

	while (!stopped(c) && c->clock->mono_ms(c->clock->self) < until)
		c->store->poll(c->store->self, &done, 20);
}

/* The reply, until the next call; NULL: stopped, or err is set. Calls whose outcome is unknown are made
 * again: each of them does nothing twice. */
static const struct npsd_reply *call(
    struct change *c, enum npsd_script script, const char *header, const char *const *args, size_t nargs)
{
	struct npsd_arg key[3], arg[ARGS_MAX] = {{header, strlen(header)}, {"0", 1}, {"", 0}};
	struct npsd_call call = {.script = script, .keys = key, .nkeys = 3, .args = arg, .nargs = nargs + 3};
	struct npsd_done done;

	npsd_assert(nargs + 3 <= ARGS_MAX);
	for (int i = 0; i < 3; i++)
		key[i] = (struct npsd_arg){c->key[i], strlen(c->key[i])};
	for (size_t i = 0; i < nargs; i++)
		arg[i + 3] = (struct npsd_arg){args[i], strlen(args[i])};
	while (!stopped(c)) {
		call.tag = ++c->tag;
		if (!c->store->submit(c->store->self, &call)) {
			pause_ms(c, AGAIN_MS);
			continue;
		}
		do {
			done.tag = 0;
		} while (!(c->store->poll(c->store->self, &done, 20) && done.tag == c->tag) && !stopped(c));
		if (done.tag != c->tag)
			break;
		if (done.outcome == NPSD_DONE && done.reply->type == NPSD_REPLY_ARRAY && done.reply->n > 0)
			return done.reply;
		if (done.outcome == NPSD_BROKEN || done.outcome == NPSD_DONE) {
			npsd_fail(c->err, NPSD_REFUSED, 0, "Redis: %s",
			    done.text ? done.text : "an answer of no script of ours");
			return NULL;
		}
		if (npsd_log_every(&c->told_ms, c->clock->mono_ms(c->clock->self), TELL_MS))
			npsd_log(NPSD_LOG_WARN, "consume", "Redis: %s", done.text);
		pause_ms(c, AGAIN_MS);
	}
	return NULL;
}

static bool is(const struct npsd_reply *r, size_t i, const char *word)
{
	return r->n > i && r->el[i].type == NPSD_REPLY_STR && strcmp(r->el[i].str, word) == 0;
}

static int64_t time_of(const struct npsd_reply *r)
{
	return r->len ? strtoll(r->str, NULL, 10) : NPSD_TIME_NONE;
}

/* --- what is stored --- */

struct stored {
	char hash[33], *text;
	struct npsd_config_now now;
};

static void forget_older(struct npsd_config *cfg)
{
	for (int i = 0; i < cfg->nolder; i++)
		npsd_config_free(&cfg->older[i]);
	free(cfg->older);
	cfg->older = NULL;
	cfg->nolder = 0;
}

/* Whether it is the text that the hash was made of: what is read from it later was written by npsd. */
static bool is_whole(const struct npsd_reply *hash, const struct npsd_reply *text)
{
	char expect[33];

	if (hash->type != NPSD_REPLY_STR || text->type != NPSD_REPLY_STR || strlen(text->str) != text->len)
		return false;
	npsd_config_hash_text(expect, text->str);
	return strcmp(hash->str, expect) == 0;
}

static bool keep_older(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_reply *known)
{
	forget_older(cfg);
	cfg->older = calloc(known->n / 2 + 1, sizeof(struct npsd_config *));
	npsd_assert(cfg->older);
	for (size_t i = 0; i + 1 < known->n; i += 2) {
		const struct npsd_reply *hash = &known->el[i], *text = &known->el[i + 1];

		if (!is_whole(hash, text))
			return npsd_fail(err, NPSD_REFUSED, 0,
			    "Redis holds another text of configuration %.40s than the one that was stored",
			    hash->type == NPSD_REPLY_STR ? hash->str : "?");
		cfg->older[cfg->nolder++] = npsd_config_of_text(text->str, hash->str, cfg);
	}
	return true;
}

/* {"ok", hash, clock_ms, time_ms, highest t, {hash, text, ...}} */
static bool read_stored(struct change *c, struct stored *s)
{
	const struct npsd_reply *r = call(c, NPSD_S_config, "", NULL, 0), *known;
	int64_t wall_ms, t_ms;
	int at;

	if (!r)
		return false;
	if (!is(r, 0, "ok") || r->n < 6 || r->el[5].type != NPSD_REPLY_ARRAY)
		return npsd_fail(c->err, NPSD_REFUSED, 0, "Redis: an answer of no script of ours");
	known = &r->el[5];
	if (!keep_older(c->cfg, c->err, known))
		return false;
	snprintf(s->hash, sizeof s->hash, "%s", r->el[1].str);
	at = npsd_config_older(c->cfg, npsd_str(s->hash));
	free(s->text);
	s->text = strdup(at < 0 ? "" : c->cfg->older[at]->text);
	npsd_assert(s->text);
	if (s->hash[0] && at < 0)
		return npsd_fail(c->err, NPSD_REFUSED, 0,
		    "Redis holds counts, but not the text of configuration %s", s->hash);
	s->now.clock_ms = time_of(&r->el[2]);
	wall_ms = time_of(&r->el[3]);
	t_ms = time_of(&r->el[4]);
	s->now.t_ms = s->now.clock_ms > t_ms ? s->now.clock_ms : t_ms;
	if (c->cfg->clock == NPSD_CLOCK_WALL && wall_ms > s->now.t_ms)
		s->now.t_ms = wall_ms;
	return true;
}

/* Older ones are those that are not the present one. */
static void settle(struct npsd_config *cfg, const char *replaces)
{
	int at = npsd_config_older(cfg, npsd_str(cfg->hash));

	if (at >= 0) {
		npsd_config_free(&cfg->older[at]);
		cfg->older[at] = cfg->older[--cfg->nolder];
	}
	snprintf(cfg->replaces, sizeof cfg->replaces, "%s", replaces);
}

/* --- putting another in force --- */

/* The end of the shortest pane that t lies in: until then nothing of the text changes. */
static int64_t pane_end_ms(int64_t t_ms)
{
	int64_t r = t_ms % LEAST_PANE_MS;

	return t_ms - (r < 0 ? r + LEAST_PANE_MS : r) + LEAST_PANE_MS - 1;
}

/* NULL: stopped, or err is set. */
static const struct npsd_reply *apply_call(struct change *c, const struct stored *s)
{
	char clock[24] = "", most[24] = "", steps[80] = ",";
	int64_t step_s[NPSD_MAX_STEPS];
	int n = npsd_panes_steps(step_s, c->cfg);
	const char *args[] = {c->cfg->hash, c->cfg->text, clock, most,
	    c->cfg->clock == NPSD_CLOCK_WALL ? "wall" : "event", steps};

	if (s->now.clock_ms != NPSD_TIME_NONE) {
		snprintf(clock, sizeof clock, "%" PRId64, s->now.clock_ms);
		snprintf(most, sizeof most, "%" PRId64, pane_end_ms(s->now.t_ms));
	}
	for (int i = 0; i < n; i++) {
		size_t at = strlen(steps);

		snprintf(steps + at, sizeof steps - at, "%" PRId64 ",", step_s[i]);
	}
	return call(c, NPSD_S_apply, s->hash, args, 6);
}

enum applied { APPLIED, APPLY_AGAIN, APPLY_FAILED };

static enum applied apply(struct change *c, const struct stored *s)
{
	const char *fixed = npsd_config_fixed_difference(s->text, c->cfg->text);
	const struct npsd_reply *r;

	if (fixed) {
		npsd_fail(c->err, NPSD_INVALID, 0,
		    "`%s` cannot change while what was counted stays: set it back, or start once with "
		    "--rebuild, which counts "
		    "anew",
		    fixed);
		return APPLY_FAILED;
	}
	if (!npsd_config_adopt(c->cfg, c->err, s->text, s->now))
		return APPLY_FAILED;
	r = apply_call(c, s);
	if (!r)
		return APPLY_FAILED;
	if (!is(r, 0, "ok"))
		return APPLY_AGAIN;
	npsd_log(
	    NPSD_LOG_INFO, "consume", "configuration %s is in force, in place of %s", c->cfg->hash, s->hash);
	return APPLIED;
}

/* One look at what is stored, and what follows from it. */
static enum applied look(struct change *c, struct stored *s, enum npsd_change how)
{
	static const struct npsd_config_now never = {NPSD_TIME_NONE, NPSD_TIME_NONE};

	if (!read_stored(c, s))
		return APPLY_FAILED;
	if (!s->hash[0])
		return APPLIED; /* whoever takes the first partition puts it in force */
	if (how == NPSD_CHANGE_REBUILD)
		return npsd_config_adopt_anew(c->cfg, c->err, s->text) ? APPLIED : APPLY_FAILED;
	if (!npsd_config_adopt(c->cfg, c->err, s->text, never))
		return APPLY_FAILED;
	if (strcmp(s->hash, c->cfg->hash) == 0)
		return APPLIED;
	if (how == NPSD_CHANGE_APPLY)
		return apply(c, s);
	npsd_config_refuse(c->err, s->text, c->cfg->text);
	return APPLY_FAILED;
}

bool npsd_change_adopt(struct npsd_config *cfg, struct npsd_err *err, struct npsd_store *store,
    const struct npsd_clock *clock, enum npsd_change how, _Atomic int *stop)
{
	static const char *const names[] = {"fence", "dict", "config"};
	struct change c = {.cfg = cfg, .err = err, .store = store, .clock = clock, .stop = stop};
	struct stored s = {0};
	enum applied got = APPLY_AGAIN;

	for (int i = 0; i < 3; i++)
		snprintf(c.key[i], sizeof c.key[i], "{%s:alerts}:%s", cfg->prefix, names[i]);
	for (int i = 0; i < TRIES_MAX && got == APPLY_AGAIN; i++)
		got = look(&c, &s, how);
	if (got == APPLY_AGAIN)
		npsd_fail(err, NPSD_RETRY, 0, "the configuration could not be applied: time went on %d times",
		    TRIES_MAX);
	settle(cfg, s.hash);
	free(s.text);
	return got == APPLIED;
}

/* The configuration meets the stored one, at start, before any component runs. One call at a time. */
#include "npsd/change.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/backoff.h"
#include "base/log.h"
#include "npsd/event.h"
#include "npsd/panes.h"
#include "script/build.h"
#include "script/result.h"

#define POLL_MS 20
#define RETRY_LOG_MS 5000
#define TRIES_MAX 1000 /* the clock advances while a text is made for it: a later one fits */
#define LEAST_PANE_MS INT64_C(60000)
#define CALL_MAX (16u << 20)

struct change {
	struct npsd_config *cfg;
	struct npsd_err *err;
	struct npsd_store *store;
	const struct npsd_clock *clock;
	_Atomic int *stop;
	int64_t give_up_mono_ms; /* 0: never */
	char last[160];		 /* why Redis could not, the last time */
	struct npsd_script_build build;
	struct npsd_backoff retry;
	uint64_t tag; /* of the last call */
	int64_t logged_mono_ms;
};

static bool is_late(const struct change *c)
{
	return c->give_up_mono_ms && npsd_mono_ms(c->clock) >= c->give_up_mono_ms;
}

static bool running(const struct change *c)
{
	return npsd_load_relaxed(c->stop) == 0 && !is_late(c);
}

static void begin(struct change *c, enum npsd_script script, const char *header)
{
	npsd_script_begin_private(&c->build, script);
	npsd_script_private_key(&c->build, "config");
	npsd_script_header_of(&c->build, header);
}

/* Waits for the completion of the call that was built. False: stopped. */
static bool complete(struct change *c, struct npsd_done *done)
{
	uint64_t tag = ++c->tag;
	bool sent = false;

	while (running(c)) {
		sent = sent || npsd_script_submit(&c->build, c->store, tag);
		if (c->store->poll(c->store->self, done, POLL_MS) && done->tag == tag)
			return true;
	}
	return false;
}

/* The OK or REFUSED result of the call that was built, until the next one. A call whose outcome is unknown is
 * made again: none does anything twice. False: stopped, or err is set. */
static bool call(struct change *c, struct npsd_result *out, size_t least)
{
	struct npsd_done done;

	while (complete(c, &done)) {
		*out = npsd_result_of(&done, least);
		if (out->kind == NPSD_RESULT_BROKEN)
			return npsd_fail(c->err, NPSD_REFUSED, 0, "Redis: %s", out->text);
		if (out->kind != NPSD_RESULT_RETRY) {
			npsd_backoff_reset(&c->retry);
			return true;
		}
		snprintf(c->last, sizeof c->last, "%s", out->text);
		if (npsd_log_every(&c->logged_mono_ms, npsd_mono_ms(c->clock), RETRY_LOG_MS))
			npsd_log(NPSD_LOG_WARN, "consume", "Redis: %s; retrying", out->text);
		npsd_backoff_fail(&c->retry, c->clock, npsd_mono_ms(c->clock));
		while (running(c) && npsd_backoff_waits(&c->retry, npsd_mono_ms(c->clock)))
			c->store->poll(c->store->self, &done, POLL_MS);
	}
	return false;
}

/* --- what is stored --- */

struct stored {
	char hash[33], *text;
	struct npsd_config_now now;
};

/* known: {hash, text, ...}. A text that is not the one of its hash was not written by npsd: nothing of it is
 * used. */
static bool keep_older(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_reply *known)
{
	while (cfg->nolder)
		npsd_config_free(&cfg->older[--cfg->nolder]);
	free(cfg->older);
	cfg->older = calloc(known->n / 2 + 1, sizeof(struct npsd_config *));
	npsd_assert(cfg->older);
	for (size_t i = 0; i + 1 < known->n; i += 2) {
		struct npsd_str text = npsd_reply_str(known, i + 1);
		char expect[33] = "?";

		if (text.n > 0 && strlen(text.p) == text.n)
			npsd_config_hash_text(expect, text.p);
		if (!npsd_reply_is(known, i, expect))
			return npsd_fail(err, NPSD_REFUSED, 0,
			    "Redis holds another text of configuration %.40s than npsd stored",
			    npsd_reply_z(known, i));
		cfg->older[cfg->nolder++] = npsd_config_of_text(text.p, expect, cfg);
	}
	return true;
}

static bool read_times(struct change *c, struct stored *s, const struct npsd_reply *r)
{
	int64_t wall_ms, t_ms;

	if (!npsd_reply_int(&s->now.clock_ms, r, 2, NPSD_TIME_NONE) ||
	    !npsd_reply_int(&wall_ms, r, 3, NPSD_TIME_NONE) || !npsd_reply_int(&t_ms, r, 4, NPSD_TIME_NONE))
		return npsd_fail(c->err, NPSD_REFUSED, 0, "Redis holds a time that npsd did not write");
	s->now.t_ms = s->now.clock_ms > t_ms ? s->now.clock_ms : t_ms;
	if (c->cfg->clock == NPSD_CLOCK_WALL && wall_ms > s->now.t_ms)
		s->now.t_ms = wall_ms;
	return true;
}

/* {"ok", hash, clock_ms, time_ms, highest t, {hash, text, ...}} */
static bool read_stored(struct change *c, struct stored *s, enum npsd_change how)
{
	struct npsd_result r;
	int at;

	begin(c, NPSD_S_config, "");
	if (!call(c, &r, 6) || !keep_older(c->cfg, c->err, npsd_reply_at(r.reply, 5)))
		return false;
	snprintf(s->hash, sizeof s->hash, "%s", npsd_reply_z(r.reply, 1));
	at = npsd_config_older(c->cfg, npsd_str(s->hash));
	free(s->text);
	s->text = strdup(at < 0 ? "" : c->cfg->older[at]->text);
	npsd_assert(s->text);
	if (s->hash[0] && at < 0 && how != NPSD_CHANGE_REBUILD)
		return npsd_fail(c->err, NPSD_REFUSED, 0,
		    "Redis holds counts, but not the text of configuration %s; --rebuild counts all records "
		    "again",
		    s->hash);
	return read_times(c, s, r.reply);
}

/* cfg is not one of its own older configurations. */
static void settle(struct npsd_config *cfg, const char *replaces)
{
	int at = npsd_config_older(cfg, npsd_str(cfg->hash));

	if (at >= 0) {
		npsd_config_free(&cfg->older[at]);
		cfg->older[at] = cfg->older[--cfg->nolder];
	}
	snprintf(cfg->replaces, sizeof cfg->replaces, "%s", replaces);
}

/* --- applying another configuration --- */

/* The end of the shortest pane that holds t: the text stays the same until then. */
static int64_t pane_end_ms(int64_t t_ms)
{
	return (npsd_floor_div(t_ms, LEAST_PANE_MS) + 1) * LEAST_PANE_MS - 1;
}

static bool apply_call(struct change *c, const struct stored *s, struct npsd_result *out)
{
	struct npsd_script_build *b = &c->build;
	int64_t step_s[NPSD_MAX_STEPS];
	int n = npsd_panes_steps(step_s, c->cfg);
	char steps[80] = ",";

	for (int i = 0; i < n; i++) {
		size_t at = strlen(steps);

		snprintf(steps + at, sizeof steps - at, "%" PRId64 ",", step_s[i]);
	}
	begin(c, NPSD_S_apply, s->hash);
	npsd_script_argz(b, c->cfg->hash);
	npsd_script_argz(b, c->cfg->text);
	if (s->now.clock_ms == NPSD_TIME_NONE) {
		npsd_script_argz(b, "");
		npsd_script_argz(b, "");
	} else {
		npsd_script_int(b, s->now.clock_ms);
		npsd_script_int(b, pane_end_ms(s->now.t_ms));
	}
	npsd_script_argz(b, c->cfg->clock == NPSD_CLOCK_WALL ? "wall" : "event");
	npsd_script_argz(b, steps);
	return call(c, out, 1);
}

enum applied { APPLIED, APPLY_AGAIN, APPLY_FAILED };

static enum applied apply(struct change *c, const struct stored *s)
{
	const char *fixed = npsd_config_fixed_difference(s->text, c->cfg->text);
	struct npsd_result r;

	if (fixed) {
		npsd_fail(c->err, NPSD_INVALID, 0,
		    "`%s` cannot change while the counts stay: set it back, or start once with --rebuild, "
		    "which counts all records again",
		    fixed);
		return APPLY_FAILED;
	}
	if (!npsd_config_adopt(c->cfg, c->err, s->text, s->now) || !apply_call(c, s, &r))
		return APPLY_FAILED;
	if (r.kind != NPSD_RESULT_OK)
		return APPLY_AGAIN; /* another configuration, or another time is stored now */
	npsd_log(NPSD_LOG_INFO, "consume", "configuration %s replaces %s", c->cfg->hash, s->hash);
	return APPLIED;
}

/* Reads what is stored, and does what follows from it. */
static enum applied look(struct change *c, struct stored *s, enum npsd_change how)
{
	static const struct npsd_config_now never = {NPSD_TIME_NONE, NPSD_TIME_NONE};

	if (!read_stored(c, s, how))
		return APPLY_FAILED;
	if (!s->hash[0] || !s->text[0])
		return APPLIED; /* script base or rebuild stores it */
	if (how == NPSD_CHANGE_REBUILD && !npsd_config_is_of_other_group(c->cfg, s->text))
		return npsd_config_adopt_anew(c->cfg, c->err, s->text) ? APPLIED : APPLY_FAILED;
	if (!npsd_config_adopt(c->cfg, c->err, s->text, never))
		return APPLY_FAILED;
	if (strcmp(s->hash, c->cfg->hash) == 0)
		return APPLIED;
	if (how == NPSD_CHANGE_APPLY || npsd_config_lacks_owner(c->cfg, s->text))
		return apply(c, s);
	npsd_config_refuse(c->err, c->cfg, s->text);
	return APPLY_FAILED;
}

bool npsd_change_adopt(struct npsd_config *cfg, struct npsd_err *err, struct npsd_store *store,
    const struct npsd_clock *clock, enum npsd_change how, _Atomic int *stop, int64_t limit_ms)
{
	struct change c = {.cfg = cfg,
	    .err = err,
	    .store = store,
	    .clock = clock,
	    .stop = stop,
	    .give_up_mono_ms = limit_ms ? npsd_mono_ms(clock) + limit_ms : 0,
	    .retry = {.first_ms = 250, .most_ms = 2000}};
	struct stored s = {0};
	enum applied got = APPLY_AGAIN;

	npsd_script_init(&c.build, cfg, CALL_MAX);
	for (int i = 0; i < TRIES_MAX && got == APPLY_AGAIN; i++)
		got = look(&c, &s, how);
	if (got == APPLY_AGAIN)
		npsd_fail(err, NPSD_RETRY, 0,
		    "the configuration could not be applied: the clock moved in each of %d tries", TRIES_MAX);
	if (got != APPLIED && npsd_load_relaxed(stop) == 0 && is_late(&c))
		npsd_fail(err, NPSD_RETRY, 0, "the drain made no progress in drain.limit: Redis: %s",
		    *c.last ? c.last : "no reply");
	settle(cfg, s.hash);
	npsd_script_free(&c.build);
	free(s.text);
	return got == APPLIED;
}

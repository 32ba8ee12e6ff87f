#include "consume/stored.h"

#include <stdlib.h>

#include "npsd/err.h"
#include "npsd/event.h"
#include "script/result.h"

#define MS_MAX ((int64_t)999999999999999999) /* in size: no event has a later time */

/* elements of the reply */
enum { S_CLAIM = 1, S_POS, S_BASE, S_STATE, S_RULINGS, S_ALERTED, NSTORED };

/* A time, or `-` for none yet. */
static bool read_ms_or(int64_t *out, struct npsd_str text, int64_t none, int64_t least)
{
	*out = none;
	return npsd_str_eq(text, NPSD_STR("-")) || npsd_str_number(out, text, least, MS_MAX);
}

bool npsd_stored_state(struct npsd_part_state *out, struct npsd_str text)
{
	struct npsd_str stream, horizon;

	return npsd_str_cut(&stream, &text, ' ') && npsd_str_cut(&horizon, &text, ' ') &&
	       read_ms_or(&out->stream_ms, stream, NPSD_TIME_NONE, -MS_MAX) &&
	       read_ms_or(&out->horizon_ms, horizon, NPSD_TIME_NONE, -MS_MAX) &&
	       read_ms_or(&out->lateness_ms, text, 0, 1);
}

/* --- rulings --- */

/* `TO` of `ahead`: at or after the offset where it begins */
static bool read_to(struct npsd_ruling *r, struct npsd_str text)
{
	return npsd_str_number(&r->to, text, r->from.offset, INT64_MAX);
}

/* `TO WALL_MS REASON` of `gap` */
static bool read_gap(struct npsd_ruling *r, struct npsd_str text)
{
	struct npsd_str to, wall;
	int64_t wall_ms;

	if (!npsd_str_cut(&to, &text, ' ') || !npsd_str_cut(&wall, &text, ' ') || !read_to(r, to) ||
	    !npsd_str_number(&wall_ms, wall, -MS_MAX, MS_MAX) || text.n == 0 || memchr(text.p, ' ', text.n) ||
	    memchr(text.p, 0, text.n))
		return false;
	r->ms = npsd_str_eq(text, NPSD_STR("truncated"));
	return true;
}

/* `HASH DICT_LEN` of `config` */
static bool read_config(struct npsd_ruling *r, struct npsd_str text, const struct npsd_config *cfg)
{
	struct npsd_str hash;
	int64_t len;

	if (!npsd_str_cut(&hash, &text, ' ') || !npsd_str_number(&len, text, 0, NPSD_ID_MAX))
		return false;
	r->ms = npsd_config_older(cfg, hash);
	if (r->ms < 0 && npsd_str_eq(hash, npsd_str(cfg->hash)))
		r->ms = cfg->nolder; /* the present configuration was in force before, too */
	return r->ms >= 0;
}

bool npsd_stored_ruling(struct npsd_ruling *out, struct npsd_str line, const struct npsd_config *cfg)
{
	static const char *const words[] = {
	    [NPSD_RULING_AHEAD] = "ahead",
	    [NPSD_RULING_LATENESS] = "lateness",
	    [NPSD_RULING_HORIZON] = "horizon",
	    [NPSD_RULING_GAP] = "gap",
	    [NPSD_RULING_CONFIG] = "config",
	};
	enum { NWORDS = sizeof words / sizeof words[0] };
	struct npsd_str word, pos;
	unsigned int i = 0;

	if (!npsd_str_cut(&word, &line, ' ') || !npsd_str_cut(&pos, &line, ' ') ||
	    !npsd_text_pos(&out->from, pos))
		return false;
	while (i < NWORDS && !npsd_str_eq(word, npsd_str(words[i])))
		i++;
	if (i == NWORDS)
		return false;
	out->what = (enum npsd_ruling_what)i;
	out->to = out->from.offset;
	out->ms = 0;
	switch (out->what) {
	case NPSD_RULING_AHEAD:
		return read_to(out, line);
	case NPSD_RULING_LATENESS:
		return npsd_str_number(&out->ms, line, 1, MS_MAX);
	case NPSD_RULING_HORIZON:
		return npsd_str_number(&out->ms, line, -MS_MAX, MS_MAX);
	case NPSD_RULING_GAP:
		return read_gap(out, line);
	default:
		return read_config(out, line, cfg);
	}
}

/*
 * A topic that was cut holds the same records before the cut. So what was ruled of them in one incarnation is
 * ruled of them in the next, and both have one base.
 */
static void carry_over(struct npsd_pos *base, struct npsd_ruling *list, const struct npsd_ruling *cut)
{
	int64_t at = cut->from.offset;

	for (struct npsd_ruling *r = list; r < cut; r++) {
		if (r->from.inc != cut->from.inc || (r->what != NPSD_RULING_CONFIG && r->from.offset >= at))
			continue;
		r->from.inc++;
		if (r->from.offset > at)
			r->from.offset = at;
		if (r->to > at)
			r->to = at;
	}
	if (base->inc == cut->from.inc)
		base->inc++;
}

/* --- the reply --- */

static bool read_rulings(struct npsd_pos *base, struct npsd_ruling **out, size_t *n,
    const struct npsd_reply *list, const struct npsd_config *cfg)
{
	*out = calloc(list->n + 1, sizeof **out);
	npsd_assert(*out);
	for (*n = 0; *n < list->n; ++*n)
		if (!npsd_stored_ruling(&(*out)[*n], npsd_reply_str(list, *n), cfg))
			return false;
	for (size_t i = 0; i < *n; i++)
		if ((*out)[i].what == NPSD_RULING_GAP && (*out)[i].ms)
			carry_over(base, *out, &(*out)[i]);
	return true;
}

bool npsd_stored_part(struct npsd_part_state *out, struct npsd_ruling **rulings, size_t *nrulings,
    const struct npsd_reply *r, const struct npsd_config *cfg)
{
	struct npsd_str claim, alerted;

	*rulings = NULL;
	*nrulings = 0;
	if (r->n < NSTORED || r->el[S_RULINGS].type != NPSD_REPLY_ARRAY)
		return false;
	claim = npsd_reply_str(r, S_CLAIM);
	alerted = npsd_reply_str(r, S_ALERTED);
	if (claim.n == 0 || claim.n > NPSD_CLAIM_LEN || memchr(claim.p, 0, claim.n) ||
	    (alerted.n > 0 && !npsd_text_pos(&out->alerted, alerted)))
		return false;
	memcpy(out->claim, claim.p, claim.n);
	out->claim[claim.n] = 0;
	return npsd_text_pos(&out->pos, npsd_reply_str(r, S_POS)) &&
	       npsd_text_pos(&out->base, npsd_reply_str(r, S_BASE)) &&
	       npsd_stored_state(out, npsd_reply_str(r, S_STATE)) &&
	       read_rulings(&out->base, rulings, nrulings, &r->el[S_RULINGS], cfg);
}

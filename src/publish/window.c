#include "publish/window.h"

#include <string.h>

#include "npsd/err.h"
#include "npsd/figures.h"
#include "publish/decimal.h"

static void put_name(struct npsd_buf *out, const char *name)
{
	npsd_buf_addz(out, ",\"");
	npsd_buf_addz(out, name);
	npsd_buf_addz(out, "\":");
}

static void put_int(struct npsd_buf *out, const char *name, int64_t v)
{
	char text[NPSD_DECIMAL_MAX];

	put_name(out, name);
	npsd_buf_add(out, text, npsd_decimal_int(text, v));
}

static void put_figure(struct npsd_buf *out, const char *name, double v)
{
	char text[NPSD_DECIMAL_MAX];

	put_name(out, name);
	npsd_buf_add(out, text, npsd_decimal_fixed4(text, v));
}

static void put_scores(struct npsd_buf *out, const int64_t v[NPSD_NCOUNTER])
{
	char text[NPSD_DECIMAL_MAX];

	put_name(out, "scores");
	for (int i = 0; i < NPSD_NSCORE; i++) {
		npsd_buf_addz(out, i ? "," : "[");
		npsd_buf_add(out, text, npsd_decimal_int(text, v[NPSD_C_FIRST_SCORE + i]));
	}
	npsd_buf_addz(out, "]");
}

static bool is_zero(const int64_t v[NPSD_NCOUNTER])
{
	static const int64_t zero[NPSD_NCOUNTER];

	return memcmp(v, zero, sizeof zero) == 0;
}

/* All counters after the scores, each as a field with its own name. */
static void put_counters(struct npsd_buf *out, const int64_t v[NPSD_NCOUNTER])
{
	static const char *const name[NPSD_NCOUNTER] = {
#define X(group, name, meaning) #name,
#include "tbl/counters.def"
#undef X
	};

	for (int i = NPSD_NSCORE; i < NPSD_NCOUNTER; i++)
		put_int(out, name[i], v[i]);
}

/* answered of asked; asked == 0: there is no rate; otherwise 0 <= answered <= asked. */
struct rate {
	int64_t answered, asked;
};

static struct rate rate_of(struct npsd_counts now, const int64_t v[NPSD_NCOUNTER])
{
	struct rate r = {now.n + v[NPSD_C_no_score], v[NPSD_C_delivered]};

	if (r.asked == 0)
		r.asked = v[NPSD_C_invited];
	if (r.answered > r.asked)
		r.asked = 0;
	return r;
}

/* A window that begins at from_s is not counted from its beginning on. */
static bool is_partial(const struct npsd_window_counts *c, int64_t from_s)
{
	return c->whole_ms != 0 && from_s * 1000 < c->whole_ms;
}

static void put_flag(struct npsd_buf *out, bool *first, bool set, const char *flag)
{
	if (!set)
		return;
	npsd_buf_addz(out, *first ? "\"" : ",\"");
	npsd_buf_addz(out, flag);
	npsd_buf_addz(out, "\"");
	*first = false;
}

static void put_fragile(struct npsd_buf *out, const struct npsd_config *cfg,
    const struct npsd_window_counts *c, struct npsd_counts now, struct npsd_counts prev, struct rate r)
{
	struct npsd_nps nps = now.n > 0 ? npsd_nps_of(now) : (struct npsd_nps){0};
	int64_t prev_from_s = 2 * c->from_s - c->to_s;
	bool first = true;

	put_name(out, "fragile");
	npsd_buf_addz(out, "[");
	put_flag(out, &first, now.n < cfg->fragile_few, "few");
	put_flag(out, &first, (nps.hi - nps.lo) / 2 > cfg->fragile_wide && now.n > 0, "wide");
	put_flag(out, &first, r.asked > 0 && (double)r.answered / (double)r.asked < cfg->fragile_low_rate,
	    "low_rate");
	put_flag(out, &first, now.n < prev.n - now.n, "volume_drop");
	put_flag(
	    out, &first, is_partial(c, prev_from_s), is_partial(c, c->from_s) ? "partial" : "partial_prev");
	npsd_buf_addz(out, "]");
}

static void put_score_figures(struct npsd_buf *out, struct npsd_counts now, const int64_t v[NPSD_NCOUNTER])
{
	struct npsd_nps nps = npsd_nps_of(now);
	double n = (double)now.n, mean, sd;

	npsd_spread(&mean, &sd, v);
	put_figure(out, "nps", nps.nps);
	put_figure(out, "nps_lo", nps.lo);
	put_figure(out, "nps_hi", nps.hi);
	put_figure(out, "mean", mean);
	put_figure(out, "sd", sd);
	put_figure(out, "promoter_share", (double)now.promoters / n);
	put_figure(out, "passive_share", (double)now.passives / n);
	put_figure(out, "detractor_share", (double)now.detractors / n);
}

static void put_change(struct npsd_buf *out, struct npsd_counts now, struct npsd_counts prev)
{
	struct npsd_change c = npsd_change_of(now, prev);

	put_figure(out, "delta", c.delta);
	put_figure(out, "z", c.z);
	put_figure(out, "p_value", c.p_value);
	put_name(out, "significant");
	npsd_buf_addz(out, c.significant ? "true" : "false");
}

static void put_rate(struct npsd_buf *out, struct rate r)
{
	double lo, hi;

	npsd_rate_interval(&lo, &hi, r.answered, r.asked);
	put_figure(out, "response_rate", (double)r.answered / (double)r.asked);
	put_figure(out, "response_rate_lo", lo);
	put_figure(out, "response_rate_hi", hi);
}

bool npsd_window_write(struct npsd_buf *out, const struct npsd_config *cfg, const struct npsd_window *w,
    const struct npsd_window_counts *c)
{
	struct npsd_counts now = npsd_counts_of(c->now), prev = npsd_counts_of(c->prev);
	struct rate rate = rate_of(now, c->now);

	if (is_zero(c->now) && is_zero(c->prev))
		return false;
	for (int i = 0; i < NPSD_NCOUNTER; i++)
		npsd_assert(c->now[i] >= 0 && c->prev[i] >= 0);
	npsd_buf_addf(out, "{\"n\":%lld", (long long)now.n);
	put_int(out, "promoters", now.promoters);
	put_int(out, "passives", now.passives);
	put_int(out, "detractors", now.detractors);
	put_scores(out, c->now);
	put_counters(out, c->now);
	put_int(out, "prev_n", prev.n);
	put_int(out, "from_ms", c->from_s * 1000);
	put_int(out, "to_ms", c->to_s * 1000);
	put_int(out, "asof_ms", c->t_ms);
	put_int(out, "step_s", w->step_s);
	put_fragile(out, cfg, c, now, prev, rate);
	if (now.n > 0)
		put_score_figures(out, now, c->now);
	if (prev.n > 0)
		put_figure(out, "prev_nps", npsd_nps_of(prev).nps);
	if (now.n > 0 && prev.n > 0 && !is_partial(c, 2 * c->from_s - c->to_s))
		put_change(out, now, prev);
	if (rate.asked > 0)
		put_rate(out, rate);
	npsd_buf_addz(out, "}");
	return !out->full;
}

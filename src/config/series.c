#include "config/internal.h"

#define SEGMENTS "series.segments"
#define STEPS "series.steps"

/* The place among the sets of the one with these dimensions, in whatever order; -1: there is none. */
static int find_set(const struct npsd_sets *sets, const struct npsd_value *v)
{
	uint64_t wanted = 0;

	for (int i = 0; i < v->nitems; i++) {
		int dim = v->item[i].text ? npsd_dim_find(sets, npsd_str(v->item[i].text)) : -1;

		if (dim < 0)
			return -1;
		wanted |= UINT64_C(1) << dim;
	}
	for (int i = 0; i < sets->n; i++) {
		uint64_t mask = 0;

		for (int d = 0; d < sets->set[i].ndims; d++)
			mask |= UINT64_C(1) << sets->set[i].dims[d];
		if (mask == wanted)
			return i;
	}
	return -1;
}

static bool read_segments(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_value *v)
{
	if (v->text)
		return npsd_config_fail(
		    err, v->at, SEGMENTS, "accepted: a list of sets, such as [[], [location]]");
	for (int i = 0; i < v->nitems; i++) {
		int set = v->item[i].text ? -1 : find_set(&cfg->sets, &v->item[i]);

		if (set < 0)
			return npsd_config_fail(err, v->item[i].at, SEGMENTS,
			    "no set that is counted; accepted: lists that stand in segments");
		cfg->series_sets |= 1u << set;
	}
	return true;
}

static bool add_step(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_value *v)
{
	const char *text = v->text ? v->text : "[...]";
	double ms;
	int at = 0;

	if (!npsd_value_duration(&ms, text) || (ms != 60e3 && ms != 300e3 && ms != 3600e3 && ms != 86400e3))
		return npsd_config_fail(
		    err, v->at, STEPS, "`%s`; accepted: 1m 5m 1h 1d", npsd_value_show(text).text);
	for (int i = 0; i < cfg->nseries_steps; i++)
		if ((double)cfg->series_step_s[i] * 1000 == ms)
			return npsd_config_fail(err, v->at, STEPS, "`%s` stands there twice", text);
	while (at < cfg->nwindows && (double)cfg->windows[at].step_s * 1000 != ms)
		at++;
	if (at == cfg->nwindows && cfg->series_sets)
		return npsd_config_fail(err, v->at, STEPS,
		    "no window steps by `%s`; accepted: 1m (windows up to 3h), 5m (24h), 1h (31d), 1d", text);
	cfg->series_step_s[cfg->nseries_steps++] = (int64_t)(ms / 1000);
	return true;
}

bool npsd_config_read_series(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const struct npsd_value *steps = &npsd_settings_find(s, STEPS)->value;
	int n = steps->text ? 1 : steps->nitems;

	if (!read_segments(cfg, err, &npsd_settings_find(s, SEGMENTS)->value))
		return false;
	if (n < 1)
		return npsd_config_fail(err, steps->at, STEPS, "accepted: a list of 1m 5m 1h 1d");
	for (int i = 0; i < n; i++)
		if (!add_step(cfg, err, steps->text ? steps : &steps->item[i]))
			return false;
	return true;
}

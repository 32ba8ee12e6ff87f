/* windows, series.steps, and the pane widths of steps.def */
#include "config/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS "series.steps"
#define WINDOW_MIN_S 60

static const struct step {
	const char *name;
	int64_t step_s, widest_s;
} steps[NPSD_MAX_STEPS] = {
#define X(name, step_s, widest_s) {#name, step_s, widest_s},
#include "tbl/steps.def"
#undef X
};

#define X(name, step_s, widest_s)                                                                            \
	_Static_assert((step_s) % WINDOW_MIN_S == 0 && (widest_s) % (step_s) == 0,                           \
	    "steps.def: a width is no multiple");
#include "tbl/steps.def"
#undef X
/* Each row compares its column with that of the next row: 0 < (60) && (60) < (300) && (300) > 0 */
/* clang-format off */
_Static_assert(0
#define X(name, step_s, widest_s) < (step_s) && (step_s)
#include "tbl/steps.def"
#undef X
	> 0, "the steps of steps.def ascend");
_Static_assert(0
#define X(name, step_s, widest_s) < (widest_s) && (widest_s)
#include "tbl/steps.def"
#undef X
	> 0, "the windows of steps.def ascend");
/* clang-format on */

/* The step of a window of that width. NULL: it is wider than every window may be. */
static const struct step *step_of(double width_s)
{
	for (int i = 0; i < NPSD_MAX_STEPS; i++)
		if (width_s <= (double)steps[i].widest_s)
			return &steps[i];
	return NULL;
}

const char *npsd_config_steps(void)
{
	static char text[NPSD_MAX_STEPS * 48];
	struct npsd_buf b;

	npsd_buf_init(&b, sizeof text - 1);
	for (int i = 0; i < NPSD_MAX_STEPS; i++) {
		npsd_buf_addf(&b, "%s%s (windows up to ", i ? ", " : "", steps[i].name);
		npsd_value_add_duration(&b, (double)steps[i].widest_s * 1000);
		npsd_buf_addz(&b, ")");
	}
	snprintf(text, sizeof text, "%.*s", (int)b.n, b.p);
	npsd_buf_free(&b);
	return text;
}

static bool read_window(
    struct npsd_window *to, struct npsd_err *err, const char *field, const struct npsd_value *v)
{
	const struct step *step;
	double ms;

	if (!v->text || !npsd_value_duration(&ms, v->text) || v->text[0] == '0' ||
	    strlen(v->text) >= sizeof to->name)
		return npsd_place_fail(err, v->at, field,
		    "`%s` is not a window width; accepted: a duration such as 1h, 24h or 7d",
		    npsd_quote(v->text).text);
	step = step_of(ms / 1000);
	if (ms < WINDOW_MIN_S * 1e3 || !step)
		return npsd_place_fail(err, v->at, field, "`%s` is out of range; accepted: 1m to %dd",
		    v->text, (int)(steps[NPSD_MAX_STEPS - 1].widest_s / 86400));
	if ((int64_t)ms % (step->step_s * 1000) != 0)
		return npsd_place_fail(err, v->at, field,
		    "`%s` is not a multiple of the width of its panes; accepted: multiples of %s", v->text,
		    step->name);
	to->width_s = (int64_t)(ms / 1000);
	to->step_s = step->step_s;
	snprintf(to->name, sizeof to->name, "%s", v->text);
	return true;
}

bool npsd_config_window(struct npsd_window *to, const char *name)
{
	struct npsd_err err = {0};

	return read_window(
	    to, &err, "windows", &(struct npsd_value){.at = {"stored", 0, 0}, .text = (char *)name});
}

static int by_width(const void *a, const void *b)
{
	const struct npsd_window *x = a, *y = b;

	return (x->width_s > y->width_s) - (x->width_s < y->width_s);
}

bool npsd_config_read_windows(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const char *field = "windows";
	const struct npsd_value *v = &npsd_settings_find(s, field)->value, *item;
	int n;

	item = npsd_value_items(&n, v);
	if (n < 1 || n > NPSD_MAX_WINDOWS)
		return npsd_place_fail(
		    err, v->at, field, "%d windows; accepted: a list of 1 to %d", n, NPSD_MAX_WINDOWS);
	for (int i = 0; i < n; i++) {
		if (!read_window(&cfg->windows[i], err, field, &item[i]))
			return false;
		for (int j = 0; j < i; j++)
			if (cfg->windows[j].width_s == cfg->windows[i].width_s)
				return npsd_place_fail(err, item[i].at, field,
				    "`%s` is as wide as `%s`; accepted: each width once",
				    cfg->windows[i].name, cfg->windows[j].name);
	}
	cfg->nwindows = n;
	qsort(cfg->windows, (size_t)n, sizeof cfg->windows[0], by_width);
	cfg->pane_s = cfg->windows[0].step_s;
	return true;
}

static bool has_window(const struct npsd_config *cfg, int64_t step_s)
{
	for (int i = 0; i < cfg->nwindows; i++)
		if (cfg->windows[i].step_s == step_s)
			return true;
	return false;
}

static bool add_series_step(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_value *v)
{
	double ms = 0;
	int at = 0;

	if (v->text && !npsd_value_duration(&ms, v->text))
		ms = 0;
	while (at < NPSD_MAX_STEPS && (double)steps[at].step_s * 1000 != ms)
		at++;
	if (at == NPSD_MAX_STEPS)
		return npsd_place_fail(err, v->at, STEPS, "`%s` is not a pane width; accepted: %s",
		    npsd_quote(v->text).text, npsd_config_steps());
	for (int i = 0; i < cfg->nseries_steps; i++)
		if (cfg->series_step_s[i] == steps[at].step_s)
			return npsd_place_fail(err, v->at, STEPS, "`%s` is listed twice", v->text);
	if (cfg->series_sets && !has_window(cfg, steps[at].step_s))
		return npsd_place_fail(err, v->at, STEPS,
		    "no configured window has panes of `%s`; accepted: %s", v->text, npsd_config_steps());
	cfg->series_step_s[cfg->nseries_steps++] = steps[at].step_s;
	return true;
}

bool npsd_config_read_series_steps(
    struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const struct npsd_value *v = &npsd_settings_find(s, STEPS)->value, *item;
	int n;

	item = npsd_value_items(&n, v);
	if (n < 1)
		return npsd_place_fail(
		    err, v->at, STEPS, "is empty; accepted: a list of pane widths such as 1h");
	for (int i = 0; i < n; i++)
		if (!add_series_step(cfg, err, &item[i]))
			return false;
	return true;
}

/* npsctl get SEGMENT [WINDOW]: one read of the key gives all windows of the same publication. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/suggest.h"

struct field {
	const char *window;
	const char *json;
};

static double number(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

/* The row of a window: configured windows in their order, then all others. */
static int row_of(const struct npsd_config *cfg, const char *window)
{
	for (int i = 0; i < cfg->nwindows; i++)
		if (strcmp(cfg->windows[i].name, window) == 0)
			return i;
	return NPSD_MAX_WINDOWS;
}

static void print_row(const char *window, const json_t *o)
{
	long long n = json_integer_value(json_object_get(o, "n"));
	char when[32], nps[16] = "-", interval[40] = "-", mean[16] = "-", change[16] = "-", p[16] = "-",
		       rate[16] = "-";

	ctl_time(when, json_integer_value(json_object_get(o, "asof_ms")));
	if (n > 0) {
		snprintf(nps, sizeof nps, "%.1f", number(o, "nps"));
		snprintf(interval, sizeof interval, "%.1f .. %.1f", number(o, "nps_lo"), number(o, "nps_hi"));
		snprintf(mean, sizeof mean, "%.2f", number(o, "mean"));
	}
	if (json_object_get(o, "delta")) {
		snprintf(change, sizeof change, "%+.1f", number(o, "delta"));
		snprintf(p, sizeof p, "%.4f%s", number(o, "p_value"),
		    json_is_true(json_object_get(o, "significant")) ? "*" : "");
	}
	if (json_object_get(o, "response_rate"))
		snprintf(rate, sizeof rate, "%.1f%%", 100 * number(o, "response_rate"));
	printf("%-6s %9lld %8s %17s %6s %8s %8s %7s  %-19s  ", window, n, nps, interval, mean, change, p,
	    rate, when);
	ctl_print_fragile(o);
}

static int print_table(struct ctl *c, const char *seg, const struct field *field, size_t n)
{
	printf("%s\n", seg);
	printf("%-6s %9s %8s %17s %6s %8s %8s %7s  %-19s  %s\n", "window", "answers", "nps", "95 % interval",
	    "mean", "change", "p", "rate", "as of (UTC)", "fragile");
	for (int at = 0; at <= NPSD_MAX_WINDOWS; at++) {
		for (size_t i = 0; i < n; i++) {
			json_error_t why;
			json_t *o;

			if (row_of(c->cfg, field[i].window) != at)
				continue;
			o = json_loads(field[i].json, 0, &why);
			if (!o) {
				fprintf(stderr, "npsctl: window %s of %s is not JSON: %s\n", field[i].window,
				    seg, why.text);
				return CTL_REDIS;
			}
			print_row(field[i].window, o);
			json_decref(o);
		}
	}
	return CTL_OK;
}

static int print_json(const char *seg, const char *rev, const struct field *field, size_t n)
{
	json_t *windows = json_object();
	json_t *o = json_pack("{s:s, s:s, s:o}", "seg", seg, "rev", rev, "windows", windows);

	for (size_t i = 0; i < n; i++)
		json_object_set_new(windows, field[i].window, json_loads(field[i].json, 0, NULL));
	ctl_print_json(o);
	return CTL_OK;
}

static int not_there(struct ctl *c, const char *key, bool exists)
{
	const char *window = c->argc > 1 ? c->argv[1] : NULL;

	if (exists && window) {
		fprintf(stderr, "npsctl: %s has no window %s\n", key, window);
		ctl_suggest_window(c, window);
	} else {
		fprintf(stderr, "npsctl: %s %s\n", key, exists ? "holds nothing any more" : "does not exist");
		if (!exists)
			ctl_suggest_segment(c, c->argv[0]);
	}
	return CTL_NOT_THERE;
}

int ctl_get(struct ctl *c)
{
	struct field field[NPSD_MAX_WINDOWS + 16];
	const struct npsd_reply *r;
	const char *rev = "", *window = c->argc > 1 ? c->argv[1] : NULL;
	char key[CTL_SEG_BYTES + 128];
	size_t n = 0;

	if ((size_t)snprintf(key, sizeof key, "%s:v:{%s}", c->cfg->prefix, c->argv[0]) >= sizeof key) {
		fprintf(stderr, "npsctl: the name is longer than that of any segment\n");
		return CTL_USAGE;
	}
	r = npsd_client_command(c->redis, &c->err, 0, 2, (const char *const[]){"HGETALL", key});
	if (!r)
		return ctl_failed(c);
	for (size_t i = 0; i + 1 < r->n; i += 2) {
		if (strcmp(r->el[i].str, "rev") == 0)
			rev = r->el[i + 1].str;
		else if ((!window || strcmp(window, r->el[i].str) == 0) && n < sizeof field / sizeof *field)
			field[n++] = (struct field){r->el[i].str, r->el[i + 1].str};
	}
	if (n == 0)
		return not_there(c, key, r->n > 0);
	return c->json ? print_json(c->argv[0], rev, field, n) : print_table(c, c->argv[0], field, n);
}

#include "count/route.h"

#include "npsd/err.h"

static bool has_id(const uint32_t *ids, int n, uint32_t id)
{
	for (int i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/*
 * The name of a region has no slash. If the topmost ancestor has one, the level above it is not in the
 * dictionary: it is a producer's own `__none__`, which counts as written.
 */
static bool is_below_none(const struct npsd_names *names, uint32_t top)
{
	struct npsd_str text = npsd_names_text_any(names, top);

	return memchr(text.p, '/', text.n) != NULL;
}

/* The ids that an answer counts in by its location, nearest first. Returns their number, 1 to
 * NPSD_ROUTE_WAYS. */
static int places_of(
    uint32_t out[NPSD_ROUTE_WAYS], const struct npsd_content *c, const struct npsd_names *names)
{
	uint32_t id = c->value[NPSD_DIM_location], up;
	int n = 0;

	if (id >= NPSD_ID_FIRST) {
		for (; id >= NPSD_ID_FIRST; id = up) {
			npsd_assert(n < NPSD_LEVELS);
			out[n++] = id;
			up = npsd_names_parent_any(names, id);
		}
		if (id == NPSD_ID_OTHER || is_below_none(names, out[n - 1]))
			out[n++] = id;
	} else {
		out[n++] = id;
	}
	if (c->over_cap && !has_id(out, n, NPSD_ID_OTHER))
		out[n++] = NPSD_ID_OTHER;
	return n;
}

static int ways_of(
    uint32_t out[NPSD_ROUTE_WAYS], int dim, const struct npsd_content *c, const uint32_t *places, int nplaces)
{
	if (dim == NPSD_DIM_location) {
		memcpy(out, places, (size_t)nplaces * sizeof *out);
		return nplaces;
	}
	if (dim == NPSD_DIM_theme) {
		memcpy(out, c->theme, c->nthemes * sizeof *out);
		return c->nthemes;
	}
	out[0] = c->value[dim];
	return 1;
}

uint32_t npsd_route_most(const struct npsd_config *cfg)
{
	uint32_t most = 0;

	for (int i = 0; i < cfg->sets.n; i++) {
		uint32_t product = 1;

		for (int j = 0; j < cfg->sets.set[i].ndims; j++) {
			int dim = cfg->sets.set[i].dims[j];

			product *= dim == NPSD_DIM_location ? NPSD_LEVELS + 1
				   : dim == NPSD_DIM_theme  ? NPSD_THEMES
							    : 1;
		}
		most += product;
	}
	return most;
}

struct walk {
	const struct npsd_set *set;
	int nways[NPSD_SET_DIMS];
	uint32_t way[NPSD_SET_DIMS][NPSD_ROUTE_WAYS];
};

/* Counts in each combination of the set's values; at[] runs like an odometer. */
static void count_set(
    struct npsd_tables *t, const struct npsd_count *count, const struct walk *w, uint32_t kind)
{
	int at[NPSD_SET_DIMS] = {0}, i;

	for (;;) {
		uint32_t id[NPSD_SET_DIMS] = {0};

		for (i = 0; i < w->set->ndims; i++)
			id[i] = w->way[i][at[i]];
		if (w->set->ndims > 1)
			npsd_tables_add(t, count, npsd_seg_pack(w->set->number, kind, id));
		else
			npsd_tables_add_one(t, count, npsd_seg_pack(w->set->number, kind, id),
			    w->set->ndims ? w->set->dims[0] : NPSD_NDIM, id[0]);
		for (i = 0; i < w->set->ndims && ++at[i] == w->nways[i]; i++)
			at[i] = 0;
		if (i == w->set->ndims)
			return;
	}
}

static int64_t floor_to(int64_t x, int64_t step)
{
	int64_t r = x % step;

	return x - (r < 0 ? r + step : r);
}

void npsd_route_count(struct npsd_tables *t, struct npsd_count *count, const struct npsd_content *c,
    int64_t event_ms, const struct npsd_config *cfg, const struct npsd_names *names)
{
	uint32_t kind = cfg->kinds_split ? c->kind : NPSD_KIND_NONE, places[NPSD_ROUTE_WAYS];
	int nplaces = places_of(places, c, names);
	struct walk w;

	count->pane_s = floor_to(event_ms, cfg->pane_s * 1000) / 1000;
	for (int i = 0; i < cfg->sets.n; i++) {
		w.set = &cfg->sets.set[i];
		if (!npsd_set_counts(w.set, event_ms))
			continue;
		for (int j = 0; j < w.set->ndims; j++)
			w.nways[j] = ways_of(w.way[j], w.set->dims[j], c, places, nplaces);
		count_set(t, count, &w, kind);
	}
	if (count->sign > 0 && event_ms > t->clock_ms)
		t->clock_ms = event_ms;
}

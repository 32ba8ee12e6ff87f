#include "count/content.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* One level up; empty above a region. */
static struct npsd_str up_of(struct npsd_str path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;

	return (struct npsd_str){path.p, slash ? (uint32_t)(slash - path.p) : 0};
}

static bool is_other_text(struct npsd_str value)
{
	return npsd_str_eq(value, NPSD_STR("__other__"));
}

/* The id of a location; if it is over cap, of its nearest ancestor within the cap. */
static bool place_of(struct npsd_content *out, struct npsd_str path, const struct npsd_names *names)
{
	uint32_t id = npsd_names_find_any(names, NPSD_DIM_location, path);

	out->over_cap = id == NPSD_ID_OTHER && !is_other_text(path);
	while (id == NPSD_ID_OTHER && !is_other_text(path)) {
		path = up_of(path);
		if (path.n == 0)
			break;
		id = npsd_names_find_any(names, NPSD_DIM_location, path);
	}
	out->value[NPSD_DIM_location] = id;
	return id != NPSD_ID_UNKNOWN;
}

static bool themes_of(struct npsd_content *out, const struct npsd_event *ev, const struct npsd_names *names)
{
	out->nthemes = 0;
	for (int i = 0; i < ev->nthemes; i++) {
		uint32_t id = npsd_names_find_any(names, NPSD_DIM_theme, ev->theme[i]);
		int at = 0;

		if (id == NPSD_ID_UNKNOWN)
			return false;
		while (at < out->nthemes && out->theme[at] < id)
			at++;
		if (at < out->nthemes && out->theme[at] == id)
			continue;
		memmove(
		    &out->theme[at + 1], &out->theme[at], (size_t)(out->nthemes - at) * sizeof out->theme[0]);
		out->theme[at] = id;
		out->nthemes++;
	}
	if (out->nthemes == 0)
		out->theme[out->nthemes++] = NPSD_ID_NONE;
	return true;
}

bool npsd_content_of(struct npsd_content *out, const struct npsd_event *ev, const struct npsd_names *names)
{
	out->score = ev->score;
	out->kind = ev->kind;
	out->has_comment = ev->comment.n > 0;
	out->comment_hash = 0;
	if (out->has_comment)
		out->comment_hash = (uint32_t)XXH3_64bits(ev->comment.p, ev->comment.n);
	for (int dim = 0; dim < NPSD_NDIM; dim++) {
		if (dim == NPSD_DIM_location || dim == NPSD_DIM_theme || ev->dim[dim].n == 0) {
			out->value[dim] = NPSD_ID_NONE;
			continue;
		}
		out->value[dim] = npsd_names_find_any(names, dim, ev->dim[dim]);
		if (out->value[dim] == NPSD_ID_UNKNOWN)
			return false;
	}
	return place_of(out, ev->dim[NPSD_DIM_location], names) && themes_of(out, ev, names);
}

static bool is_admitted(const struct npsd_admission *admission, int dim, struct npsd_str value)
{
	for (uint32_t i = 0; i < admission->n; i++)
		if (admission->value[i].dim == dim &&
		    npsd_str_eq((struct npsd_str){admission->text.p + admission->value[i].at,
				    admission->value[i].len},
			value))
			return true;
	return false;
}

static void admit_value(
    struct npsd_admission *admission, int dim, struct npsd_str value, const struct npsd_names *names)
{
	size_t at = admission->text.n;

	if (npsd_names_find_any(names, dim, value) != NPSD_ID_UNKNOWN || is_admitted(admission, dim, value) ||
	    admission->n == NPSD_ADMIT_VALUES)
		return;
	npsd_buf_add(&admission->text, value.p, value.n);
	if (admission->text.full)
		return;
	admission->value[admission->n].dim = (uint8_t)dim;
	admission->value[admission->n].len = (uint16_t)value.n;
	admission->value[admission->n].at = (uint32_t)at;
	admission->n++;
}

void npsd_content_admit(
    struct npsd_admission *admission, const struct npsd_event *ev, const struct npsd_names *names)
{
	struct npsd_str path = ev->dim[NPSD_DIM_location];

	for (uint32_t n = 1; n <= path.n; n++)
		if (n == path.n || path.p[n] == '/')
			admit_value(admission, NPSD_DIM_location, (struct npsd_str){path.p, n}, names);
	for (int dim = 0; dim < NPSD_NDIM; dim++)
		if (dim != NPSD_DIM_location && dim != NPSD_DIM_theme && ev->dim[dim].n > 0)
			admit_value(admission, dim, ev->dim[dim], names);
	for (int i = 0; i < ev->nthemes; i++)
		admit_value(admission, NPSD_DIM_theme, ev->theme[i], names);
}

uint32_t npsd_content_place(const struct npsd_content *c)
{
	return c->over_cap ? NPSD_ID_OTHER : c->value[NPSD_DIM_location];
}

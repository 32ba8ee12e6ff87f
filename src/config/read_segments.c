/* segments, series.segments, caps */
#include "config/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD "segments"
#define SERIES "series.segments"
#define ATTR_BYTES 64

const char *npsd_config_dimensions(void)
{
	static const struct npsd_sets no_attributes;
	static char text[256];
	size_t n = 0;

	for (int dim = 0; dim < NPSD_DIM_ATTR0; dim++)
		if (dim != NPSD_DIM_owner)
			n += (size_t)snprintf(
			    text + n, sizeof text - n, "%s, ", npsd_dim_word(&no_attributes, dim));
	npsd_assert(
	    (size_t)snprintf(text + n, sizeof text - n, NPSD_ATTRIBUTE_PREFIX "NAME") < sizeof text - n);
	return text;
}

int npsd_sets_add_attribute(struct npsd_sets *sets, struct npsd_str name)
{
	size_t n = strlen(NPSD_ATTRIBUTE_PREFIX) + name.n + 1;
	char *word = malloc(n);

	npsd_assert(word && sets->nattr < NPSD_MAX_ATTR);
	snprintf(word, n, NPSD_ATTRIBUTE_PREFIX "%.*s", (int)name.n, name.p);
	sets->attr_word[sets->nattr] = word;
	sets->attr[sets->nattr] = word + strlen(NPSD_ATTRIBUTE_PREFIX);
	return NPSD_DIM_ATTR0 + sets->nattr++;
}

uint32_t npsd_sets_unused_attributes(const struct npsd_sets *sets)
{
	uint32_t unused = (1u << sets->nattr) - 1;

	for (int i = 0; i < sets->n; i++)
		for (int d = 0; d < sets->set[i].ndims; d++)
			if (sets->set[i].dims[d] >= NPSD_DIM_ATTR0)
				unused &= ~(1u << (sets->set[i].dims[d] - NPSD_DIM_ATTR0));
	return unused;
}

/* The dimension of an attribute, which is added if it is missing. -1: err is set. */
static int attribute_dim(struct npsd_sets *sets, struct npsd_err *err, const struct npsd_value *v)
{
	const char *name = v->text + strlen(NPSD_ATTRIBUTE_PREFIX);
	size_t n = strlen(name);
	int dim = npsd_dim_find(sets, npsd_str(v->text));

	if (dim >= 0)
		return dim;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] <= 0x20 || name[i] == 0x7f || strchr("%,={}:;", name[i]))
			n = 0;
	if (n < 1 || n > ATTR_BYTES) {
		npsd_place_fail(err, v->at, FIELD,
		    "`%s` is not an attribute; accepted: a name of 1 to %d bytes without blanks and %%,={}:;",
		    npsd_quote(v->text).text, ATTR_BYTES);
		return -1;
	}
	if (sets->nattr == NPSD_MAX_ATTR) {
		npsd_place_fail(err, v->at, FIELD, "more than %d different attributes", NPSD_MAX_ATTR);
		return -1;
	}
	return npsd_sets_add_attribute(sets, npsd_str(name));
}

/* The number of a dimension that a set may contain. -1: err is set. */
static int set_dim(struct npsd_sets *sets, struct npsd_err *err, const struct npsd_value *v)
{
	int dim;

	if (v->text && strncmp(v->text, NPSD_ATTRIBUTE_PREFIX, strlen(NPSD_ATTRIBUTE_PREFIX)) == 0)
		return attribute_dim(sets, err, v);
	dim = v->text ? npsd_dim_find(sets, npsd_str(v->text)) : -1;
	if (dim >= 0 && dim != NPSD_DIM_owner)
		return dim;
	if (v->text && strcmp(v->text, "kind") == 0)
		npsd_place_fail(err, v->at, FIELD, "every set contains kind; see kinds.split");
	else
		npsd_place_fail(err, v->at, FIELD, "`%s` is not a dimension; accepted: %s",
		    npsd_quote(v->text).text, npsd_config_dimensions());
	return -1;
}

/* Reads the dimensions of a set and makes its name. */
static bool read_set(
    struct npsd_set *set, struct npsd_sets *sets, struct npsd_err *err, const struct npsd_value *v)
{
	size_t n = 0;

	if (v->text)
		return npsd_place_fail(err, v->at, FIELD,
		    "`%s` is not a set; accepted: a list such as [location, channel]",
		    npsd_quote(v->text).text);
	if (v->nitems > NPSD_SET_DIMS)
		return npsd_place_fail(err, v->at, FIELD, "%d dimensions in a set; accepted: at most %d",
		    v->nitems, NPSD_SET_DIMS);
	for (int i = 0; i < v->nitems; i++) {
		int dim = set_dim(sets, err, &v->item[i]);

		if (dim < 0)
			return false;
		if (memchr(set->dims, dim, set->ndims))
			return npsd_place_fail(err, v->item[i].at, FIELD, "a set contains `%s` twice",
			    npsd_quote(v->item[i].text).text);
		set->dims[set->ndims++] = (uint8_t)dim;
		n += (size_t)snprintf(
		    set->name + n, sizeof set->name - n, "%s%s", i ? "," : "", v->item[i].text);
		npsd_assert(n < sizeof set->name);
	}
	if (v->nitems == 0)
		snprintf(set->name, sizeof set->name, "all");
	return true;
}

static uint64_t dims_mask(const struct npsd_set *set)
{
	uint64_t mask = 0;

	for (int i = 0; i < set->ndims; i++)
		mask |= UINT64_C(1) << set->dims[i];
	return mask;
}

/* The index of the set with the same dimensions in any order. -1: there is none. */
static int find_set(const struct npsd_sets *sets, const struct npsd_set *wanted)
{
	for (int i = 0; i < sets->n; i++)
		if (dims_mask(&sets->set[i]) == dims_mask(wanted))
			return i;
	return -1;
}

bool npsd_config_read_segments(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const struct npsd_value *v = &npsd_settings_find(s, FIELD)->value;
	struct npsd_sets *sets = &cfg->sets;

	if (v->text || v->nitems < 1 || v->nitems > NPSD_MAX_SETS)
		return npsd_place_fail(err, v->at, FIELD,
		    "is not a list of sets; accepted: 1 to %d sets such as [[], [location]]", NPSD_MAX_SETS);
	for (; sets->n < v->nitems; sets->n++) {
		struct npsd_set *set = &sets->set[sets->n];

		set->number = (uint16_t)sets->n;
		if (!read_set(set, sets, err, &v->item[sets->n]))
			return false;
		if (find_set(sets, set) >= 0)
			return npsd_place_fail(err, v->item[sets->n].at, FIELD,
			    "an earlier set has the same dimensions; accepted: each set once");
	}
	cfg->sets_given = (uint32_t)sets->n;
	return true;
}

/* The index of a configured set. -1: v is not one. */
static int series_set(const struct npsd_sets *sets, const struct npsd_value *v)
{
	struct npsd_set wanted = {0};

	for (int i = 0; i < v->nitems; i++) {
		int dim = v->item[i].text ? npsd_dim_find(sets, npsd_str(v->item[i].text)) : -1;

		if (dim < 0 || wanted.ndims == NPSD_SET_DIMS)
			return -1;
		wanted.dims[wanted.ndims++] = (uint8_t)dim;
	}
	return v->text ? -1 : find_set(sets, &wanted);
}

bool npsd_config_read_series_segments(
    struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const struct npsd_value *v = &npsd_settings_find(s, SERIES)->value;

	if (v->text)
		return npsd_place_fail(
		    err, v->at, SERIES, "is not a list of sets; accepted: sets such as [[], [location]]");
	for (int i = 0; i < v->nitems; i++) {
		int set = series_set(&cfg->sets, &v->item[i]);

		if (set < 0)
			return npsd_place_fail(err, v->item[i].at, SERIES,
			    "is not counted; accepted: sets of the option segments");
		cfg->series_sets |= 1u << set;
	}
	return true;
}

bool npsd_config_read_caps(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	for (int dim = 0; dim < NPSD_NDIM; dim++)
		cfg->caps[dim] = npsd_option_cap_default(dim);
	for (int i = 0; i < s->n; i++) {
		const struct npsd_setting *one = &s->list[i];
		const char *word = npsd_setting_key(one, "caps.");
		int64_t cap;
		int dim;

		if (!word)
			continue;
		dim = npsd_dim_find(&cfg->sets, npsd_str(word));
		if (dim < 0)
			return npsd_place_fail(err, one->at, one->name,
			    "unknown dimension; accepted: owner, %s of a set of segments",
			    npsd_config_dimensions());
		if (!npsd_value_read(&cap, err, &npsd_option_cap, one->name, &one->value))
			return false;
		cfg->caps[dim] = (uint32_t)cap;
	}
	return true;
}

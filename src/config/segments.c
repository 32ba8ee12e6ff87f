#include "config/internal.h"

#include <stdio.h>
#include <stdlib.h>

#define FIELD "segments"
#define ATTRIBUTE "attributes."
#define ATTR_BYTES 64

/* The words that a set may be made of, for errors. */
static bool refuse_word(struct npsd_err *err, const struct npsd_value *v)
{
	const char *text = v->text ? v->text : "[...]";

	if (strcmp(text, "kind") == 0)
		return npsd_config_fail(err, v->at, FIELD, "kind is a part of every set; see kinds.split");
	return npsd_config_fail(err, v->at, FIELD,
	    "`%s` is no dimension; accepted: location channel stage team product profile language survey_id "
	    "theme attributes.X",
	    npsd_value_show(text).text);
}

/* The number of a declared attribute, a new one if it is not there; -1: err is set. */
static int attribute_dim(struct npsd_sets *sets, struct npsd_err *err, const struct npsd_value *v)
{
	const char *name = v->text + strlen(ATTRIBUTE);
	size_t n = strlen(name);
	int dim = npsd_dim_find(sets, npsd_str(v->text));
	char *word;

	if (dim >= 0)
		return dim;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] <= 0x20 || name[i] == 0x7f || strchr("%,={}:;", name[i]))
			n = 0;
	if (n < 1 || n > ATTR_BYTES) {
		npsd_config_fail(err, v->at, FIELD,
		    "`%s`: accepted as an attribute's name: 1 to %d bytes without blanks and %%,={}:;",
		    npsd_value_show(v->text).text, ATTR_BYTES);
		return -1;
	}
	if (sets->nattr == NPSD_MAX_ATTR) {
		npsd_config_fail(err, v->at, FIELD, "more than %d different attributes", NPSD_MAX_ATTR);
		return -1;
	}
	word = strdup(v->text);
	npsd_assert(word);
	sets->attr_word[sets->nattr] = word;
	sets->attr[sets->nattr] = word + strlen(ATTRIBUTE);
	return NPSD_DIM_ATTR0 + sets->nattr++;
}

/* The number of a dimension that may stand in a set, or -1: err is set. */
static int set_dim(struct npsd_sets *sets, struct npsd_err *err, const struct npsd_value *v)
{
	int dim;

	if (v->text && strncmp(v->text, ATTRIBUTE, strlen(ATTRIBUTE)) == 0)
		return attribute_dim(sets, err, v);
	dim = v->text ? npsd_dim_find(sets, npsd_str(v->text)) : -1;
	if (dim < 0 || dim == NPSD_DIM_owner) {
		refuse_word(err, v);
		return -1;
	}
	return dim;
}

/* Adds the dimensions to set, and its name. */
static bool read_set(
    struct npsd_set *set, struct npsd_sets *sets, struct npsd_err *err, const struct npsd_value *v)
{
	size_t n = 0;

	if (v->text)
		return npsd_config_fail(err, v->at, FIELD,
		    "`%s` is no set; accepted: a list such as [location, channel]",
		    npsd_value_show(v->text).text);
	if (v->nitems > NPSD_SET_DIMS)
		return npsd_config_fail(err, v->at, FIELD, "%d dimensions in a set; accepted: at most %d",
		    v->nitems, NPSD_SET_DIMS);
	for (int i = 0; i < v->nitems; i++) {
		int dim = set_dim(sets, err, &v->item[i]);

		if (dim < 0)
			return false;
		if (memchr(set->dims, dim, set->ndims))
			return npsd_config_fail(err, v->item[i].at, FIELD, "`%s` stands twice in a set",
			    npsd_value_show(v->item[i].text).text);
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

bool npsd_config_read_segments(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const struct npsd_value *v = &npsd_settings_find(s, FIELD)->value;
	struct npsd_sets *sets = &cfg->sets;

	if (v->text || v->nitems < 1 || v->nitems > NPSD_MAX_SETS)
		return npsd_config_fail(err, v->at, FIELD,
		    "accepted: a list of 1 to %d sets, such as [[], [location]]", NPSD_MAX_SETS);
	for (int i = 0; i < v->nitems; i++) {
		struct npsd_set *set = &sets->set[i];

		set->number = (uint16_t)i;
		if (!read_set(set, sets, err, &v->item[i]))
			return false;
		for (int j = 0; j < i; j++)
			if (dims_mask(&sets->set[j]) == dims_mask(set))
				return npsd_config_fail(err, v->item[i].at, FIELD,
				    "a set that is there already, in whatever order");
		sets->n = i + 1;
	}
	cfg->sets_given = (uint32_t)sets->n;
	return true;
}

bool npsd_config_read_caps(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	memcpy(cfg->caps, npsd_cap_default, sizeof cfg->caps);
	for (int i = 0; i < s->n; i++) {
		const struct npsd_setting *one = &s->list[i];
		int64_t cap;
		int dim;

		if (strncmp(one->name, "caps.", 5) != 0)
			continue;
		dim = npsd_dim_find(&cfg->sets, npsd_str(one->name + 5));
		if (dim < 0)
			return npsd_config_fail(err, one->at, one->name,
			    "no such attribute; accepted: those that stand in segments");
		if (!npsd_value_read(&cap, err, &npsd_option_cap, one->name, &one->value))
			return false;
		cfg->caps[dim] = (uint32_t)cap;
	}
	return true;
}

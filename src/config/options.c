#include "config/internal.h"

#include <stdio.h>

/* The columns `least` and `most` by type. */
#define BOUNDS_STR(l, m) .least = (l), .most = (m)
#define BOUNDS_INT(l, m) .least = (l), .most = (m)
#define BOUNDS_MS(l, m) .least = (l), .most = (m)
#define BOUNDS_BYTES(l, m) .least = (l), .most = (m)
#define BOUNDS_NUM(l, m) .least = (l), .most = (m)
#define BOUNDS_BOOL(l, m) .least = (l), .most = (m)
#define BOUNDS_ENUM(l, m) .words = (l)

const struct npsd_option npsd_options[] = {
#define X(option, field, type_, def_, least_, most_, counted_, help_)                                        \
	{.name = #option,                                                                                    \
	    .type = NPSD_OPTION_##type_,                                                                     \
	    .offset = offsetof(struct npsd_config, field),                                                   \
	    .def = (def_),                                                                                   \
	    BOUNDS_##type_(least_, most_),                                                                   \
	    .counted = (counted_),                                                                           \
	    .help = (help_)},
#include "tbl/options.def"
#undef X
};
const int npsd_noptions = sizeof npsd_options / sizeof npsd_options[0];

const struct npsd_list_option npsd_list_options[] = {
#define X(option, def_, counted_, help_) {#option, (def_), (counted_), (help_)},
#include "tbl/lists.def"
#undef X
};
const int npsd_nlist_options = sizeof npsd_list_options / sizeof npsd_list_options[0];

/* Sixteen dimensions of so many values stay below NPSD_ID_MAX. */
const struct npsd_option npsd_option_cap = {
    .name = "caps", .type = NPSD_OPTION_INT, .least = 1, .most = 16000000};

#define ATTR_CAP 10000
const uint32_t npsd_cap_default[NPSD_NDIM] = {
#define X(name, cap) [NPSD_DIM_##name] = (cap),
#include "tbl/dims.def"
#undef X
    [NPSD_DIM_ATTR0] = ATTR_CAP,
    [NPSD_DIM_ATTR0 + 1] = ATTR_CAP,
    [NPSD_DIM_ATTR0 + 2] = ATTR_CAP,
    [NPSD_DIM_ATTR0 + 3] = ATTR_CAP,
    [NPSD_DIM_ATTR0 + 4] = ATTR_CAP,
    [NPSD_DIM_ATTR0 + 5] = ATTR_CAP,
};
_Static_assert(NPSD_MAX_ATTR == 6, "npsd_cap_default names every attribute");

static const struct npsd_sets no_attributes;

const struct npsd_option *npsd_option_find(const char *name)
{
	for (int i = 0; i < npsd_noptions; i++)
		if (strcmp(npsd_options[i].name, name) == 0)
			return &npsd_options[i];
	return NULL;
}

/* The name of option number i, over both tables and the caps; NULL behind the last. */
static const char *name_at(char buf[64], int i)
{
	if (i < npsd_noptions)
		return npsd_options[i].name;
	i -= npsd_noptions;
	if (i < npsd_nlist_options)
		return npsd_list_options[i].name;
	i -= npsd_nlist_options;
	if (i >= NPSD_DIM_ATTR0)
		return NULL;
	snprintf(buf, 64, "caps.%s", npsd_dim_word(&no_attributes, i));
	return buf;
}

/* Steps of one byte (changed, put in, taken out) between a and b, for names of options. */
static int distance(const char *a, const char *b)
{
	int row[65], n = (int)strlen(b);

	if (n > 64 || strlen(a) > 64)
		return 1000;
	for (int j = 0; j <= n; j++)
		row[j] = j;
	for (int i = 1; a[i - 1]; i++) {
		int corner = row[0];

		row[0] = i;
		for (int j = 1; j <= n; j++) {
			int up = row[j], least = corner + (a[i - 1] != b[j - 1]);

			if (up + 1 < least)
				least = up + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			corner = up;
			row[j] = least;
		}
	}
	return row[n];
}

/* `redis.url` for `url`: the name without its group. */
static bool is_tail(const char *known, const char *name)
{
	size_t n = strlen(name), m = strlen(known);

	return m > n && known[m - n - 1] == '.' && strcmp(known + m - n, name) == 0;
}

static bool fail_unknown(struct npsd_err *err, const struct npsd_setting *s)
{
	char buf[64], nearest[64] = "";
	int least = (int)strlen(s->name) / 2;
	const char *name;

	for (int i = 0; (name = name_at(buf, i)) != NULL; i++) {
		int d = is_tail(name, s->name) ? 0 : distance(s->name, name);

		if (d < least || (d == least && !*nearest)) {
			least = d;
			snprintf(nearest, sizeof nearest, "%s", name);
		}
	}
	if (!*nearest)
		return npsd_config_fail(
		    err, s->at, s->name, "unknown option; accepted: those that --help lists");
	return npsd_config_fail(err, s->at, s->name, "unknown option; the nearest known is %s", nearest);
}

/* `kafka` is a group: some option's name begins with `kafka.` */
static bool is_group(const char *name)
{
	size_t n = strlen(name);
	const char *known;
	char buf[64];

	if (strcmp(name, "kafka.properties") == 0 || strcmp(name, "topic_defaults") == 0)
		return true;
	for (int i = 0; (known = name_at(buf, i)) != NULL; i++)
		if (strncmp(known, name, n) == 0 && known[n] == '.')
			return true;
	return false;
}

static bool is_known(const char *name)
{
	char buf[64];
	const char *known;

	if (strncmp(name, "kafka.properties.", 17) == 0 || strncmp(name, "caps.attributes.", 16) == 0 ||
	    strncmp(name, "topic_defaults.", 15) == 0)
		return true;
	for (int i = 0; (known = name_at(buf, i)) != NULL; i++)
		if (strcmp(known, name) == 0)
			return true;
	return false;
}

bool npsd_config_check_names(const struct npsd_settings *s, struct npsd_err *err)
{
	for (int i = 0; i < s->n; i++) {
		const struct npsd_setting *one = &s->list[i];
		bool nothing = one->empty_map || (one->value.text && !*one->value.text);

		if (is_group(one->name)) {
			if (!nothing)
				return npsd_config_fail(
				    err, one->value.at, one->name, "a group of options; accepted: a map");
		} else if (!is_known(one->name)) {
			return fail_unknown(err, one);
		} else if (one->empty_map) {
			return npsd_config_fail(err, one->at, one->name, "a map; accepted: a value");
		}
	}
	return true;
}

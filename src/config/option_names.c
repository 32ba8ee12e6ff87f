#include "config/readers.h"

#include <stdio.h>
#include <string.h>

#include "base/distance.h"

/* `url` is `redis.url` without its group. */
static bool lacks_group(const char *name, const char *known)
{
	size_t n = strlen(name), m = strlen(known);

	return m > n && known[m - n - 1] == '.' && strcmp(known + m - n, name) == 0;
}

static bool fail_unknown(struct npsd_err *err, const struct npsd_setting *s)
{
	int most = (int)strlen(s->name) / 2;
	const char *nearest = NULL;

	for (int i = 0; i < npsd_noptions; i++) {
		const char *name = npsd_options[i].name;
		int d =
		    lacks_group(s->name, name) ? 0 : npsd_distance(npsd_str(s->name), npsd_str(name), most);

		if (d <= most) {
			most = d - 1;
			nearest = name;
		}
	}
	if (!nearest)
		return npsd_place_fail(
		    err, s->at, s->name, "unknown option; accepted: those that npsd --help lists");
	return npsd_place_fail(
	    err, s->at, s->name, "unknown option; the nearest known option is %s", nearest);
}

/* `text` begins with `name` and a dot. */
static bool is_below(const char *text, const char *name)
{
	size_t n = strlen(name);

	return strncmp(text, name, n) == 0 && text[n] == '.';
}

/* A map, or the first part of option names: `kafka` */
static bool is_group(const char *name)
{
	const struct npsd_option *o = npsd_option_find(name);

	for (int i = 0; !o && i < npsd_noptions; i++)
		if (is_below(npsd_options[i].name, name))
			return true;
	return o && o->type == NPSD_OPTION_MAP;
}

static bool is_known(const char *name)
{
	for (int i = 0; i < npsd_noptions; i++)
		if (npsd_options[i].type == NPSD_OPTION_MAP && is_below(name, npsd_options[i].name))
			return true;
	return npsd_option_find(name) != NULL;
}

bool npsd_config_check_names(const struct npsd_settings *s, struct npsd_err *err)
{
	for (int i = 0; i < s->n; i++) {
		const struct npsd_setting *one = &s->list[i];
		bool nothing = one->empty_map || (one->value.text && !*one->value.text);

		if (is_group(one->name)) {
			if (!nothing)
				return npsd_place_fail(
				    err, one->value.at, one->name, "is a group of options; accepted: a map");
		} else if (!is_known(one->name)) {
			return fail_unknown(err, one);
		} else if (one->empty_map) {
			return npsd_place_fail(err, one->at, one->name, "is a map; accepted: a value");
		}
	}
	return true;
}

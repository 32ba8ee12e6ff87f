/*
 * Every source of the configuration (defaults, file, --set) becomes settings: a name, a place, a value. They
 * are read in this order, and the last setting of a name applies. Thread: main
 */
#ifndef NPSD_CONFIG_SETTINGS_H
#define NPSD_CONFIG_SETTINGS_H

#include "config/values.h"

struct npsd_setting {
	char *name; /* with dots */
	struct npsd_place at;
	bool empty_map;
	struct npsd_value value;
};

/* Owns all texts that it holds. */
struct npsd_settings {
	struct npsd_setting *list;
	int n;
	int nvalues; /* of all lists; bounds what YAML aliases multiply */
};

/* Both return false with err set. */
bool npsd_settings_read_file(struct npsd_settings *s, struct npsd_err *err, const char *file);
/* source: `--set` or `default`; assignment: `NAME=VALUE` */
bool npsd_settings_read_text(
    struct npsd_settings *s, struct npsd_err *err, const char *source, const char *assignment);
/* The last setting of that name. NULL: there is none. */
const struct npsd_setting *npsd_settings_find(const struct npsd_settings *s, const char *name);
/* The part of the setting's name after PREFIX; NULL: the name does not begin with it. */
const char *npsd_setting_key(const struct npsd_setting *one, const char *prefix);
void npsd_settings_free(struct npsd_settings *s);

#endif
